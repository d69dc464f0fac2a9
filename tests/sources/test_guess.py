"""Drafts of declarations: right on five tables and on the four built-in formats, and what they draft can be loaded."""

import os
from pathlib import Path

import polars as pl
import pytest

from indexer.load.plan import make
from indexer.sources.declaration import parse
from indexer.sources.declared import make_source
from indexer.sources.guess import Draft, guess_declaration
from linernotes import samples
from tests.sources.declared_tables import ROWS, TABLES, Table

Placed = dict[str, dict[str, str | None]]

PLACED: Placed = {
    "synthetic-semicolons": {
        "source_id": "nr", "title": "titel", "artists": "interpret", "duration_s": "länge_min", "year": "datum",
        "licence": "lizenz",
    },
    "synthetic-tabs": {
        "source_id": None, "title": "song", "artists": "performers", "duration_s": "length", "year": "jaar",
        "licence": None,
    },
    "synthetic-objects": {
        "source_id": "id", "title": "info.title", "artists": "artists[].name", "duration_s": "meta.ms",
        "year": "meta.released", "licence": "rights",
    },
    "synthetic-lists": {
        "source_id": "track_id", "title": "name", "artists": "artists", "duration_s": "seconds", "year": "when",
        "licence": None,
    },
    "synthetic-spreadsheet": {
        "source_id": "Track ID", "title": "Track Title", "artists": "Artist Name", "duration_s": "Duration (s)",
        "year": "Year", "licence": "License",
    },
}  # fmt: skip
UNITS = {"synthetic-semicolons": "min", "synthetic-tabs": "m:s", "synthetic-objects": "ms", "synthetic-lists": "s"}

BUILT_IN: Placed = {
    "laion-disco-12m": {
        "source_id": "song_id", "title": "title", "artists": "artist_names", "duration_s": "duration", "licence": None,
        "year": None, "album": "album_name", "explicit": "isExplicit", "plays": "views",
    },
    "sleeping-disco-9m": {
        "source_id": "song_id", "title": "title", "artists": "primary_artist", "duration_s": None, "licence": None,
        "year": "album_release_date", "url": "song_url", "language": "language",
    },
    "free-music-archive": {
        "source_id": "track_id", "title": "track.title", "artists": "artist.name", "duration_s": "track.duration",
        "licence": "track.license", "year": "album.date_released", "album": "album.title",
    },
    "spotify-tracks-dataset": {
        "source_id": "track_id", "title": "track_name", "artists": "artists", "duration_s": "duration_ms",
        "licence": None, "year": None, "genre": "track_genre", "explicit": "explicit",
    },
}  # fmt: skip


def placed(draft: Draft) -> dict[str, str]:
    return {guess.name: guess.column for guess in draft.guesses}


def loaded(draft: Draft, path: Path) -> pl.DataFrame:
    """Return the tracks that a draft, as it stands, makes of the file."""
    source = make_source(parse(draft.text, "draft.toml"))
    plan = make(source, source.files([path]), None)
    batches = [source.normalise(entry.read(chunk), entry.file) for entry in plan.files for chunk in entry.chunks]
    return pl.concat([batch.tracks for batch in batches])


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES)
def test_a_table_is_recognised(table: Table, tmp_path: Path) -> None:
    path = table.written(tmp_path)
    draft = guess_declaration(path)
    assert {name: placed(draft).get(name) for name in PLACED[table.id]} == PLACED[table.id]
    assert draft.problem == ""
    tracks = loaded(draft, path)
    assert tracks.height == ROWS
    assert tracks["title"].null_count() == tracks["artists"].null_count() == 0
    assert tracks["duration_s"].is_between(99, 140).all()
    assert tracks["year"].is_between(1980, 2020).all()
    if unit := UNITS.get(table.id):
        (duration,) = [guess for guess in draft.guesses if guess.name == "duration_s"]
        assert duration.keys.get("unit", "s") == unit


@pytest.mark.parametrize("dataset", BUILT_IN)
def test_the_format_of_a_built_in_set_is_recognised(dataset: str, tmp_path: Path) -> None:
    path = samples.write(tmp_path)[dataset][0]
    draft = guess_declaration(path)
    assert {name: placed(draft).get(name) for name in BUILT_IN[dataset]} == BUILT_IN[dataset]
    assert draft.problem == ""
    tracks = loaded(draft, path)
    assert tracks["title"].null_count() <= 0.05 * tracks.height
    assert not {"lyrics", "genius_annotation", "qna"} & set(placed(draft).values())


def test_each_guess_has_a_comment_and_the_rest_is_listed(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("title,artist,email,zorp\na,b,c@d.org,9\n")
    draft = guess_declaration(path)
    lines = draft.text.splitlines()
    for name in placed(draft):
        (place,) = [place for place, line in enumerate(lines) if line.startswith(f"{name} = ")]
        assert lines[place - 1].startswith("# by its name; 1 of 1 rows, such as")
    assert set(draft.unplaced) == {"email", "zorp"}
    assert "#   zorp: no field has such a name" in lines
    assert "c@d.org" not in draft.text
    assert "source_id is left out" in draft.text


def test_what_cannot_be_recognised_is_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("foo,bar\n1,2\n")
    draft = guess_declaration(path)
    assert "title: it is missing" in draft.problem
    assert "# title = ..." in draft.text


def test_a_hostile_header_makes_a_draft_that_is_toml(tmp_path: Path) -> None:
    path = tmp_path / 'a"]\nid = "b".csv'
    path.write_text('title,"artist""]\n[fields]\nx = 1",artist\na,b,c\n')
    draft = guess_declaration(path)
    assert draft.problem == ""
    assert parse(draft.text, "x").content.fields.title.column == "title"


def rows(tmp_path: Path, *columns: tuple[str, list[str]]) -> Path:
    """Write a CSV of some columns, each cell quoted, beside a title."""
    path, names = tmp_path / "x.csv", ["title", *(name for name, _ in columns)]
    height = len(columns[0][1])
    cells = [[f"song {row}", *(values[row] for _, values in columns)] for row in range(height)]
    path.write_text("\n".join(",".join(f'"{cell}"' for cell in row) for row in (names, *cells)))
    return path


NUMBERS: dict[str, tuple[dict[str, list[str]], str, dict[str, list[float]]]] = {
    "thousands and points": (
        {"views": ["1,234", "5,678"], "duration": ["180.5", "90.25"]}, ".",
        {"plays": [1234, 5678], "duration_s": [180.5, 90.25]},
    ),
    "other commas": (
        {"genre ids": ["1,23", "4,56"], "duration": ["180.25", "90.25"]}, ".", {"duration_s": [180.25, 90.25]},
    ),
    "commas": (
        {"duration": ["180,5", "90,25"], "plays": ["1.234", "12"]}, ",",
        {"plays": [1234, 12], "duration_s": [180.5, 90.25]},
    ),
    "whole numbers": (
        {"duration": ["180", "90"], "plays": ["7", "12"]}, ".", {"plays": [7, 12], "duration_s": [180, 90]},
    ),
    "short loops": ({"duration": ["2.5", "9.5"]}, ".", {"duration_s": [2.5, 9.5]}),
    "long ones, or short ones in milliseconds": ({"length": ["2000", "2700"]}, ".", {"duration_s": [2000, 2700]}),
    "minutes": ({"duration_min": ["2.5", "9.5"]}, ".", {"duration_s": [150, 570]}),
    "milliseconds": ({"length_ms": ["2000", "2700"]}, ".", {"duration_s": [2.0, 2.7]}),
}  # fmt: skip


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_are_what_they_were(tmp_path: Path, case: str) -> None:
    columns, decimal, expected = NUMBERS[case]
    path = rows(tmp_path, *columns.items())
    draft = guess_declaration(path)
    assert ('decimal = ","' in draft.text) == (decimal == ",")
    made = loaded(draft, path)
    assert {name: made[name].to_list() for name in expected} == expected
    assert draft.text.count("FILL IN the unit") == (case.startswith(("short", "long")))


@pytest.mark.parametrize(
    ("days", "form", "years"),
    [
        (["01/01/1990"] * 7 + ["10/25/2005"] * 3, None, [1990] * 7 + [2005] * 3),
        (["10/01/1990"] * 3 + ["25/10/2005"] * 7, "%d/%m/%Y", [1990] * 3 + [2005] * 7),
        (["2009/01/05", "2010/02/07"], "%Y/%m/%d", [2009, 2010]),
        (["2009", "2010-02-07"], None, [2009, 2010]),
        (["05.01.2009", "2010", "06.01.2011"], "%d.%m.%Y", [2009, 2010, 2011]),
    ],
)
def test_the_best_format_of_dates_is_taken(tmp_path: Path, days: list[str], form: str | None, years: list[int]) -> None:
    path = rows(tmp_path, ("released", days))
    draft = guess_declaration(path)
    (guess,) = [guess for guess in draft.guesses if guess.name == "year"]
    assert guess.keys.get("format") == form
    assert loaded(draft, path)["year"].to_list() == years


def test_days_that_fit_both_orders_are_doubtful(tmp_path: Path) -> None:
    assert "fit alike" in guess_declaration(rows(tmp_path, ("released", ["01/02/1990", "03/04/1991"]))).text


def test_a_draft_quotes_nothing_private(tmp_path: Path) -> None:
    columns = [
        ("author", [f"joe{number}@secret.org" for number in range(5)]),
        ("contributors", [f"Ann, 5 Main St, a{number}@secret.org" for number in range(5)]),
        ("mail", ["joe@secret.org"] * 5),
        ("zorp", ["secret lyrics, la la"] * 5),
        ("performers", ["Real Name"] * 5),
    ]
    draft = guess_declaration(rows(tmp_path, *columns))
    assert placed(draft) == {"title": "title", "artists": "performers"}
    assert "secret" not in draft.text.lower()
    assert "secret" not in str(draft.as_json()).lower()


def test_a_header_that_repeats_or_numbers_rows_is_drafted(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("title,title,source_row\na,b,1\n")
    assert loaded(guess_declaration(path), path)["title"].to_list() == ["a"]


def test_the_day_of_the_file_is_a_proposal_only(tmp_path: Path) -> None:
    path = rows(tmp_path, ("year", ["1999", "2001"]))
    os.utime(path, (0, 0))
    draft = guess_declaration(path)
    assert '# released = "1970-01-01"  FILL IN' in draft.text
    assert loaded(draft, path)["year"].to_list() == [1999, 2001]
