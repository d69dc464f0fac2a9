"""Five small tables of different shape, all rows synthetic but for one song of FMA, with their declarations.

Each has the same songs with other columns; `Table.tracks` says in plain Python what is to become of them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

ROWS = 60
GENRES = (("Rock", "rock"), ("Jazz", "jazz"), ("chip & bleep", "electronic"), ("Nothing Known", None))
LICENCES = (
    ("CC BY 4.0", "CC-BY-4.0"),
    ("http://creativecommons.org/licenses/by-nc/3.0/", "CC-BY-NC-3.0"),
    ("free!", "CC0-1.0"),
)

CARD = """
platform = "Synthetic Platform"
licence = "CC0 1.0"
sources = ["https://example.org/"]
released = "2024-05"
acknowledged_use = [
  {who = "Nobody Inc.", what = "made up for a test", said_by = "a test", kind = "press", source = "https://example.org/use"},
]
"""

OWN = """
[genres]
"Chip & Bleep" = "electronic"

[licences]
"free!" = "CC0 1.0"
"""


@dataclass(frozen=True)
class Song:
    """A synthetic song; number 1 is FMA's, so that it shares a recording with that data set."""

    number: int

    @property
    def title(self) -> str:
        return "Food" if self.number == 1 else f"Synthetic Song {self.number}"

    @property
    def artists(self) -> list[str]:
        if self.number == 1:
            return ["AWOL"]
        return [f"Made Band {self.number % 7}", "Guest; or & not"][: 1 + (self.number % 5 == 0)]

    @property
    def duration_s(self) -> float:
        return 100.0 + self.number / 2

    @property
    def year(self) -> int:
        return 1980 + self.number % 40

    @property
    def day(self) -> str:
        return f"{self.year}-{1 + self.number % 12:02}-{1 + self.number % 28:02}"

    @property
    def genre(self) -> tuple[str, str | None]:
        return GENRES[self.number % 4]

    @property
    def licence(self) -> tuple[str, str]:
        return LICENCES[self.number % 3]


SONGS = [Song(number) for number in range(1, ROWS + 1)]


@dataclass(frozen=True)
class Table:
    """A table: its id, its declaration, what writes it, and which fields it has."""

    id: str
    file: str
    fields: str
    write: Callable[[Path, list[Song]], None]
    has: frozenset[str]
    one_artist: bool = False

    @property
    def declaration(self) -> str:
        return f'id = "{self.id}"\nname = "Table {self.id}"\n{CARD}\n{self.fields}\n{OWN}'

    def written(self, folder: Path, songs: list[Song] = SONGS) -> Path:
        path = folder / self.file
        self.write(path, songs)
        return path

    def track(self, song: Song) -> dict[str, Any]:
        """Return what a song is to become, by field; worked out here, not by the code that is tested."""
        own, family = song.genre
        said, licence = song.licence
        artists = song.artists[:1] if self.one_artist else song.artists
        known: Mapping[str, Any] = {
            "title": song.title,
            "artists": artists,
            "duration_s": song.duration_s,
            "year": song.year,
            "genre": [family] if family else None,
            "genre_path": [own],
            "licence": licence,
            "licence_raw": said,
            "url": f"https://example.org/{song.number}",
            "source_id": str(song.number),
            "plays": song.number * 1000,
        }
        return {name: value for name, value in known.items() if name in self.has}


def _semicolons(path: Path, songs: list[Song]) -> None:
    lines = ["nr;titel;interpret;länge_min;datum;stil;lizenz"]
    for song in songs:
        day = f"{song.day[8:]}.{song.day[5:7]}.{song.year}"
        minutes = f"{song.duration_s / 60:.6f}".replace(".", ",")
        cells = (str(song.number), song.title, song.artists[0], minutes, day, song.genre[0], song.licence[0])
        lines.append(";".join(cells))
    path.write_bytes("\r\n".join([*lines, ""]).encode("cp1252"))


def _tabs(path: Path, songs: list[Song]) -> None:
    rows = ["song\tperformers\tlength\tjaar\tplay count"]
    for song in songs:
        length = f"{int(song.duration_s) // 60}:{int(song.duration_s) % 60:02}"
        artists = " / ".join(song.artists)
        rows.append(f"{song.title}\t{artists}\t{length}\t{song.year}\t{song.number}K plays")
    path.write_text("\n".join(rows) + "\n")


def _objects(path: Path, songs: list[Song]) -> None:
    lines = []
    for song in songs:
        artists = [{"name": name, "id": f"a{len(name)}"} for name in song.artists]
        meta = {"ms": song.duration_s * 1000, "released": song.day, "style": {"main": song.genre[0]}}
        entry = {"id": song.number, "info": {"title": song.title}, "artists": artists, "meta": meta}
        lines.append(orjson.dumps(entry | {"rights": song.licence[0], "lyrics": "la la"}))
    path.write_bytes(b"\n".join(lines))


def _parquet(path: Path, songs: list[Song]) -> None:
    frame = pl.DataFrame(
        {
            "track_id": [song.number for song in songs],
            "name": [song.title for song in songs],
            "artists": [song.artists for song in songs],
            "seconds": [song.duration_s for song in songs],
            "when": pl.Series([song.day for song in songs]).str.to_date(),
            "genres": [[song.genre[0]] for song in songs],
            "stats": [{"plays": song.number * 1000} for song in songs],
        }
    )
    frame.write_parquet(path, row_group_size=17)


def _spreadsheet(path: Path, songs: list[Song]) -> None:
    rows = ['"Track ID","Track Title","Artist Name","Year","Duration (s)","Genre","License"']
    for song in songs:
        cells = (
            song.number,
            song.title,
            ";".join(song.artists),
            song.year,
            song.duration_s,
            song.genre[0],
            song.licence[0],
        )
        rows.append(",".join(f'"{cell}"' for cell in cells))
    path.write_text("\r\n".join([*rows, "", ""]), encoding="utf-8-sig", newline="")


_COMMON = frozenset({"title", "artists", "duration_s", "year"})

TABLES = {
    table.id: table
    for table in (
        Table(
            "synthetic-semicolons",
            "synthetic_lieder.csv",
            """[file]
separator = ";"
decimal = ","

[fields]
source_id = "nr"
title = "titel"
artists = "interpret"
duration_s = {column = "länge_min", unit = "min"}
year = {column = "datum", format = "%d.%m.%Y"}
genre = "stil"
licence = "lizenz"
url = {template = "https://example.org/{nr}"}
""",
            _semicolons,
            _COMMON | {"source_id", "genre", "genre_path", "licence", "licence_raw", "url"},
            one_artist=True,
        ),
        Table(
            "synthetic-tabs",
            "synthetic_songs.tsv",
            """[fields]
title = "song"
artists = {column = "performers", separator = " / "}
duration_s = {column = "length", unit = "m:s"}
year = "jaar"
plays = "play count"
genre = {constant = "Jazz"}
""",
            _tabs,
            frozenset({"title", "artists", "year", "plays"}),
        ),
        Table(
            "synthetic-objects",
            "synthetic_songs.jsonl",
            """[fields]
source_id = "id"
title = "info.title"
artists = "artists[].name"
artist_ids = "artists[].id"
duration_s = {column = "meta.ms", unit = "ms"}
year = "meta.released"
genre = "meta.style.main"
licence = "rights"
url = {template = "https://example.org/{id}"}
""",
            _objects,
            _COMMON | {"source_id", "genre", "genre_path", "licence", "licence_raw", "url"},
        ),
        Table(
            "synthetic-lists",
            "synthetic_songs.parquet",
            """[fields]
source_id = "track_id"
title = "name"
artists = "artists"
duration_s = "seconds"
year = {first_of = ["when", "track_id"]}
genre = "genres"
plays = "stats.plays"
""",
            _parquet,
            _COMMON | {"source_id", "genre", "genre_path", "plays"},
        ),
        Table(
            "synthetic-spreadsheet",
            "synthetic_sheet.csv",
            """[fields]
source_id = "Track ID"
title = "Track Title"
artists = {column = "Artist Name", separator = ";"}
duration_s = "Duration (s)"
year = "Year"
genre = "Genre"
licence = "License"
""",
            _spreadsheet,
            frozenset({"title", "duration_s", "year", "source_id", "genre", "genre_path", "licence", "licence_raw"}),
        ),
    )
}
