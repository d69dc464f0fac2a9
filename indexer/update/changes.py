"""The second pass: records that may have changed are read again and normalised; their fingerprints decide."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import polars as pl

from indexer.cluster.ledger import ChunkId
from indexer.documents.bulk_body import LINE, lines
from indexer.documents.digest import ID, PRINT, RAW, hashed_id
from indexer.documents.finalize import ready
from indexer.records import SOURCE_ROW, RawBatch
from indexer.update.compare import BEFORE, KEPT, SUSPECT
from indexer.update.read_release import ORDINAL, WITHOUT_ID, Release
from indexer.update.workdir import WorkDir
from mappings.track import FINGERPRINT, SOURCE_ID

CHANGES = "changes"

BATCH_ROWS = 20_000
"""Rows that are normalised at once: as for a chunk, 30 ms go before the first row (`readers.parquet_reader`)."""
CHUNKS = 40
"""Chunks of which the suspected rows are looked up at once: two million rows."""


@dataclass
class Found:
    """How many tracks were added and changed, how many are the same in spite of another row, how many rejected."""

    added: int = 0
    changed: int = 0
    same: int = 0
    rejected: int = 0


@dataclass
class Changes:
    """Confirms suspected records and spools the documents that have to be sent, with version numbers of `epoch`."""

    release: Release
    spool: WorkDir
    epoch: int
    found: Found = field(default_factory=Found)
    _waiting: list[tuple[pl.DataFrame, pl.DataFrame]] = field(default_factory=list, repr=False)

    def run(self) -> Found:
        """Read all chunks that have such records."""
        file = 0
        for key, raw, wanted in self._suspected():
            if key.file != file or sum(frame.height for frame, _ in self._waiting) > BATCH_ROWS:
                self._flush(file)
            file = key.file
            self._take(key, raw, wanted)
        self._flush(file)
        return self.found

    def _suspected(self) -> Iterator[tuple[ChunkId, RawBatch, pl.DataFrame]]:
        chunks = list(self.release.chunks())
        for start in range(0, len(chunks), CHUNKS):
            some = chunks[start : start + CHUNKS]
            inside = pl.col(ORDINAL).is_between(some[0][0], some[-1][0])
            parts = [self.spool.where(name, inside) for name in (SUSPECT, WITHOUT_ID)]
            found = pl.concat([part for part in parts if part is not None] or [pl.DataFrame()], how="diagonal")
            by_chunk = found.partition_by(ORDINAL, as_dict=True) if found.height else {}
            for ordinal, key, chunk in some:
                if (wanted := by_chunk.get((ordinal,))) is not None:
                    yield key, self.release.read(key, chunk), wanted

    def _take(self, key: ChunkId, raw: RawBatch, wanted: pl.DataFrame) -> None:
        if self.release.by_row:
            self._waiting.append((raw.frame.join(wanted, on=SOURCE_ROW, how="semi", maintain_order="left"), wanted))
        else:  # what becomes of a row may depend on others of its chunk
            self._confirm(key.file, raw, wanted)

    def _flush(self, file: int) -> None:
        if self._waiting:
            raws, wanted = zip(*self._waiting, strict=True)
            self._waiting = []
            self._confirm(file, RawBatch(pl.concat(raws)), pl.concat(wanted, how="diagonal"))

    def _confirm(self, file: int, raw: RawBatch, wanted: pl.DataFrame) -> None:
        """Normalise, and spool those whose fingerprint is another than before."""
        entry = self.release.plan.files[file]
        batch = ready(self.release.plan.source.normalise(raw, entry.file), entry.file.name)
        if self.release.by_row:
            self.spool.reject(batch.rejections)
            self.found.rejected += len(batch.rejections)
        suspected = wanted.filter(pl.col(ID).is_not_null()) if ID in wanted.columns else wanted.clear()
        if suspected.is_empty():
            return
        tracks = batch.tracks.join(suspected, on=SOURCE_ROW, how="semi", maintain_order="left")
        made = lines(tracks, file, self.epoch)
        sent = tracks.select(SOURCE_ROW, SOURCE_ID, hashed_id(pl.col(SOURCE_ID))).with_columns(
            made[LINE], made[FINGERPRINT].alias(PRINT)
        )
        both = sent.join(suspected.drop(ID), on=SOURCE_ROW, how="inner", maintain_order="left")
        other = both.filter(pl.col(BEFORE).is_null() | (pl.col(BEFORE) != pl.col(PRINT)))
        self.spool.put(CHANGES, other)
        self.spool.put(
            KEPT,
            both.filter(pl.col(BEFORE) == pl.col(PRINT)).select(ORDINAL, SOURCE_ROW, ID, PRINT, RAW),
        )
        added = other[BEFORE].null_count()
        self.found.added += added
        self.found.changed += other.height - added
        self.found.same += both.height - other.height


__all__ = ["CHANGES", "Changes", "Found"]
