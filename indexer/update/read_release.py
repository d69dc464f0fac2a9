"""The new release: read once for an id and a hash of each record, and once more for the sample that is checked."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import polars as pl

from indexer.checks.sample import EXTRA, SPREAD, Expected, Sampler, expected
from indexer.cluster.progress import Progress
from indexer.documents.bulk_body import LINE, PIECE
from indexer.documents.digest import ID, PRINT, RAW, row_hashes, row_ids, sketch
from indexer.load.plan import Plan, PlannedFile
from indexer.records import SOURCE_ROW, Chunk, RawBatch, Totals
from indexer.update.workdir import CHANGES, NEW, ORDINAL, UNCHANGED, WITHOUT_ID, WorkDir
from mappings.track import FINGERPRINT


@dataclass(frozen=True)
class Release:
    """The records of the new release, in the order that decides which of an id is the first.

    `by_row`: only ids and raw rows are read, and fingerprints are not known yet.
    """

    plan: Plan
    by_row: bool

    def chunks(self) -> Iterator[tuple[int, PlannedFile, Chunk]]:
        """Yield all chunks with their ordinal and their file."""
        for ordinal, (key, chunk) in enumerate(self.plan.chunks()):
            yield ordinal, self.plan.files[key.file], chunk

    def digest(self, to: WorkDir, progress: Progress) -> Totals:
        """Write the digests of all records; return the totals, in which every record with an id counts as indexed."""
        totals = Totals()
        for ordinal, entry, chunk in self.chunks():
            read = _rows if self.by_row else _contents
            frame, counts = read(entry, entry.read(chunk), to, ordinal)
            to.put(NEW, frame.with_columns(pl.lit(ordinal, pl.UInt32).alias(ORDINAL)))
            progress.advance(entry.number, counts)
            totals += counts
        return totals


def _contents(entry: PlannedFile, raw: RawBatch, to: WorkDir, _ordinal: int) -> tuple[pl.DataFrame, Totals]:
    batch = entry.tracks(raw)
    to.reject(batch.rejections)
    rows = row_hashes(raw.frame) if entry.source.row_independent else None
    prints = [entry.lines(piece)[FINGERPRINT] for piece in batch.tracks.iter_slices(PIECE)]
    made = sketch(batch.tracks, prints, rows)
    return made.select(SOURCE_ROW, ID, PRINT, RAW), batch.totals + Totals(indexed=made.height)


def _rows(entry: PlannedFile, raw: RawBatch, to: WorkDir, ordinal: int) -> tuple[pl.DataFrame, Totals]:
    to.reject(raw.rejections)
    rows = row_ids(raw.frame, entry.source.dataset, entry.source.ids(raw.frame))
    without = rows.filter(pl.col(ID).is_null())
    to.put(WITHOUT_ID, without.select(pl.lit(ordinal, pl.UInt32).alias(ORDINAL), SOURCE_ROW))
    with_id = rows.filter(pl.col(ID).is_not_null())
    totals = Totals(
        read=raw.frame.height + len(raw.rejections) + raw.skipped,
        indexed=with_id.height,
        skipped=raw.skipped,
        rejected=len(raw.rejections) + without.height,
    )
    # The fingerprint of a row that did not change is the one that the current generation has.
    return with_id.select(SOURCE_ROW, ID, pl.lit(None, pl.Int64).alias(PRINT), RAW), totals


def sampler(release: Release, work: WorkDir, number: int, seed: str) -> Sampler:
    """Return a sampler that reads some records that stayed and some that were sent, then all, of each of a few chunks.

    A record that stayed has the evidence and the version of the release in which it was last read as new: neither is
    compared.
    """

    def sample() -> Iterator[list[Expected]]:
        chance = random.Random(seed)  # noqa: S311 - a sample that can be drawn again, no secret
        ordinals = [ordinal for ordinal, _, chunk in release.chunks() if chunk.rows]
        chance.shuffle(ordinals)
        each = ceil(EXTRA * number / max(1, min(len(ordinals), SPREAD)))
        for most in (each, None):
            for start in range(0, len(ordinals), SPREAD):
                yield from _expected(release, work, set(ordinals[start : start + SPREAD]), most)

    return sample


def _expected(release: Release, work: WorkDir, ordinals: set[int], most: int | None) -> Iterator[list[Expected]]:
    frames = (work.where(name, pl.col(ORDINAL).is_in(ordinals)) for name in (UNCHANGED, CHANGES))
    rows = pl.concat([frame.select(ORDINAL, SOURCE_ROW) for frame in frames if frame is not None])
    for ordinal, entry, chunk in release.chunks():
        own = rows.filter(pl.col(ORDINAL) == ordinal)
        if ordinal not in ordinals or own.is_empty():
            continue
        picked = own.sample(most, seed=ordinal) if most is not None and most < own.height else own
        raw = entry.read(chunk)
        if release.by_row:
            raw = replace(raw, frame=raw.frame.join(picked, on=SOURCE_ROW, how="semi"), rejections=(), skipped=0)
        tracks = entry.tracks(raw).tracks.join(picked, on=SOURCE_ROW, how="semi")
        yield [replace(expected(line), version=None) for line in entry.lines(tracks)[LINE]]
