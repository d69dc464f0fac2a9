"""What a gate is, what it looks at, how much it allows; and the gates of the counts: numbers in, gates out."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.records import Totals
from mappings.index_names import Generation

NOTHING = "none:"
"""Begins what a gate saw that would put an empty index into service."""


@dataclass(frozen=True)
class Gate:
    """One gate: what it saw and what is allowed, as text for people, and whether it was passed."""

    name: str
    seen: str
    allowed: str
    passed: bool


@dataclass(frozen=True)
class Thresholds:
    """How much may differ from the current generation.

    `max_change` in per cent of its documents; `max_fall` in percentage points of a field's fill rate: the four data
    sets' own fields differ by less than one between two halves of their rows, a lost column is tens. `max_rejected` in
    per cent of the records that were read. `sample` is how many documents are compared with their source.
    """

    max_change: float = 10.0
    max_fall: float = 5.0
    max_rejected: float = 1.0
    sample: int = 1_000


@dataclass(frozen=True)
class Candidate:
    """A generation that may go into service: what was counted while it was built.

    `documents` are in its index, `stored_rejections` in theirs; `planned` records are in the source files, None where
    it was not built from files. `touched` is how many tracks were added, changed and removed, where that is
    known exactly. `synthetic`: all rows are made up. `part_before`: why the current generation is known to be only a
    part of its data set ("sample rows", "--limit 100"), so that it may grow. `ignored` fields are not compared with the
    source.
    """

    generation: Generation
    totals: Totals
    documents: int
    stored_rejections: int
    planned: int | None = None
    touched: int | None = None
    synthetic: bool = False
    part_before: str = ""
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True)
class IndexStats:
    """What a generation has: documents, in how many of them each field is filled, and a sample of ids."""

    generation: Generation
    documents: int
    filled: Mapping[str, int]
    sampled: Mapping[str, float] = field(default_factory=dict)
    ids: tuple[str, ...] = ()

    def rate(self, name: str) -> float:
        """Return the fill rate of a field in per cent."""
        if name in self.sampled:
            return self.sampled[name]
        return 100.0 * self.filled.get(name, 0) / self.documents if self.documents else 0.0


def grows(candidate: Candidate, before: IndexStats, thresholds: Thresholds) -> bool:
    """Tell whether a part of a data set is replaced by something larger, with which it can't be compared."""
    return bool(candidate.part_before) and candidate.documents > before.documents * (1 + thresholds.max_change / 100)


def not_applied(name: str, why: str, allowed: str) -> Gate:
    """Return a gate that has nothing to look at: passed, and it says why."""
    return Gate(name, f"not applied: {why}", allowed, passed=True)


def totals(candidate: Candidate) -> Gate:
    """Return the gate of the sums: read = indexed + duplicates + skipped + rejected, and all that was planned."""
    count = candidate.totals
    problems = count.differences(count.indexed, candidate.stored_rejections, candidate.planned)
    parts = f"{count.indexed:,} indexed, {count.duplicates:,} duplicates, {count.skipped:,} skipped"
    seen = "; ".join(problems) or f"{count.read:,} read = {parts}, {count.rejected:,} rejected"
    return Gate("totals", seen, "no difference", not problems)


def documents(candidate: Candidate) -> Gate:
    """Return the gate of the index's own count: as many as accepted records have distinct ids, and not nothing."""
    seen, expected, read = candidate.documents, candidate.totals.indexed, candidate.totals.read
    if read and not expected:
        nothing = f"{NOTHING} all of {read:,} records were rejected or skipped"
        return Gate("documents", nothing, "at least one", passed=False)
    return Gate("documents", f"{seen:,} documents", f"{expected:,}, one for each id", seen == expected)


def rejected(candidate: Candidate, thresholds: Thresholds) -> Gate:
    """Return the gate of the rejected records' share."""
    count, read = candidate.totals.rejected, candidate.totals.read
    allowed = f"at most {thresholds.max_rejected:g} %"
    if candidate.planned is None:
        return not_applied("rejected", "no source file was read", allowed)
    share = 100.0 * count / read if read else 0.0
    seen = f"{count:,} of {read:,} records ({share:.2g} %)"
    return Gate("rejected", seen, allowed, share <= thresholds.max_rejected)


def change(candidate: Candidate, before: IndexStats | None, gone: float, thresholds: Thresholds) -> Gate:
    """Return the gate of the change: of the number of documents, and of which tracks there are.

    `gone` is how many of a sample of the current generation's tracks are missing in the new one, in per cent; where
    the difference is known exactly (`touched`), that is what counts.
    """
    allowed = f"at most {thresholds.max_change:g} %"
    if before is None or not before.documents:
        return not_applied("change", "there is no current generation", allowed)
    if grows(candidate, before, thresholds):
        return not_applied("change", f"the current generation is a part ({candidate.part_before})", allowed)
    grown = 100.0 * (candidate.documents - before.documents) / before.documents
    size = f"{before.documents:,} to {candidate.documents:,} documents ({grown:+.1f} %)"
    if candidate.touched is not None:
        share = 100.0 * candidate.touched / before.documents
        text = f"{size}, {candidate.touched:,} added, changed or removed ({share:.1f} %)"
        return Gate("change", text, allowed, max(abs(grown), share) <= thresholds.max_change)
    text = f"{size}, {gone:.1f} % of {len(before.ids):,} sampled tracks gone"
    return Gate("change", text, allowed, max(abs(grown), gone) <= thresholds.max_change)
