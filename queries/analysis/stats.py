"""What is in there: shares, and what a data set has more of than the rest, by significance instead of raw counts.

A value is over-represented if its share in one data set is larger than in all others together, and by more than
chance would make of as many tracks. The ratio of the shares has an interval (Katz et al. 1978, on the logarithm), p is
that of a G-test. Both are corrected for the number of values that might have been reported (Bonferroni), so that one
answer in twenty has a wrong row, not one row in twenty. Rows are ranked by the lower end: "at least so many times".
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from math import erfc, exp, log, sqrt
from statistics import NormalDist
from typing import Any

from queries.answer import Total
from queries.facets import TABLE

Json = dict[str, Any]
Value = str | int

FACETS = ("genre", "licence", "commercial_use", "language", "decade")
"""What shares are told of."""

CONFIDENCE = 0.95
FEWEST = 5
"""Tracks that an over-represented value has at least: the interval takes their number as large."""

_LEAST_P = 1e-300
"""Smaller than this p is told as this: floats end near there."""


@dataclass(frozen=True)
class Counts:
    """Tracks by value of one facet, and tracks without one."""

    values: Mapping[Value, int]
    missing: int

    def as_json(self, tracks: int, *, in_order: bool) -> Json:
        """Return values by count, or in their own order, with their shares of all tracks in per cent."""
        ordered = sorted(self.values.items(), key=lambda pair: (0 if in_order else -pair[1], pair[0]))
        rows = [{"value": value, "count": count, "percent": percent(count, tracks)} for value, count in ordered]
        return {"values": rows, "missing": self.missing}


def percent(count: int, of: int) -> float:
    """Return a share in per cent, two digits."""
    return round(100 * count / of, 2) if of else 0.0


@dataclass(frozen=True)
class Group:
    """Some tracks: those of a data set, of all that are meant, or of the rest. Every track has one data set."""

    name: str
    tracks: int
    facets: Mapping[str, Counts]

    def as_json(self) -> Json:
        """Return the group as the contract has it."""
        shares = {
            name: counts.as_json(self.tracks, in_order=TABLE[name].by_value) for name, counts in self.facets.items()
        }
        return {"name": self.name, "tracks": self.tracks, "shares": shares}


def together(name: str, groups: Iterable[Group]) -> Group:
    """Return several groups as one.

    >>> one = Group("a", 3, {"genre": Counts({"rock": 2}, 1)})
    >>> together("both", [one, one]).facets["genre"]
    Counts(values={'rock': 4}, missing=2)
    """
    tracks, facets = 0, dict[str, Counts]()
    for group in groups:
        tracks += group.tracks
        for facet, counts in group.facets.items():
            before = facets.get(facet, Counts({}, 0))
            values = Counter(before.values)
            values.update(counts.values)
            facets[facet] = Counts(dict(values), before.missing + counts.missing)
    return Group(name, tracks, facets)


@dataclass(frozen=True)
class Row:
    """A value that a data set has more of: its tracks there of those that have any value, the same of the rest.

    `ratio` of the shares is None where the rest has none; it lies above `low` and below `high`; p is corrected.
    """

    value: Value
    count: int
    of: int
    rest: int
    rest_of: int
    ratio: float | None
    low: float
    high: float
    p: float

    def as_json(self) -> Json:
        """Return the row as the contract has it, with shares in per cent."""
        shares = {"percent": percent(self.count, self.of), "rest_percent": percent(self.rest, self.rest_of)}
        return asdict(self) | shares


@dataclass(frozen=True)
class Comparison:
    """What of one kind a data set has more of than the rest: the first rows, of so many values that were compared.

    `offered` says how many of these were looked at one by one: those with the most tracks in the data set.
    """

    dataset: str
    kind: str
    compared: int
    offered: int
    rows: tuple[Row, ...]

    def as_json(self) -> Json:
        """Return the comparison as the contract has it."""
        return asdict(self) | {"confidence": CONFIDENCE, "rows": [row.as_json() for row in self.rows]}


def row(value: Value, count: int, of: int, rest: int, rest_of: int, compared: int) -> Row:
    """Return the comparison of two shares, corrected for the number of values that are compared.

    >>> found = row("rock", 50, 100, 100, 1000, 1)
    >>> found.ratio, round(found.low, 2), round(found.high, 2), found.p < 1e-15
    (5.0, 3.82, 6.55, True)
    """
    # Half a track more where the rest has none: a ratio to nothing has no lower end.
    seen = rest or 0.5
    ratio = (count / of) / (seen / rest_of)
    width = NormalDist().inv_cdf(1 - (1 - CONFIDENCE) / (2 * compared)) * sqrt(
        max(1 / count - 1 / of + 1 / seen - 1 / rest_of, 0)
    )
    p = min(1.0, erfc(sqrt(_g(count, of, rest, rest_of) / 2)) * compared)
    low, high = ratio * exp(-width), ratio * exp(width)
    return Row(value, count, of, rest, rest_of, ratio if rest else None, low, high, max(p, _LEAST_P))


def _g(count: int, of: int, rest: int, rest_of: int) -> float:
    """Return the G statistic of a table of two by two."""
    share = (count + rest) / (of + rest_of)
    cells = (
        (count, of * share), (of - count, of * (1 - share)),
        (rest, rest_of * share), (rest_of - rest, rest_of * (1 - share)),
    )  # fmt: skip
    return max(2 * sum(seen * log(seen / expected) for seen, expected in cells if seen), 0.0)


def most(rows: Iterable[Row], size: int) -> tuple[Row, ...]:
    """Return the rows that are certainly over-represented, the most so first."""
    certain = [each for each in rows if each.low > 1 and each.count >= FEWEST and each.p < 1 - CONFIDENCE]
    return tuple(sorted(certain, key=lambda each: (-each.low, str(each.value)))[:size])


@dataclass(frozen=True)
class Stats:
    """The answer: the tracks that are meant, by data set, the rest, and what is over-represented.

    `rest` are the other data sets' tracks under the same filters, None where no data set was chosen.
    """

    all: Group
    datasets: tuple[Group, ...]
    rest: Group | None
    recordings: Total
    artists: Total
    comparisons: tuple[Comparison, ...]
    exact: bool
    text_cut: bool
    took_ms: int

    def as_json(self) -> Json:
        """Return the answer as the contract has it."""
        return {
            "total": {"value": self.all.tracks, "exact": True},
            "recordings": asdict(self.recordings),
            "artists": asdict(self.artists),
            "all": self.all.as_json(),
            "datasets": [group.as_json() for group in self.datasets],
            "rest": self.rest.as_json() if self.rest else None,
            "over_represented": [each.as_json() for each in self.comparisons],
            "exact": self.exact,
            "text_cut": self.text_cut,
            "took_ms": self.took_ms,
        }
