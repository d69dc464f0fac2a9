"""Data sets by declaration: five tables of different shape become the tracks that plain Python says they are."""

import gzip
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indexer.records import TrackBatch
from indexer.sources.dataset import DataSource
from indexer.sources.declaration import Declared, parse
from indexer.sources.declared import make_source
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
    ],
)
def test_durations(tmp_path: Path, rule: str, values: list[str], expected: list[float | None]) -> None:
    assert one_column(tmp_path, values, rule, "duration_s") == expected


def test_decimal_commas(tmp_path: Path) -> None:
    more = '[file]\ndecimal = ","\n'
    assert one_column(tmp_path, ["90,5", "1.090,5", "7"], '"x"', "duration_s", more) == [90.5, 1090.5, 7.0]
    assert one_column(tmp_path, ["1.234", "7"], '"x"', "plays", more) == [1234, 7]


@pytest.mark.parametrize(
    ("rule", "values", "expected"),
    [
        ('"x"', ["1999", "2001-02-03", "1/05/2009", "0", "2031"], [1999, 2001, 2009, None, None]),
        ('{column = "x", format = "%d.%m.%Y"}', ["31.12.1999", "1999"], [1999, None]),
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
    more = '[licences]\n"free!" = "CC0 1.0"\n'
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


def test_lyrics_are_never_read(tmp_path: Path) -> None:
    table = TABLES["synthetic-objects"]
    path = table.written(tmp_path)
    path.write_bytes(path.read_bytes() + b'\n{"id": "", "info": {"title": "x"}, "lyrics": "la la"}')
    kept = list(batches(source_of(table), path))
    assert "la la" not in str([(batch.tracks.to_dicts(), batch.rejections) for batch in kept])
    assert sum(len(batch.rejections) for batch in kept) == 1
