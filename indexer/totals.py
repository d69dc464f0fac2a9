"""What became of the records and of their values, and the one place where the sums are checked."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any


@dataclass(frozen=True)
class Totals:
    """Counts of records.

    While a load runs, `indexed` are all records that were accepted, also where several have one id; `distinct` tells
    them apart at its end.
    """

    read: int = 0
    indexed: int = 0
    duplicates: int = 0
    skipped: int = 0
    rejected: int = 0

    @classmethod
    def read_from(cls, stored: Mapping[str, Any]) -> "Totals":
        """Return the counts among stored values; what is not there is 0."""
        return cls(**{entry.name: int(stored.get(entry.name, 0)) for entry in fields(cls)})

    def __add__(self, other: "Totals") -> "Totals":
        """Return the sums, count by count."""
        return Totals(**{entry.name: getattr(self, entry.name) + getattr(other, entry.name) for entry in fields(self)})

    @property
    def missing(self) -> int:
        """Return how many records are not accounted for; anything but 0 is a failed load."""
        return self.read - self.indexed - self.duplicates - self.skipped - self.rejected

    def distinct(self, ids: int) -> "Totals":
        """Return the totals of accepted records that have so many distinct ids: all others are duplicates."""
        return replace(self, indexed=ids, duplicates=self.duplicates + self.indexed - ids)

    def differences(self, documents: int, kept: int, planned: int | None = None) -> list[str]:
        """Return each sum that does not hold, as a part of a sentence; none for a load that adds up.

        `documents` are in the index, `kept` rejected records in theirs, `planned` records in the source files.
        """
        sums = (
            ("records planned and read", self.read if planned is None else planned, self.read),
            ("records read and accounted for", self.read, self.read - self.missing),
            ("records indexed and documents in the index", self.indexed, documents),
            ("records rejected and kept", self.rejected, kept),
        )
        return [f"{name} differ, {left:,} and {right:,}" for name, left, right in sums if left != right]


def by_rule(counts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return how many values each rule changed or dropped, over all stretches, in the rules' order.

    >>> by_rule([{"year: implausible": 2}, {}, {"plays: unreadable": 1, "year: implausible": 1}])
    {'plays: unreadable': 1, 'year: implausible': 3}
    """
    summed: Counter[str] = Counter()
    for entry in counts:
        summed.update(entry)
    return dict(sorted(summed.items()))
