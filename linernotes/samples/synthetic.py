"""Synthetic rows of the two data sets of which no real row was at hand, in their published formats.

File names begin with `synthetic-`, which makes the tracks' revision say so; ids hold `syn`. Rows are a function of
their number alone. What is damaged or repeated on purpose is listed in `EXPECTED`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from random import Random
from typing import Any

import polars as pl

from linernotes.samples import vocabulary

LAION = "laion-disco-12m"
SLEEPING = "sleeping-disco-9m"

LAION_ROWS = 1_500
"""Rows in each of two files."""

SLEEPING_ROWS = 2_000

_ROW_GROUP = 400

LAION_SCHEMA: Mapping[str, Any] = {
    "song_id": pl.String,
    "title": pl.String,
    "artist_names": pl.List(pl.String),
    "artist_ids": pl.List(pl.String),
    "album_name": pl.String,
    "album_id": pl.String,
    "isExplicit": pl.Boolean,
    "views": pl.String,
    "duration": pl.Int64,
}

_ODD_NAMES: tuple[list[str | None], ...] = ([], [None], [""], [None, "Anonymous", ""])

BLANK_IDS: Mapping[str, tuple[int, ...]] = {"synthetic-0.parquet": (17, 1204), "synthetic-1.parquet": (900,)}
"""Rows, from 1, whose song_id is blank."""

REPEATS: Mapping[str, Mapping[int, int]] = {"synthetic-0.parquet": {500: 20}, "synthetic-1.parquet": {2: 1, 1400: 333}}
"""Rows that repeat an id: of the given row of the same file for the first file, of the first file for the second."""

BROKEN_LINES: Mapping[int, bytes] = {
    40: b'{"song_id": 910000040, "title": "cut of',
    41: b'["not", "an", "object"]',
    700: b'{"song_id": 910000700, "title": "no \xff text", "primary_artist": "T!DE & the Moon"}',
}
BLANK_LINES = (300, 1999)
NO_ID_LINES = (77,)
REPEATED_LINES: Mapping[int, int] = {1000: 5}


@dataclass(frozen=True)
class Expected:
    """What a load of a sample set must count."""

    read: int
    duplicates: int
    skipped: int
    rejected: int


EXPECTED: Mapping[str, Expected] = {
    LAION: Expected(
        read=2 * LAION_ROWS,
        duplicates=sum(map(len, REPEATS.values())),
        skipped=0,
        rejected=sum(map(len, BLANK_IDS.values())),
    ),
    SLEEPING: Expected(
        read=SLEEPING_ROWS,
        duplicates=len(REPEATED_LINES),
        skipped=len(BLANK_LINES),
        rejected=len(BROKEN_LINES) + len(NO_ID_LINES),
    ),
}


def write(folder: Path) -> dict[str, list[Path]]:
    """Write two Parquet files and one JSON Lines file below a folder, and return them by data set."""
    (folder / "laion-disco").mkdir(parents=True, exist_ok=True)
    (folder / "sleeping-disco").mkdir(parents=True, exist_ok=True)
    parquet = [folder / "laion-disco" / name for name in BLANK_IDS]
    for number, path in enumerate(parquet):
        laion(number).write_parquet(path, row_group_size=_ROW_GROUP)
    lines = folder / "sleeping-disco" / "synthetic-a.jsonl"
    lines.write_bytes(b"\n".join(_line(row) for row in range(1, SLEEPING_ROWS + 1)) + b"\n")
    return {LAION: parquet, SLEEPING: [lines]}


def laion(file: int, rows: int = LAION_ROWS) -> pl.DataFrame:
    """Return the rows of the LAION sample's file 0 or 1; further files have new rows without any damage."""
    name = f"synthetic-{file}.parquet"
    blank, repeats = BLANK_IDS.get(name, ()), REPEATS.get(name, {})
    records = [laion_row(file * LAION_ROWS + row) for row in range(1, rows + 1)]
    for row in blank:
        records[row - 1]["song_id"] = ("", "  ")[row % 2]
    for row, first in repeats.items():
        records[row - 1]["song_id"] = video_id(first)
    return pl.DataFrame(records, schema=LAION_SCHEMA)


def laion_row(number: int) -> dict[str, Any]:
    """Return a row as LAION-DISCO-12M publishes it, with its oddities: null and "" in lists, counts as text."""
    song = _song(number)
    chance = _chance(f"laion {number}")
    names: list[str | None] = [song.artist]
    if chance.random() < 0.1:
        names.append(chance.choice(_names()))
    if chance.random() < 0.02:
        names = chance.choice(_ODD_NAMES)
    album = song.album if chance.random() < 0.8 else None
    return {
        "song_id": video_id(number),
        "title": song.title,
        "artist_names": names,
        "artist_ids": [_coded("UCsyn", song.artist, 24)] if chance.random() < 0.95 else [],
        "album_name": album,
        "album_id": album and _coded("MPREb_syn", album, 17),
        "isExplicit": chance.random() < 0.06,
        "views": chance.choice(("3 plays", "10K plays", "872K views", "1.2M views", "1B plays", "45 plays")),
        "duration": chance.choice((31, 187, 204, 242, 215, 36_000)),
    }


def sleeping_row(number: int) -> dict[str, Any]:
    """Return a row as Sleeping-DISCO-9M publishes it; every third song is one of the LAION sample too."""
    shared = number % 3 == 0 and number <= LAION_ROWS
    song = _song(number if shared else 100_000 + number)
    chance = _chance(f"sleeping {number}")
    video = video_id(number if shared else 100_000 + number)
    forms = (
        f"https://youtu.be/{video}",
        f"https://www.youtube.com/watch?v={video}&t=1",
        f"https://www.youtube.com/embed/{video}",
    )
    return {
        "song_id": chance.choice((910_000_000 + number, str(910_000_000 + number))),
        "song_url": f"https://example.org/synthetic/{number}",
        "title": chance.choice((song.title, f" {song.title} ")),
        "primary_artist": song.artist,
        "artist_url": "https://example.org/synthetic",
        "featured_artists": chance.choice((None, [], [chance.choice(_names())])),
        "lyricists": chance.choice((None, [f"{chance.choice(_names())} "])),
        "tags": chance.choice((None, list(chance.choice(vocabulary.TAGS)))),
        "album_name": chance.choice((song.album, None, "N/A")),
        "album_url": None,
        "album_release_date": chance.choice(("2019-05-03", "2004", None, "", "1999-11-30")),
        "language": chance.choice((song.language, song.language, "")),
        "lyrics": "synthetic: no lyrics here",
        "youtube_links": chance.choice(([chance.choice(forms)], [chance.choice(forms)], None, [])),
        "genius_annotation": {},
        "qna": [],
    }


def video_id(number: int) -> str:
    """Return a video id of 11 characters; they begin with `syn`, which no real one does on purpose."""
    return _coded("syn", str(number), 11)


def _chance(seed: str) -> Random:
    return Random(seed)  # noqa: S311 made-up rows, no secrets


@dataclass(frozen=True)
class _Song:
    title: str
    artist: str
    album: str
    language: str


def _song(number: int) -> _Song:
    chance = _chance(f"song {number}")
    if number % 50 < len(vocabulary.SHARED) and number <= LAION_ROWS and number // 50 < 4:
        artist, title, album = vocabulary.SHARED[number % 50]
        return _Song(title, artist, album, "en")
    language = chance.choice(tuple(vocabulary.TITLES))
    title = chance.choice(vocabulary.TITLES[language])
    numbered = f"{title} {chance.randrange(2, 400)}" if chance.random() < 0.7 else title
    return _Song(numbered + chance.choice(vocabulary.SUFFIXES), chance.choice(_names()), title, language)


@cache
def _names() -> tuple[str, ...]:
    text = resources.files("linernotes.samples").joinpath("data/laion-disco/artist_names.json").read_text("utf-8")
    content = json.loads(text)
    variants = [name for group in content["case_variants"] for name in group]
    lists = (
        "generic_or_noise_names",
        "non_latin_and_diacritics",
        "classical_composers_as_artists",
        "apostrophes_and_punct",
    )
    return (*vocabulary.ARTISTS, *vocabulary.ARTISTS, *variants, *(name for key in lists for name in content[key]))


def _coded(prefix: str, key: str, length: int) -> str:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    chance = _chance(f"{prefix} {key}")
    return prefix + "".join(chance.choices(letters, k=length - len(prefix)))


def _line(row: int) -> bytes:
    if row in BLANK_LINES:
        return b""
    if row in BROKEN_LINES:
        return BROKEN_LINES[row]
    record = sleeping_row(REPEATED_LINES.get(row, row))
    if row in NO_ID_LINES:
        record["song_id"] = None
    return json.dumps(record, ensure_ascii=row % 4 == 0).encode()
