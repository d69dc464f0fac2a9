"""What a gate is, what it looks at, and how much it allows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from indexer.records import Totals
from mappings.index_names import Generation


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
    """A generation that asks to be served: what was counted while it was built.

    `documents` are in its index, `kept` rejected records in theirs; `planned` records are in the source files, None
    where it was not built from files. `touched` is how many tracks were added, changed and removed, where that is
    known exactly. `synthetic`: all rows are made up. `part_before`: why the current generation is known to be only a
    part of its data set ("sample rows", "--limit 100"), so that it may grow. `ignored` fields are not compared with the
    source.
    """

    generation: Generation
    totals: Totals
    documents: int
    kept: int
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
