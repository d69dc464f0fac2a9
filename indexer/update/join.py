"""Both sides joined by the hash of their ids, part by part: what stays, what may have changed, what is gone. Pure."""

from dataclasses import dataclass

import polars as pl

from indexer.records import SOURCE_ROW
from indexer.sketch import ID, NO_RAW, PRINT, RAW
from indexer.update.release import NEW, ORDINAL
from indexer.update.spool import Spool
from indexer.update.stored import OLD

KEPT, SUSPECT, GONE = "kept", "suspect", "gone"
BEFORE = "print_before"


@dataclass(frozen=True)
class Joined:
    """How many distinct ids each side has, and how many of them are surely equal, suspected, gone."""

    new: int = 0
    old: int = 0
    kept: int = 0
    suspect: int = 0
    gone: int = 0

    def __add__(self, other: "Joined") -> "Joined":
        """Return the sums."""
        return Joined(
            self.new + other.new,
            self.old + other.old,
            self.kept + other.kept,
            self.suspect + other.suspect,
            self.gone + other.gone,
        )


def join(spool: Spool, *, by_row: bool) -> Joined:
    """Spool what is kept, suspected and gone."""
    count, total = spool.parted(NEW, OLD), Joined()
    for new, old in zip(spool.parts(NEW, count), spool.parts(OLD, count), strict=True):
        total += _part(spool, new, old, by_row=by_row)
    spool.clear(NEW)
    spool.clear(OLD)
    return total


def _part(spool: Spool, new: pl.DataFrame, old: pl.DataFrame, *, by_row: bool) -> Joined:
    """Join one part; of several records with one id the first counts, on both sides."""
    if new.is_empty():
        spool.put(GONE, old.unique(ID).select(ID, PRINT))
        return Joined(old=old[ID].n_unique(), gone=old[ID].n_unique())
    new = new.unique(ID, keep="first", maintain_order=True)
    old = old.unique(ID, keep="first", maintain_order=True)
    before = old.select(ID, pl.col(PRINT).alias(BEFORE), pl.col(RAW).alias("raw_before"))
    both = new.join(before, on=ID, how="left", maintain_order="left")
    kept = both.filter(same(by_row=by_row).fill_null(value=False))
    suspect = both.filter(~same(by_row=by_row).fill_null(value=False))
    gone = old.join(new, on=ID, how="anti")
    spool.put(KEPT, kept.select(ORDINAL, SOURCE_ROW, ID, pl.col(BEFORE).alias(PRINT), RAW))
    spool.put(SUSPECT, suspect.select(ORDINAL, SOURCE_ROW, ID, RAW, BEFORE))
    spool.put(GONE, gone.select(ID, PRINT))
    return Joined(new.height, old.height, kept.height, suspect.height, gone.height)


def same(*, by_row: bool) -> pl.Expr:
    """Return what tells that a record is as it was: its raw row where these are known, else its fingerprint."""
    if by_row:
        return (pl.col(RAW) == pl.col("raw_before")) & (pl.col(RAW) != NO_RAW)
    return pl.col(PRINT) == pl.col(BEFORE)
