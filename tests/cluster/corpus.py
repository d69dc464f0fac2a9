"""Synthetic records for the drills, and what an index of them must hold, told from the files alone."""

import hashlib
from pathlib import Path

import polars as pl

from benchmarks import corpora
from indexer.documents.bulk_body import lines
from indexer.load.plan import make
from indexer.sources import SOURCES
from mappings.track import FINGERPRINT, SOURCE_FILE, SOURCE_ID, SOURCE_ROW

LAION, SPOTIFY = "laion-disco-12m", "spotify-tracks-dataset"
EVIDENCE = (FINGERPRINT, SOURCE_FILE, SOURCE_ROW)


def laion(folder: Path, records: int) -> Path:
    """Write records without any damage, of which some repeat an id from far before, and return their folder."""
    corpora.laion(corpora.Corpus(folder, LAION), records + records // 1_000)
    left = records
    for path in sorted((folder / LAION).glob("*.parquet")):
        rows = pl.read_parquet(path).filter(pl.col("song_id") != "").head(left)
        rows.write_parquet(path, row_group_size=50_000)
        left -= rows.height
    assert not left
    return folder / LAION


def spotify(folder: Path, records: int) -> Path:
    """Write the records that are searched meanwhile, in one file, and return their folder."""
    corpora.spotify(corpora.Corpus(folder, SPOTIFY), records)
    return folder / SPOTIFY


def expected(dataset: str, folder: Path) -> tuple[int, str]:
    """Return how many documents an undisturbed load leaves, and their digest as `tests.faults.digest` makes it."""
    source = SOURCES[dataset]
    plan = make(source, source.files([folder]), None)
    frames = []
    for key, chunk in plan.chunks():
        entry = plan.files[key.file]
        batch = entry.tracks(entry.read(chunk))
        made = batch.tracks.select(SOURCE_ID, SOURCE_FILE, SOURCE_ROW)
        frames.append(made.with_columns(lines(batch.tracks, key.file)[FINGERPRINT]))
    tracks = pl.concat(frames).unique(SOURCE_ID, keep="first", maintain_order=True)
    rows = tracks.select(SOURCE_ID, *EVIDENCE).iter_rows()
    made_lines = sorted(f"{dataset}:{name} {sorted(zip(EVIDENCE, row, strict=True))}" for name, *row in rows)
    return tracks.height, hashlib.sha256("\n".join(made_lines).encode()).hexdigest()
