"""Write synthetic corpora in the published formats of the four data sets, at any scale; the same bytes every time.

    python -m benchmarks.corpora OUT [--scale 0.01] [--dataset laion-disco-12m ...]

`OUT/<data set>/...` holds the files, `OUT/damaged.tsv` lists each damaged record: data set, file, row, what is wrong.
At scale 1 these are 22,254,903 records: 12,320,916 in 5 Parquet files, 9,713,413 lines in 26 JSON Lines files, 106,574
and 114,000 CSV rows. All of it is synthetic.
"""

import argparse
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import polars as pl

from benchmarks import universe as u

BLOCK = 200_000
DAMAGED_ONE_IN = 20_000
REPEATED_ONE_IN = 500
LYRICS = "[Verse 1]\nsynthetic words that nobody sang\n" * 8


@dataclass
class Corpus:
    """Where the files go, and the list of damaged records so far."""

    folder: Path
    dataset: str
    damaged: list[tuple[str, str, int, str]] = field(default_factory=list)

    def path(self, name: str) -> Path:
        """Return where a file goes."""
        where = self.folder / self.dataset / name
        where.parent.mkdir(parents=True, exist_ok=True)
        return where

    def note(self, file: str, rows: pl.Series, what: str) -> None:
        """Remember damaged records."""
        self.damaged += [(self.dataset, file, row, what) for row in rows]


def blocks(start: int, stop: int) -> Iterator[pl.Series]:
    """Yield numbers of records, a block at a time."""
    for first in range(start, stop, BLOCK):
        yield pl.Series(range(first, min(first + BLOCK, stop)), dtype=pl.UInt64)


def thresholds(records: int, files: int) -> list[tuple[int, int]]:
    """Return from which record to which each file goes."""
    edges = [records * number // files for number in range(files + 1)]
    return list(pairwise(edges))


def repeated(number: pl.Series) -> pl.Series:
    """Return which track each record is: mostly its own, at times one from far before."""
    again = pl.DataFrame({"n": number, "again": u.share(number, 100, REPEATED_ONE_IN)})
    return again.select(pl.when(pl.col("again")).then(pl.col("n") * 2 // 3).otherwise("n")).to_series()


def laion(corpus: Corpus, records: int) -> None:
    """LAION-DISCO-12M: 5 Parquet files; a damaged record has a blank id."""
    for number, (start, stop) in enumerate(thresholds(records, 5)):
        name = f"synthetic-{number:05d}-of-00005.parquet"
        frames = [_laion_rows(corpus, name, block, start) for block in blocks(start, stop)]
        pl.concat(frames).write_parquet(corpus.path(name), row_group_size=BLOCK, compression="zstd")


def _laion_rows(corpus: Corpus, file: str, number: pl.Series, start: int) -> pl.DataFrame:
    track = repeated(number)
    bad = u.share(number, 101, DAMAGED_ONE_IN)
    corpus.note(file, number.filter(bad) - start + 1, "blank id")
    artist = u.artist_numbers(track)
    views = u.below(track, 102, 900) + 1
    unit = u.pick(pl.Series([" plays", "K plays", "M plays", "K views", "M views"]), track, 103)
    frame = pl.DataFrame(
        {
            "id": u.video_id(track),
            "bad": bad,
            "title": u.title(track),
            "artist": u.artist(artist),
            "second": u.artist(u.below(track, 104, u.ARTISTS).cast(pl.UInt64)),
            "artist_id": "UC" + u.video_id(artist) + u.video_id(artist),
            "album": u.album(track),
            "album_id": "MPREb_" + u.video_id(artist * 16 + u.below(track, 4, 8)),
            "is_video": u.share(track, 105, 3),
            "is_duo": u.share(track, 106, 10),
            "is_explicit": u.share(track, 107, 12),
            "views": views.cast(pl.String) + unit,
            "duration": u.below(track, 108, 360).cast(pl.Int64) + 45,
        }
    )
    duo = pl.when("is_duo").then(pl.concat_list("artist", "second")).otherwise(pl.concat_list("artist"))
    return frame.select(
        song_id=pl.when("bad").then(pl.lit("")).otherwise("id"),
        title="title",
        artist_names=duo,
        artist_ids=pl.concat_list("artist_id"),
        album_name=pl.when(~pl.col("is_video")).then("album"),
        album_id=pl.when(~pl.col("is_video")).then("album_id"),
        isExplicit="is_explicit",
        views="views",
        duration="duration",
    )


def sleeping(corpus: Corpus, records: int) -> None:
    """Sleeping-DISCO-9M: 26 JSON Lines files; a damaged record is a line cut in the middle."""
    for letter, (start, stop) in zip(string.ascii_lowercase, thresholds(records, 26), strict=True):
        name = f"synthetic-{letter}.jsonl"
        with corpus.path(name).open("wb") as out:
            for block in blocks(start, stop):
                out.write(_sleeping_lines(corpus, name, block, start))


def _sleeping_lines(corpus: Corpus, file: str, number: pl.Series, start: int) -> bytes:
    track = repeated(number) * 13 // 10  # a third of these are none of LAION's records
    bad = u.share(number, 111, DAMAGED_ONE_IN)
    corpus.note(file, number.filter(bad) - start + 1, "line cut off")
    frame = pl.DataFrame(
        {
            "n": repeated(number) + 100_000,
            "bad": bad,
            "title": u.title(track),
            "artist": u.artist(u.artist_numbers(track)),
            "guest": u.artist(u.below(track, 53, u.ARTISTS).cast(pl.UInt64)),
            "has_guest": u.share(track, 54, 12),
            "tags": u.pick(
                pl.Series(["Rap", "Pop", "Rock", "R&B", "Country", "En Español", "Deutscher Rap"]), track, 112
            ),
            "album": u.album(track),
            "single": u.share(track, 105, 3),
            "year": u.below(track, 113, 65) + 1960,
            "month": u.below(track, 114, 12) + 1,
            "language": u.language_codes(track),
            "unknown": u.share(track, 115, 9),
            "video": u.video_id(track),
            "lyrics": LYRICS + u.name(track, 116, 4),
        }
    )
    return _json_lines(frame)


def _json_lines(frame: pl.DataFrame) -> bytes:
    guests = pl.when("has_guest").then(pl.concat_list("guest"))
    link = pl.format("https://www.youtube.com/watch?v={}", "video")
    columns = {
        "song_id": pl.col("n"),
        "song_url": pl.format("https://genius.com/songs/{}", "n"),
        "title": pl.col("title"),
        "primary_artist": pl.col("artist"),
        "artist_url": pl.format("https://genius.com/artists/{}", "artist"),
        "featured_artists": guests,
        "lyricists": pl.when("single").then(None).otherwise(pl.concat_list("artist")),
        "tags": pl.concat_list("tags"),
        "album_name": pl.when("single").then(pl.lit("N/A")).otherwise("album"),
        "album_url": pl.lit("N/A"),
        "album_release_date": pl.when("single").then(pl.lit("")).otherwise(_date()),
        "language": pl.when("unknown").then(pl.lit("")).otherwise("language"),
        "lyrics": pl.col("lyrics"),
        "youtube_links": pl.when("single").then(None).otherwise(pl.concat_list(link)),
        "genius_annotation": pl.lit(None, pl.String),
        "qna": pl.lit(None, pl.String),
    }
    line = pl.struct([value.alias(name) for name, value in columns.items()]).struct.json_encode()
    whole = pl.when("bad").then(line.str.head(40)).otherwise(line)
    text: str = frame.select(whole.str.join("\n")).item()
    return text.encode() + b"\n"


def _date() -> pl.Expr:
    return pl.format("{}-{}-01", "year", pl.col("month").cast(pl.String).str.zfill(2))


def fma(corpus: Corpus, records: int) -> None:
    """Free Music Archive: the three-row header; a damaged record has no track id."""
    number = pl.Series(range(records), dtype=pl.UInt64)
    track = number + 50_000_000
    bad = u.share(number, 121, DAMAGED_ONE_IN)
    name = "tracks.csv"
    corpus.note(name, number.filter(bad) + 1, "no track id")
    genres = pl.Series(["[21]", "[12]", "[15, 38]", "[17]", "[]", "[10, 76]", "[2]"])
    licences = pl.Series(
        [
            "Attribution-Noncommercial-Share Alike 3.0 United States",
            "Creative Commons Attribution-NonCommercial-NoDerivatives 4.0",
            "Attribution",
            "Attribution-NonCommercial",
            "CC0 1.0 Universal",
            "A licence that nobody knows",
        ]
    )
    year = u.below(track, 122, 20) + 1998
    values = {
        ("album", "title"): u.album(track),
        ("album", "id"): u.artist_numbers(track).cast(pl.String),
        ("album", "date_released"): year.cast(pl.String) + "-05-17 00:00:00",
        ("artist", "name"): u.artist(u.artist_numbers(track)),
        ("artist", "id"): u.artist_numbers(track).cast(pl.String),
        ("track", "duration"): (u.below(track, 123, 400) + 30).cast(pl.String),
        ("track", "genres"): u.pick(genres, track, 124),
        ("track", "genres_all"): u.pick(genres, track, 124),
        ("track", "language_code"): pl.select(
            pl.when(u.share(track, 125, 7)).then(u.language_codes(track))
        ).to_series(),
        ("track", "license"): u.pick(licences, track, 126),
        ("track", "listens"): u.below(track, 127, 50_000).cast(pl.String),
        ("track", "title"): u.title(track),
    }
    ids = pl.select(pl.when(~bad).then((number + 2).cast(pl.String))).to_series()
    _write_fma(corpus.path(name), ids, values)


FMA_COLUMNS = {
    "album": "comments date_created date_released engineer favorites id information listens producer tags title tracks "
    "type",
    "artist": "active_year_begin active_year_end associated_labels bio comments date_created favorites id latitude "
    "location longitude members name related_projects tags website wikipedia_page",
    "set": "split subset",
    "track": "bit_rate comments composer date_created date_recorded duration favorites genre_top genres genres_all "
    "information interest language_code license listens lyricist number publisher tags title",
}


def _write_fma(path: Path, ids: pl.Series, values: dict[tuple[str, str], pl.Series]) -> None:
    places = [(group, name) for group, names in FMA_COLUMNS.items() for name in names.split()]
    nothing = pl.Series([None] * ids.len(), dtype=pl.String)
    columns = {f"{group}.{name}": values.get((group, name), nothing) for group, name in places}
    frame = pl.DataFrame({"track_id": ids, **columns})
    header = [
        ",".join(["", *(group for group, _ in places)]),
        ",".join(["", *(name for _, name in places)]),
        ",".join(["track_id", *("" for _ in places)]),
    ]
    with path.open("wb") as out:
        out.write(("\n".join(header) + "\n").encode())
        frame.write_csv(out, include_header=False)


def spotify(corpus: Corpus, records: int) -> None:
    """Spotify Tracks Dataset: one row in five repeats another track's under a second genre; none is damaged."""
    number = pl.Series(range(records), dtype=pl.UInt64)
    again = pl.select(pl.when(u.share(number, 131, 5)).then(number // 2).otherwise(number)).to_series()
    track = again + 70_000_000
    genres = pl.Series(
        ["acoustic", "rock", "techno", "k-pop", "jazz", "hip-hop", "classical", "metal", "salsa", "folk"]
    )
    frame = pl.DataFrame(
        {
            "": number,
            "track_id": u.video_id(track) + u.video_id(track + 1),
            "artists": u.artist(u.artist_numbers(track)),
            "album_name": u.album(track),
            "track_name": u.title(track),
            "popularity": u.below(number, 132, 101),
            "duration_ms": u.below(track, 133, 300_000) + 60_000,
            "explicit": u.share(track, 134, 11),
            "danceability": u.below(track, 135, 1000) / 1000,
            "track_genre": u.pick(genres, number, 136),
        }
    )
    titled = frame.with_columns(explicit=pl.when("explicit").then(pl.lit("True")).otherwise(pl.lit("False")))
    titled.write_csv(corpus.path("synthetic-dataset.csv"))


WRITERS: dict[str, tuple[Callable[[Corpus, int], None], int]] = {
    "laion-disco-12m": (laion, 12_320_916),
    "sleeping-disco-9m": (sleeping, 9_713_413),
    "free-music-archive": (fma, 106_574),
    "spotify-tracks-dataset": (spotify, 114_000),
}


def write(folder: Path, scale: float, datasets: list[str]) -> None:
    """Write the corpora and the list of damaged records."""
    damaged: list[tuple[str, str, int, str]] = []
    for dataset in datasets:
        writer, records = WRITERS[dataset]
        started, corpus = time.monotonic(), Corpus(folder, dataset)
        writer(corpus, max(1, round(records * scale)))
        damaged += corpus.damaged
        print(f"{dataset}: {round(records * scale):,} records in {time.monotonic() - started:.1f} s")
    lines = ["dataset\tfile\trow\twhat", *("\t".join(map(str, entry)) for entry in damaged)]
    (folder / "damaged.tsv").write_text("\n".join(lines) + "\n")


def main() -> None:
    """Read the command line and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--dataset", action="append", choices=list(WRITERS))
    given = parser.parse_args()
    write(given.folder, given.scale, given.dataset or list(WRITERS))


if __name__ == "__main__":
    main()
