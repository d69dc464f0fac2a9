"""A source made of numbers: synthetic tracks, with duplicates and damaged records where the test wants them."""

from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl

from indexer.checks import Thresholds
from indexer.load.plan import Plan, PlannedFile
from indexer.records import Chunk, RawBatch, Rejection, SourceFile, TrackBatch
from mappings.cards import CARDS, Card
from mappings.schema import SCHEMA
from mappings.track import SEARCH_ONLY

ADDED_LATER = {"source_file", "fingerprint", *SEARCH_ONLY}

LENIENT = Thresholds(max_rejected=100)
"""For loads whose rejected records are what a test is about."""


@dataclass(frozen=True)
class MadeReader:
    """Row n has id n, but every `repeat`-th has the id of the row before, and every `damaged`-th can't be read."""

    file: str
    rows: int
    per_chunk: int
    repeat: int = 0
    damaged: int = 0

    def seen_columns(self) -> list[str]:
        return ["source_row"]

    def head(self, rows: int) -> RawBatch:
        return self.read(Chunk(0, 0, rows, 1, rows))

    def chunks(self) -> list[Chunk]:
        starts = range(0, self.rows, self.per_chunk)
        sizes = [min(self.per_chunk, self.rows - start) for start in starts]
        return [Chunk(n, s, size, s + 1, size) for n, (s, size) in enumerate(zip(starts, sizes, strict=True))]

    def read(self, chunk: Chunk) -> RawBatch:
        rows = range(chunk.first_row, chunk.first_row + chunk.rows)
        bad = [row for row in rows if self.damaged and row % self.damaged == 0]
        frame = pl.DataFrame({"source_row": [row for row in rows if row not in set(bad)]}, {"source_row": pl.Int64})
        rejections = tuple(Rejection(self.file, row, "damaged", "made so", "?") for row in bad)
        return RawBatch(frame, rejections)


@dataclass(frozen=True)
class MadeSource:
    dataset: str = "made"
    repeat: int = 0
    across: int = 0
    rounded: int = 0
    definition: str = ""

    @property
    def card(self) -> Card:
        return replace(next(iter(CARDS.values())), id=self.dataset, golden=(), revision="")

    def files(self, paths: list[Path]) -> list[SourceFile]:
        return [SourceFile(path, path.name) for path in paths]

    def reader(self, file: SourceFile) -> MadeReader:
        raise AssertionError("a made plan has its readers")

    @property
    def row_independent(self) -> bool:
        return False

    def ids(self, raw: pl.DataFrame) -> pl.Series:
        raise AssertionError("its rows have no ids of their own")

    def normalise(self, raw: RawBatch, file: SourceFile) -> TrackBatch:
        row = pl.col("source_row")
        number = row
        if self.repeat:
            number = pl.when(row % self.repeat == 0).then(row - 1).otherwise(number)
        if self.across:  # ids that come again far away, in other chunks
            number = pl.when(row > self.across).then(row - self.across).otherwise(number)
        made = raw.frame.select(
            source_row=row,
            dataset=pl.lit(self.dataset),
            source_id=number.cast(pl.String),
            title=pl.format("Synthetic Song {}", row),
            artists=pl.concat_list(pl.format("Made Band {}", row % 100)),
            language=pl.lit("en"),
            year=(1960 + row % 60).cast(pl.Int16),
        )
        missing = [pl.lit(None, dtype).alias(name) for name, dtype in SCHEMA.items() if name not in made.columns]
        wanted = [name for name in SCHEMA if name not in ADDED_LATER]
        tracks = made.with_columns(missing).select(wanted)
        read = raw.frame.height + len(raw.rejections) + raw.skipped
        rounded = [row for row in raw.frame["source_row"] if self.rounded and row % self.rounded == 0]
        changed = {"year: rounded": len(rounded)} if rounded else {}
        return TrackBatch(tracks, read, rejections=raw.rejections, changed=changed)


def plan(*readers: MadeReader, source: MadeSource | None = None, limit: int | None = None) -> Plan:
    """Return a plan of made files."""
    source = source or MadeSource()
    files = tuple(
        PlannedFile(
            source,
            SourceFile(Path(reader.file), reader.file, sha256=reader.file),
            reader,
            tuple(reader.chunks()),
            number,
        )
        for number, reader in enumerate(readers)
    )
    return Plan(source, files, limit)
