"""Data sets by declaration: five tables of different shape become the tracks that plain Python says they are."""

import gzip
import hashlib
from collections.abc import Iterator
from datetime import time, timedelta
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from indexer.records import Rejection, TrackBatch
from indexer.sources.dataset import DataSource
from indexer.sources.declaration import Declared, parse
from indexer.sources.declared import make_source
from mappings.private import is_private
from tests.sources.declared_tables import CARD, ROWS, SONGS, TABLES, Table

CASES = list(TABLES.values())


def source_of(table: Table) -> DataSource:
    return make_source(parse(table.declaration, "table.toml"))


def declared(fields: str, *, more: str = "") -> Declared:
    return parse(f'id = "synthetic"\nname = "x"\n{CARD}\n{more}\n[fields]\n{fields}\n', "made.toml")


def batches(source: DataSource, *paths: Path) -> Iterator[TrackBatch]:
    for file in source.files(list(paths)):
        reader = source.reader(file)
        for chunk in reader.chunks():
            yield source.normalise(reader.read(chunk), file)


def tracks(source: DataSource, *paths: Path) -> pl.DataFrame:
    return pl.concat([batch.tracks for batch in batches(source, *paths)])


def one_column(tmp_path: Path, values: list[str], rule: str, field: str, more: str = "") -> list[Any]:
    """Return what a rule makes of the values of one column, `x`."""
    path = tmp_path / "synthetic.csv"
    rows = "".join(f'song {place},"{value}"\n' for place, value in enumerate(values))
    path.write_text(f"t,x\n{rows}")
    source = make_source(declared(f'title = "t"\n{field} = {rule}', more=more))
    return tracks(source, path)[field].to_list()


@pytest.mark.parametrize("table", CASES, ids=TABLES)
def test_a_table_becomes_the_tracks_that_it_says(table: Table, tmp_path: Path) -> None:
    made = tracks(source_of(table), table.written(tmp_path))
    assert made.height == ROWS
    for row, song in zip(made.iter_rows(named=True), SONGS, strict=True):
        expected = table.track(song)
        seen = {name: row[name] for name in expected}
        assert seen.pop("duration_s", None) == pytest.approx(expected.pop("duration_s", None), abs=0.001)
        assert seen == expected
        assert row["dataset"] == table.id
        assert row["platform"] == "Synthetic Platform"


@pytest.mark.parametrize("table", CASES, ids=TABLES)
def test_every_record_is_accounted_for(table: Table, tmp_path: Path) -> None:
    read = sum(batch.read for batch in batches(source_of(table), table.written(tmp_path)))
    assert read == ROWS + (table.id == "synthetic-spreadsheet")  # its last line is blank


def test_a_record_without_an_id_keeps_its_own(tmp_path: Path) -> None:
    table = TABLES["synthetic-tabs"]
    first = tracks(source_of(table), table.written(tmp_path))
    assert first["source_id"].n_unique() == ROWS
    assert first["source_id"].str.contains("^[0-9a-f]{24}$").all()
    reordered = tracks(source_of(table), table.written(tmp_path, SONGS[::-1][:40]))
    assert set(reordered["source_id"]) == set(first.tail(40)["source_id"])
    # Who cites a track by its id must find it in years: SHA-256, with whatever version of Polars and its plugin.
    texts, lists, others = ["Food", "", "", "", ""], ["AWOL", "", "", "", "", "Jazz"], ["", "1981", "100000", ""]
    said = "\x1f".join([*texts, *lists, *others])
    assert first["source_id"][0] == hashlib.sha256(said.encode()).hexdigest()[:24] == "c77bae18d9730f08306490b3"


def test_what_was_played_more_often_is_the_same_record(tmp_path: Path) -> None:
    path = tmp_path / "synthetic.tsv"
    source = make_source(declared('title = "t"\nplays = "n"\nalbum = "a"'))
    path.write_text("t\tn\ta\nx\t1\tone\n")
    first = tracks(source, path)["source_id"][0]
    path.write_text("t\tn\ta\nx\t2\tone\nx\t2\ttwo\n")
    same, other = tracks(source, path)["source_id"]
    assert first == same != other


def test_a_row_without_title_and_artist_is_rejected(tmp_path: Path) -> None:
    path = tmp_path / "synthetic.csv"
    path.write_text("t,a,d\nx,y,1\n , ,5\n,z,1\n")
    (batch,) = batches(make_source(declared('title = "t"\nartists = "a"\nduration_s = "d"')), path)
    assert batch.tracks.height == 2
    assert [entry.reason for entry in batch.rejections] == ["it has neither title nor artist"]
    assert batch.rejections[0].row == 2


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ('"x"', ["90", "90.5", "1:30", "-1", ""], [90.0, 90.5, 90.0, None, None]),
        ('{column = "x", unit = "ms"}', ["90500", "0", "x"], [90.5, None, None]),
        ('{column = "x", unit = "min"}', ["1.5", "2"], [90.0, 120.0]),
        ('{column = "x", unit = "m:s"}', ["1:30", "1:02:03", "90"], [90.0, 3723.0, None]),
        ('{column = "x", empty = ["180"]}', ["180", "181"], [None, 181.0]),
        ('{column = "x", unit = "m:s", empty = ["9:99"]}', ["9:99", "1:00"], [None, 60.0]),
    ],
)
def test_durations(tmp_path: Path, rule: str, values: list[str], expected: list[float | None]) -> None:
    assert one_column(tmp_path, values, rule, "duration_s") == expected


def test_decimal_commas(tmp_path: Path) -> None:
    more = '[file]\ndecimal = ","\n'
    lengths = ["90,5", "1.090,5", "7", "1:30", "180.25"]
    assert one_column(tmp_path, lengths, '"x"', "duration_s", more) == [90.5, 1090.5, 7.0, 90.0, None]
    assert one_column(tmp_path, ["1.234", "7", "215.3"], '"x"', "plays", more) == [1234, 7, None]


def test_plays(tmp_path: Path) -> None:
    values = ["78.0", "1,234", "1 234", "1\u202f234", "10\u00a0000\u00a0000", "1.2M views", "1.234", "-1", "3 plays"]
    expected = [78, 1234, 1234, 1234, 10_000_000, 1_200_000, None, None, 3]
    assert one_column(tmp_path, values, '"x"', "plays") == expected


@pytest.mark.parametrize(
    ("field", "rule", "values", "lost"),
    [
        ("year", '{column = "x", format = "%d.%m.%Y"}', ["31.12.1999", "5.2003", "soon", "2010", ""], 2),
        ("plays", '{column = "x", empty = ["none"]}', ["7", "none", "", "many"], 1),
        ("duration_s", '{column = "x", empty = ["?"]}', ["7", "?", "-"], 1),
        ("artists", '{column = "x", literal = true}', ["['a']", "a", "[]", ""], 1),
    ],
)
def test_a_value_that_is_unreadable_is_counted(
    tmp_path: Path, field: str, rule: str, values: list[str], lost: int
) -> None:
    path = tmp_path / "synthetic.csv"
    path.write_text("t,x\n" + "".join(f"song {place},{value}\n" for place, value in enumerate(values)))
    (batch,) = batches(make_source(declared(f'title = "t"\n{field} = {rule}')), path)
    dropped = {rule: count for rule, count in batch.changed.items() if "dropped" in rule}
    assert list(dropped.values()) == [lost], batch.changed


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ('"x"', ["1999", "2001-02-03", "1/05/2009", "0", "2031"], [1999, 2001, 2009, None, None]),
        ('{column = "x", format = "%d.%m.%Y"}', ["31.12.1999", "1999", "2011-03-04", "MCM"], [1999, 1999, 2011, None]),
        ('{constant = "1977"}', ["a", "b"], [1977, 1977]),
    ],
)
def test_years(tmp_path: Path, rule: str, values: list[str], expected: list[int | None]) -> None:
    assert one_column(tmp_path, values, rule, "year") == expected


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ('"x"', ["a; b", ""], [["a; b"], None]),
        ('{column = "x", separator = ";"}', ["a; b;;a", ";"], [["a", "b"], None]),
        ('{column = "x", literal = true}', ["['a', 'b']", "a", "[]"], [["a", "b"], None, None]),
        ('{column = "x", literal = true}', ['[""x\\ud83d\\ude00"", null, ""AC\\/DC""]'], [["x😀", "AC/DC"]]),
        ('{column = "x", literal = true}', ["['\\ud83d\\ude00', '\\ud83d']"], [["😀", "�"]]),
        (
            '{column = "x", literal = true}',
            ['[true, ""q""]', '[""q"", true, [""x""]]'],
            [["true", "q"], ["q", "true"]],
        ),
        (
            '{column = "x", literal = true}',
            ['[""a"", 7]', '[""b"", true]', "[]", ""],
            [["a", "7"], ["b", "true"], None, None],
        ),
        ('{column = "x", separator = ";", empty = ["-"]}', ["a;-", "-"], [["a"], None]),
        ('{constant = "a"}', ["1", "2"], [["a"], ["a"]]),
        ('{columns = ["x", "t"]}', ["a", ""], [["a", "song 0"], ["song 1"]]),
        ('{first_of = ["x", "t"]}', ["a", ""], [["a"], ["song 1"]]),
    ],
)
def test_lists(tmp_path: Path, rule: str, values: list[str], expected: list[list[str] | None]) -> None:
    assert one_column(tmp_path, values, rule, "artists") == expected


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ('{template = "https://example.org/{x}?a={{1}}"}', ["7", ""], ["https://example.org/7?a={1}", None]),
        ('{first_of = ["x", "t"], empty = ["N/A"]}', ["N/A", "u"], ["song 0", "u"]),
        ('{constant = "https://example.org/"}', ["7"], ["https://example.org/"]),
    ],
)
def test_texts(tmp_path: Path, rule: str, values: list[str], expected: list[str | None]) -> None:
    assert one_column(tmp_path, values, rule, "url") == expected


def test_flags(tmp_path: Path) -> None:
    assert one_column(tmp_path, ["yes", "FALSE", "1", "maybe"], '"x"', "explicit") == [True, False, True, None]


def test_licences_are_recognised_and_own_words_translated(tmp_path: Path) -> None:
    more = '[licences]\n" Free! " = "CC0 1.0"\n'
    values = ["free!", "http://creativecommons.org/licenses/by-sa/2.0/", "whatever", ""]
    assert one_column(tmp_path, values, '"x"', "licence", more) == ["CC0-1.0", "CC-BY-SA-2.0", "unknown", "unknown"]


def test_a_compressed_file_a_folder_and_an_encoding_are_found_out(tmp_path: Path) -> None:
    source = make_source(declared('title = "t"\nartists = "a"'))
    (tmp_path / "one.csv").write_bytes("t;a\nEtüde;Ärzte\n".encode("cp1252"))
    (tmp_path / "two.csv.gz").write_bytes(gzip.compress("t,a\nÜber,Öde\n".encode()))
    (tmp_path / "three.csv").write_bytes("t\ta\nÀ,Ç\tÉ\n".encode("utf-16"))
    assert tracks(source, tmp_path)["title"].to_list() == ["Etüde", "À,Ç", "Über"]


def test_a_file_without_names_of_columns(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("7,a song\n8,another\n")
    source = make_source(declared('source_id = "n"\ntitle = "t"', more='[file]\ncolumns = ["n", "t"]\n'))
    made = tracks(source, tmp_path / "x.csv")
    assert made.select("source_id", "title", "source_row").rows() == [("7", "a song", 1), ("8", "another", 2)]


def test_json_values_of_other_kinds_than_the_first_ones(tmp_path: Path) -> None:
    rows = [
        '{"t": "a", "by": [{"n": "x"}, {"n": null}], "g": ["rock"]}',
        '{"t": 7, "by": null, "g": "jazz"}',
        '{"t": "c", "by": {"n": "y"}, "g": [1]}',
        '{"t": "d", "by": [{"m": 1}, "z"]}',
        "no json",
    ]
    (tmp_path / "x.jsonl").write_text("\n".join(rows))
    (batch,) = batches(make_source(declared('title = "t"\nartists = "by[].n"\ngenre = "g"')), tmp_path / "x.jsonl")
    assert batch.tracks["title"].to_list() == ["a", "7", "c", "d"]
    assert batch.tracks["artists"].to_list() == [["x"], None, ["y"], None]
    assert batch.tracks["genre_path"].to_list() == [["rock"], ["jazz"], ["1"], None]
    assert len(batch.rejections) == 1


LATE = 20_000
"""Rows of more than a megabyte."""


def late(tmp_path: Path, fields: str, *rows: dict[str, Any]) -> tuple[list[dict[str, Any]], list[Rejection]]:
    """Return tracks and rejections of rows that come after the first megabyte."""
    path = tmp_path / "x.jsonl"
    first = [{"t": f"song {number}", "a": "one;two", "pad": "x" * 60} for number in range(LATE)]
    path.write_bytes(b"\n".join(map(orjson.dumps, [*first, *rows])))
    made = list(batches(make_source(declared(fields)), path))
    rejected = [entry for batch in made for entry in batch.rejections]
    return pl.concat([batch.tracks for batch in made])[LATE:].to_dicts(), rejected


@pytest.mark.parametrize(
    ("fields", "row", "expected"),
    [
        ('title = "t"\nalbum = {column = "b", optional = true}', {"t": "x", "b": "late"}, {"album": "late"}),
        ('title = "t"\nalbum = {column = "b.c", optional = true}', {"t": "x", "b": {"c": 7}}, {"album": "7"}),
        ('title = "t"\nartists = "a"', {"t": "x", "a": ["p", "q"]}, {"artists": ["p", "q"]}),
        ('title = "t"\nartists = {column = "a", separator = ";"}', {"t": "x", "a": ["p;q"]}, {"artists": ["p", "q"]}),
        ('title = "t"\ntags = {column = "b", literal = true, optional = true}', {"t": "x", "b": ["['p']", "q"]},
         {"tags": ["p", "q"]}),
        ('title = "t"', {"t": "[untitled]"}, {"title": "[untitled]"}),
        ('title = "t"', {"t": '["x"]'}, {"title": '["x"]'}),
    ],
)  # fmt: skip
def test_what_comes_late_in_json(tmp_path: Path, fields: str, row: dict[str, Any], expected: dict[str, Any]) -> None:
    (track,), rejected = late(tmp_path, fields, row)
    assert {name: track[name] for name in expected} == expected
    assert rejected == []


@pytest.mark.parametrize(
    "row",
    [
        {"t": {"name": "late", "email": "x@y.z"}},
        {"t": ["late"]},
        {"t": "x", "a": [{"name": "late", "email": "x@y.z"}]},
        {"t": "x", "a": {"email": "x@y.z"}},
    ],
)
def test_a_late_object_where_a_text_was_declared_is_rejected(tmp_path: Path, row: dict[str, Any]) -> None:
    made, rejected = late(tmp_path, 'title = "t"\nartists = "a"', row, {"t": "last"})
    assert [track["title"] for track in made] == ["last"]
    assert [entry.row for entry in rejected] == [LATE + 1]
    assert "is an object or a list, where a text is expected" in rejected[0].reason
    assert "x@y.z" not in rejected[0].record


PARQUET_TYPES: dict[str, tuple[pl.Series, str, str, list[Any]]] = {
    "an array": (
        pl.Series([["a", "b"], ["c", "d"]], dtype=pl.Array(pl.String, 2)), '"x"', "artists", [["a", "b"], ["c", "d"]],
    ),
    "a member of an array": (
        pl.Series([["a", "b"], None], dtype=pl.Array(pl.String, 2)), '"x[1]"', "album", ["b", None],
    ),
    "bytes": (pl.Series([b"ok", b"a\xff"]), '"x"', "album", ["ok", "a�"]),
    "a list of bytes": (pl.Series([[b"ok"], [b"a\xff"]]), '"x"', "artists", [["ok"], ["a�"]]),
    "a duration": (pl.Series([timedelta(seconds=5), None]), '"x"', "duration_s", [5.0, None]),
    "a duration that means nothing": (
        pl.Series([timedelta(seconds=5), timedelta(seconds=7)]), '{column = "x", empty = ["5.0"]}', "duration_s",
        [None, 7.0],
    ),
    "a time": (pl.Series([time(0, 3, 20), None]), '"x"', "duration_s", [200.0, None]),
    "a category": (pl.Series(["a", None], dtype=pl.Categorical), '"x"', "album", ["a", None]),
    "a number with two places": (pl.Series(["78.00", "7.50"]).cast(pl.Decimal(9, 2)), '"x"', "album", ["78", "7.5"]),
    "numbers": (pl.Series([78.0, -1.0]), '{column = "x", empty = ["-1"]}', "album", ["78", None]),
}  # fmt: skip


@pytest.mark.parametrize("case", PARQUET_TYPES)
def test_types_of_parquet(tmp_path: Path, case: str) -> None:
    values, rule, field, expected = PARQUET_TYPES[case]
    path = tmp_path / "x.parquet"
    pl.DataFrame({"t": ["one", "two"], "x": values}).write_parquet(path)
    assert tracks(make_source(declared(f'title = "t"\n{field} = {rule}')), path)[field].to_list() == expected


def test_headers_that_repeat_or_come_late(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("\nt,t,source_row\na,b,9\n")
    made = tracks(make_source(declared('title = "t"')), tmp_path / "x.csv")
    assert made.select("title", "source_row").rows() == [("a", 1)]


def test_the_digest_is_of_what_documents_are_made_of() -> None:
    first, more = declared('title = "t"'), "notes = ['x']  # a comment\n"
    assert first.digest == declared('title = {column = "t"} # why', more=more).digest
    assert first.digest != declared('title = "t"\nalbum = "b"').digest


def test_lyrics_are_never_read(tmp_path: Path) -> None:
    table = TABLES["synthetic-objects"]
    path = table.written(tmp_path)
    path.write_bytes(path.read_bytes() + b'\n{"id": "", "info": {"title": "x"}, "lyrics": "la la"}')
    kept = list(batches(source_of(table), path))
    assert "la la" not in str([(batch.tracks.to_dicts(), batch.rejections) for batch in kept])
    assert sum(len(batch.rejections) for batch in kept) == 1


SECRETS: dict[str, tuple[str, str]] = {
    "lyrics in a damaged row": ("x.csv", "n,title,lyrics\n1,A,la\n2,B,oh baby, SECRET la la\n"),
    "lyrics under a name of their own": ("x.csv", "n,title,words\n1,A,la\n2,B,oh baby, SECRET la la\n"),
    "a quotation mark too many": ("x.csv", 'n,title,words\n1,A,la\n2,B,"oh" baby "SECRET la la\n'),
    "an address in a row without an id": ("x.csv", "n,title\n1,A\n2,B\n3,C\n4,D\n5,E\n ,SECRET@example.org\n"),
    "lyrics of damaged JSON": (
        "x.jsonl",
        '{"n": 1, "title": "A"}\n{"n": 2, "words": "SECRET "la" la", "title": "B"}\n',
    ),
}


@pytest.mark.parametrize("case", SECRETS)
def test_nothing_private_is_stored_of_a_rejected_record(tmp_path: Path, case: str) -> None:
    name, content = SECRETS[case]
    (tmp_path / name).write_text(content)
    source = make_source(declared('source_id = "n"\ntitle = "title"'))
    made = list(batches(source, tmp_path / name))
    assert sum(len(batch.rejections) for batch in made) == 1
    assert "SECRET" not in str([(batch.tracks.to_dicts(), batch.rejections) for batch in made])
    assert sum(batch.tracks.height for batch in made) >= 1


def test_a_damaged_row_of_public_columns_is_stored(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("n,title\n1,A\n2,B,too many\n")
    (batch,) = batches(make_source(declared('source_id = "n"\ntitle = "title"')), tmp_path / "x.csv")
    assert [entry.record for entry in batch.rejections] == ["2,B,too many\n"]


PRIVATE = """
lyric lyrics Songtext letra paroles mail artist_mail artist.contactEmail E.Mail e-mail address ADRESSE anschrift tel
phone2 mobile fax plz street paypal_name userPHONE genius_annotation
"""
PUBLIC = """
street_date phonetic_title xylophone saxophone gramophone_id lyricist title contraction hotel telling streetwise
web_address blackmail_count
"""


@pytest.mark.parametrize("name", [*PRIVATE.split(), *PUBLIC.split()])
def test_names_of_private_columns(name: str) -> None:
    assert is_private(name) == (name in PRIVATE.split())
