"""Documents as the new release says they should be, for the gate that compares a sample with its source."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

import polars as pl

from indexer.checks.sample import EXTRA, SPREAD, Expected, expected
from indexer.documents.bulk_body import LINE, lines
from indexer.documents.finalize import ready
from indexer.records import SOURCE_ROW
from indexer.update.compare import CHANGES, KEPT
from indexer.update.read_release import ORDINAL, Release
from indexer.update.workdir import WorkDir


@dataclass(frozen=True)
class Sampler:
    """Reads records of the new release once more: of each of a few chunks some that stayed and some that were sent.

    A record that stayed has the evidence and the version of the release in which it was last read as new: neither is
    compared.
    """

    release: Release
    spool: WorkDir
    wanted: int
    seed: str

    def __call__(self) -> Iterator[list[Expected]]:
        """Yield batches: some rows of a few chunks, then all rows of all of them."""
        chance = random.Random(self.seed)  # noqa: S311 - a sample that can be drawn again, no secret
        ordinals = [ordinal for ordinal, _, chunk in self.release.chunks() if chunk.rows]
        chance.shuffle(ordinals)
        each = ceil(EXTRA * self.wanted / max(1, min(len(ordinals), SPREAD)))
        for most in (each, None):
            for start in range(0, len(ordinals), SPREAD):
                yield from self._expected(set(ordinals[start : start + SPREAD]), most)

    def _expected(self, ordinals: set[int], most: int | None) -> Iterator[list[Expected]]:
        frames = (self.spool.where(name, pl.col(ORDINAL).is_in(ordinals)) for name in (KEPT, CHANGES))
        rows = pl.concat([frame.select(ORDINAL, SOURCE_ROW) for frame in frames if frame is not None])
        for ordinal, key, chunk in self.release.chunks():
            own = rows.filter(pl.col(ORDINAL) == ordinal)
            if ordinal not in ordinals or own.is_empty():
                continue
            picked = own.sample(most, seed=ordinal) if most is not None and most < own.height else own
            raw = self.release.read(key, chunk)
            if self.release.by_row:
                raw = replace(raw, frame=raw.frame.join(picked, on=SOURCE_ROW, how="semi"), rejections=(), skipped=0)
            entry = self.release.plan.files[key.file]
            tracks = ready(self.release.plan.source.normalise(raw, entry.file), entry.file.name).tracks
            tracks = tracks.join(picked, on=SOURCE_ROW, how="semi")
            yield [replace(expected(line), version=None) for line in lines(tracks, key.file)[LINE]]
