"""Each mistake in a declaration, and each file that doesn't fit one, is one sentence with line and key."""

import tomllib
from pathlib import Path

import orjson
import polars as pl
import pytest
from jsonschema import ValidationError
from jsonschema.validators import validator_for

from indexer.load.plan import make
from indexer.sources.declaration import SCHEMA_FILE, parse, schema
from indexer.sources.declared import make_source
from mappings.errors import InputError
from tests.sources.declared_tables import TABLES

EXAMPLES = sorted((Path(__file__).parents[2] / "docs" / "examples").glob("*.toml"))

GOOD = """id = "a-set"
name = "A set"
platform = "Somewhere"
licence = "CC0 1.0"
sources = ["https://example.org/"]

[file]
format = "csv"

[fields]
source_id = "n"
title = "t"
artists = {column = "a", separator = ";"}
duration_s = {column = "d", unit = "s"}
year = "y"
"""

MISTAKES = {
    "no TOML": ('name = "A set"', 'name = "A set', "line 2", ""),
    "an id in capitals": ('id = "a-set"', 'id = "A Set"', "line 1", "id"),
    "the id of a built-in set": ('id = "a-set"', 'id = "laion-disco-12m"', "line 1", "id"),
    "an id with a meaning": ('id = "a-set"', 'id = "history"', "line 1", "id"),
    "an id like a generation": ('id = "a-set"', 'id = "a-g000001"', "line 1", "id"),
    "no name": ('name = "A set"\n', "", "name", "it is missing"),
    "an empty text": ('platform = "Somewhere"', 'platform = " "', "line 3", "platform"),
    "a number for a text": ('licence = "CC0 1.0"', "licence = 4", "line 4", "licence"),
    "a text for a list": (
        'sources = ["https://example.org/"]',
        'sources = "https://example.org/"',
        "line 5",
        "sources",
    ),
    "no address": ('["https://example.org/"]', '["example.org"]', "line 5", "sources"),
    "an unknown format": ('format = "csv"', 'format = "xlsx"', "line 8", "file.format"),
    "an unknown encoding": ('format = "csv"', 'encoding = "utf-9"', "line 7", "file"),
    "an unknown field": ('year = "y"', 'yaer = "y"', "line 15", "did you mean year"),
    "an unknown key": ('unit = "s"}', 'units = "s"}', "line 14", "fields.duration_s.units"),
    "an unknown unit": ('unit = "s"}', 'unit = "sec"}', "line 14", "fields.duration_s.unit"),
    "no title": ('title = "t"\n', "", "line 10", "fields.title: it is missing"),
    "two origins": ('title = "t"', 'title = {column = "t", constant = "x"}', "line 12", "fields.title"),
    "no origin": ('title = "t"', "title = {optional = true}", "line 12", "fields.title"),
    "a separator for a title": ('title = "t"', 'title = {column = "t", separator = ";"}', "line 12", "title.separator"),
    "lyrics": ('year = "y"', 'tags = "lyrics"', "line 15", "fields.tags"),
    "contact data": ('title = "t"', 'title = "artistEmail"', "line 12", "fields.title"),
    "the number of a row": ('year = "y"', 'album_id = "source_row"', "line 15", "fields.album_id"),
    "one id for all": ('source_id = "n"', 'source_id = {constant = "x"}', "line 11", "no id"),
    "a template that formats": ('year = "y"', 'url = {template = "{n:>10}/{t}"}', "line 15", "write {n}"),
    "a template that converts": ('year = "y"', 'url = {template = "{t}?{n!r}"}', "line 15", "write {n}"),
    "too many rows": ('name = "A set"', 'name = "x"\nrows = 99999999999999999999999', "line 3", "rows: it must be"),
    "fewer than no rows": ('name = "A set"', 'name = "x"\nrows = -1', "line 3", "rows: it must be 0 or more"),
    "a day that no calendar has": ('name = "A set"', 'name = "x"\nreleased = "2024-99-99"', "line 3", "is no date"),
    "a number for a field": ('year = "y"', "year = 4", "line 15", "the name of a column, or a table"),
    "an empty separator": ('separator = ";"', 'separator = ""', "line 13", "fields.artists.separator: it is empty"),
    "one column of several": ('{column = "a", separator = ";"}', '{columns = ["a"]}', "line 13", "2 or more"),
    "names and a header": ('format = "csv"', 'columns = ["n", "t"]\nheader_rows = 2', "line 7", "leave columns or"),
    "a key after a long text": (
        'name = "A set"',
        'name = """a\nrows = 1\n"""\nrows = "x"',
        "line 5",
        "rows: it must be a whole number",
    ),
    "a template without columns": (
        'year = "y"',
        'url = {template = "https://x.org"}',
        "line 15",
        "fields.url.template",
    ),
    "a broken template": ('year = "y"', 'url = {template = "{n"}', "line 15", "fields.url.template"),
    "half a date": ('year = "y"', 'year = {column = "y", format = "%Y"}', "line 15", "fields.year.format"),
    "no genre family": ('year = "y"', '[genres]\nx = "rok"', "line 16", "did you mean rock"),
    "no licence": ('year = "y"', '[licences]\nfree = "do what you like"', "line 16", "licences.free"),
    "no kind of source": (
        'licence = "CC0 1.0"',
        'licence = "x"\nacknowledged_use = [\n  {who = "a", what = "b", said_by = "c", kind = "rumour"}]',
        "line 6",
        "acknowledged_use.kind",
    ),
}


def test_the_declaration_without_mistakes_holds() -> None:
    assert parse(GOOD, "x.toml").content.id == "a-set"


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_one_sentence_with_line_and_key(case: str) -> None:
    before, after, line, key = MISTAKES[case]
    assert GOOD.count(before) == 1
    with pytest.raises(InputError) as caught:
        parse(GOOD.replace(before, after), "x.toml")
    message = caught.value.message
    assert message.startswith("x.toml")
    assert line in message
    assert key in message
    assert message.endswith(".")
    assert "\n" not in message


ONLY_THE_VALIDATOR = {
    "no TOML", "an id like a generation", "an unknown encoding", "a template without columns", "a broken template",
    "half a date", "no licence", "contact data", "the number of a row", "one id for all", "a template that formats",
    "a template that converts", "a day that no calendar has", "names and a header",
}  # fmt: skip
"""Mistakes that a JSON Schema can't know, or that it would need a second set of rules for."""


@pytest.mark.parametrize("case", [case for case in MISTAKES if case not in ONLY_THE_VALIDATOR])
def test_the_schema_knows_it_too(case: str) -> None:
    before, after, *_ = MISTAKES[case]
    validator = validator_for(schema())(schema())
    validator.validate(tomllib.loads(GOOD))
    with pytest.raises(ValidationError):
        validator.validate(tomllib.loads(GOOD.replace(before, after)))


@pytest.mark.parametrize(
    "table", [*(table.declaration for table in TABLES.values()), *(path.read_text() for path in EXAMPLES)]
)
def test_the_schema_refuses_nothing_that_holds(table: str) -> None:
    validator_for(schema())(schema()).validate(tomllib.loads(table))


def test_the_shipped_schema_is_that_of_the_code() -> None:
    import indexer.sources

    shipped = Path(indexer.sources.__file__).with_name(SCHEMA_FILE)
    assert orjson.loads(shipped.read_bytes()) == schema(), "run: make docs"


HEADER = "n,t,a,d,y\n"
FITS = HEADER + "".join(f"{n},song {n},band,{100 + n},{1990 + n}\n" for n in range(5))
NESTED = GOOD.replace('"csv"', '"jsonl"').replace('"t"', '"info.t"')


def _jsonl(**changed: object) -> str:
    rows = ({"n": n, "info": {"t": f"song {n}"}, "a": ["x"], "d": 100, "y": 1990} | changed for n in range(5))
    return "\n".join(orjson.dumps(row).decode() for row in rows)


def _parquet(**changed: object) -> pl.DataFrame:
    rows = [{"n": n, "t": f"song {n}", "a": ["x"], "d": 100, "y": 1990} | changed for n in range(5)]
    return pl.DataFrame(rows)


PARQUET = GOOD.replace('"csv"', '"parquet"')

MISFITS: dict[str, tuple[str, str | bytes | pl.DataFrame, str, str, str]] = {
    "a column is missing": (GOOD, FITS.replace("n,t,a", "n,title,a"), "line 12", "fields.title", "no column 't'"),
    "another separator": (
        GOOD.replace("[fields]", 'separator = ","\n[fields]'),
        FITS.replace(",", ";"), "line 10", "file.separator", "';'",
    ),
    "a Parquet file": (GOOD, _parquet(), "line 8", "file.format", "Parquet"),
    "no Parquet file": (PARQUET, FITS, "line 8", "file.format", "no Parquet"),
    "another encoding": (
        GOOD.replace("[fields]", 'encoding = "utf-8"\n[fields]'),
        FITS.replace("song", "söng ß").encode("latin-1"), "line 10", "file.encoding", "utf-8",
    ),
    "durations that are none": (GOOD, FITS.replace(",10", ",long"), "line 14", "fields.duration_s", "'long0'"),
    "years that are none": (GOOD, FITS.replace(",199", ",MCM"), "line 15", "fields.year", "'MCM0'"),
    "minutes that have no colon": (
        GOOD.replace('unit = "s"', 'unit = "m:s"'), FITS, "line 14", "fields.duration_s", "'100'",
    ),
    "no title anywhere": (GOOD, FITS.replace("song ", "").replace(",0,b", ",,b").replace("0,0,", "0,,")
        .replace("1,1,", "1,,").replace("2,2,", "2,,").replace("3,3,", "3,,").replace("4,4,", "4,,"),
        "line 12", "fields.title", "empty"),
    "a path into CSV": (GOOD.replace('"t"', '"t.name"'), FITS, "line 12", "fields.title", "no column 't.name'"),
    "half a name of two rows": (
        GOOD.replace("[fields]", 'header_rows = 2\n[fields]').replace('"y"', '"info"'),
        "n,t,a,d,info\n,,,,year\n" + FITS.removeprefix(HEADER), "line 16", "fields.year", "but a, d, info.year, n, t",
    ),
    "e-mail addresses": (GOOD, FITS.replace("band", "joe@example.org"), "line 13", "fields.artists", "e-mail"),
    "a header, and names for it": (
        GOOD.replace("[fields]", 'columns = ["n", "t", "a", "d", "y"]\n[fields]'), FITS, "line 10", "file.columns",
        "names",
    ),
    "a list in a template": (
        PARQUET.replace('year = "y"', 'tags = {template = "{a}!"}'), _parquet(), "line 15", "fields.tags", "a[0]",
    ),
    "a list in two fields": (
        PARQUET.replace('year = "y"', 'album = "a"'), _parquet(), "line 15", "fields.album", "a[0]",
    ),
    "no JSON Lines": (NESTED, FITS, "line 8", "file.format", "object"),
    "a key is missing": (NESTED, _jsonl().replace('"y"', '"z"'), "line 15", "fields.year", "no column 'y'"),
    "a member is missing": (NESTED, _jsonl(info={"x": 1}), "line 12", "fields.title", "info.t"),
    "an object for a text": (NESTED, _jsonl(y={"from": 1990}), "line 15", "fields.year", "from"),
    "a list for a text": (NESTED, _jsonl(info={"t": ["x"]}), "line 12", "fields.title", "info.t[0]"),
    "objects in a list": (NESTED, _jsonl(a=[{"name": "x"}]), "line 13", "fields.artists", "a[]."),
    "a list of objects in Parquet": (PARQUET, _parquet(a=[{"name": "x"}]), "line 13", "fields.artists", "a[].name"),
    "a list for a text in Parquet": (PARQUET, _parquet(t=["x"]), "line 12", "fields.title", "t[0]"),
    "no member in Parquet": (
        PARQUET.replace('"t"', '"t.name"'), _parquet(t={"label": "x"}), "line 12", "fields.title", "label",
    ),
}  # fmt: skip


def written(folder: Path, declaration: str, content: str | bytes | pl.DataFrame) -> Path:
    """Write a file under the name that its declaration goes with."""
    path = folder / (
        "synthetic" + (".jsonl" if '"jsonl"' in declaration else ".parquet" if '"parquet"' in declaration else ".csv")
    )
    if isinstance(content, pl.DataFrame):
        content.write_parquet(path)
    else:
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_the_file_without_mistakes_fits(tmp_path: Path) -> None:
    for declaration, content in ((GOOD, FITS), (NESTED, _jsonl()), (PARQUET, _parquet())):
        source = make_source(parse(declaration, "x.toml"))
        assert make(source, source.files([written(tmp_path, declaration, content)]), None).rows == 5


@pytest.mark.parametrize("case", MISFITS)
def test_a_file_that_does_not_fit_is_one_sentence_with_line_and_key(case: str, tmp_path: Path) -> None:
    declaration, content, line, key, what = MISFITS[case]
    source = make_source(parse(declaration, "x.toml"))
    path = written(tmp_path, declaration, content)
    with pytest.raises(InputError) as caught:
        make(source, source.files([path]), None)
    message = caught.value.message
    assert message.startswith(f"{path.name} does not fit its declaration (x.toml, {line}, {key}")
    assert what in message
    assert "\n" not in message


def test_a_column_that_is_optional_may_be_missing(tmp_path: Path) -> None:
    declaration = GOOD.replace('year = "y"', 'year = {column = "z", optional = true}')
    source = make_source(parse(declaration, "x.toml"))
    (file,) = source.files([written(tmp_path, declaration, FITS)])
    reader = source.reader(file)
    tracks = source.normalise(reader.read(reader.chunks()[0]), file).tracks
    assert tracks["year"].null_count() == tracks.height == 5
