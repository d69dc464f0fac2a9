"""Synthetic records in many small files: each is a request or more, so a load can be disturbed between them."""

from pathlib import Path

import polars as pl

from benchmarks import corpora

DATASET = "laion-disco-12m"


def written(folder: Path, records: int, files: int) -> list[Path]:
    """Write so many records into so many files, and return their paths."""
    corpora.laion(corpora.Corpus(folder, DATASET), records)
    whole = pl.concat([pl.read_parquet(path) for path in sorted((folder / DATASET).glob("*.parquet"))])
    paths = [folder / f"synthetic-{number:03}.parquet" for number in range(files)]
    for number, path in enumerate(paths):
        whole.slice(number * records // files, records // files).write_parquet(path)
    return paths
