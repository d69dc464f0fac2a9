"""The first pass over the new release: an id and a hash of each record, and what can't become a track."""

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from indexer.cluster.ledger import ChunkId
from indexer.cluster.progress import Progress
from indexer.documents.bulk_body import PIECE, lines
from indexer.documents.digest import ID, NO_RAW, PRINT, RAW, row_hashes, row_ids, row_independent, sketch
from indexer.documents.finalize import cut, known, ready
from indexer.load.plan import Plan
from indexer.records import SOURCE_ROW, Chunk, RawBatch, Totals
from indexer.sources.dataset import DataSource
from indexer.update.workdir import WorkDir
from mappings.track import FINGERPRINT

NEW, WITHOUT_ID = "new", "without-id"
ORDINAL = "ordinal"
"""The number of a chunk in the whole plan."""

PLACE = (ORDINAL, SOURCE_ROW)


@dataclass(frozen=True)
class Release:
    """The records of the new release, in the order that decides which of an id is the first.

    `by_row`: only ids and raw rows were looked at, and fingerprints are not known yet.
    """

    plan: Plan
    by_row: bool

    def chunks(self) -> Iterator[tuple[int, ChunkId, Chunk]]:
        """Yield all chunks with their number and key."""
        for ordinal, (key, chunk) in enumerate(self.plan.chunks()):
            yield ordinal, key, chunk

    def read(self, key: ChunkId, chunk: Chunk) -> RawBatch:
        """Return the raw records of a chunk."""
        return cut(self.plan.files[key.file].reader.read(chunk), chunk)

    def spool(self, to: WorkDir, progress: Progress) -> Totals:
        """Read everything once; return the totals, in which every record with an id still counts as indexed."""
        return sum((self._one(ordinal, key, chunk, to, progress) for ordinal, key, chunk in self.chunks()), Totals())

    def _one(self, ordinal: int, key: ChunkId, chunk: Chunk, to: WorkDir, progress: Progress) -> Totals:
        raw = self.read(key, chunk)
        table = row_independent(self.plan.source)
        if table and self.by_row:
            frame, totals = _by_row(table, raw, to, ordinal)
        else:
            frame, totals = self._by_content(key, raw, to)
        to.put(NEW, frame.with_columns(pl.lit(ordinal, pl.UInt32).alias(ORDINAL)))
        progress.advance(key.file, totals)
        return totals

    def _by_content(self, key: ChunkId, raw: RawBatch, to: WorkDir) -> tuple[pl.DataFrame, Totals]:
        entry = self.plan.files[key.file]
        batch = ready(self.plan.source.normalise(raw, entry.file), entry.file.name)
        to.reject(batch.rejections)
        rows = row_hashes(raw.frame) if row_independent(self.plan.source) else None
        prints = [lines(piece, key.file)[FINGERPRINT] for piece in batch.tracks.iter_slices(PIECE)]
        made = sketch(batch.tracks, prints, rows)
        return made.select(SOURCE_ROW, ID, PRINT, RAW), known(batch) + Totals(indexed=made.height)


def _by_row(table: DataSource, raw: RawBatch, to: WorkDir, ordinal: int) -> tuple[pl.DataFrame, Totals]:
    to.reject(raw.rejections)
    rows = row_ids(table, raw.frame)
    without = rows.filter(pl.col(ID).is_null())
    to.put(WITHOUT_ID, without.select(pl.lit(ordinal, pl.UInt32).alias(ORDINAL), SOURCE_ROW))
    with_id = rows.filter(pl.col(ID).is_not_null())
    read = raw.frame.height + len(raw.rejections) + raw.skipped
    totals = Totals(
        read=read, indexed=with_id.height, skipped=raw.skipped, rejected=len(raw.rejections) + without.height
    )
    # The fingerprint of a row that did not change is the one that the current generation has.
    return with_id.select(SOURCE_ROW, ID, pl.lit(None, pl.Int64).alias(PRINT), RAW), totals


__all__ = ["NEW", "NO_RAW", "ORDINAL", "PLACE", "WITHOUT_ID", "Release"]
