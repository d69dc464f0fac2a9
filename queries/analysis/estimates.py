"""Numbers of distinct values by the data sets that they are in: counted, or estimated from samples with an interval.

Every value has a pattern: the data sets that it is in. A value with `m` tracks in its data set is drawn `m` times as
often, so each draw counts `1/m` (Horvitz and Thompson 1952): the mean of that, times the tracks, is the number of
values. Each pattern is taken from the smallest data set in it, where it is the largest part. What is in one data set
in any case can also be taken from the draws of that one alone; the narrower interval is the answer.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from queries.model import Contract, Json

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""Standard deviations that 95 % of a normal distribution lie within."""

_FEW = 100
"""With fewer draws of a kind than this the interval is that of a Poisson count, which isn't symmetric."""


@dataclass(frozen=True)
class Estimate(Contract):
    """A number; unless it is exact, between `low` and `high` in 95 of 100 answers like this."""

    value: int
    low: int
    high: int

    @property
    def exact(self) -> bool:
        """Tell whether it was counted."""
        return self.low == self.value == self.high

    def as_json(self) -> Json:
        """Return it as the contract has numbers."""
        return {"value": self.value, "exact": self.exact, "low": self.low, "high": self.high}


def share(part: Estimate, total: Estimate) -> float | None:
    """Return a part of a total in per cent, two digits; None of nothing."""
    return round(100 * part.value / total.value, 2) if total.value else None


@dataclass(frozen=True)
class Draws:
    """The values of one pattern in a sample: how many different ones, and sums of their weights, draw by draw."""

    values: int = 0
    weights: float = 0.0
    squares: float = 0.0

    def with_value(self, draws: int, tracks: int) -> "Draws":
        """Return the sums with one more value, of so many draws and of so many tracks in the data set."""
        return Draws(self.values + 1, self.weights + draws / tracks, self.squares + draws / tracks**2)


@dataclass(frozen=True)
class Sample:
    """Draws from one data set: how many of how many tracks, by pattern. `complete`: nothing was left out.

    A pattern is a number whose bit n stands for data set n.
    """

    tracks: int
    draws: int
    by_pattern: Mapping[int, Draws]
    complete: bool


@dataclass(frozen=True)
class Selection:
    """Patterns that have all data sets of `bits`, and `number` data sets in all (None: any number).

    >>> [pattern for pattern in range(8) if pattern in Selection(bits=1, number=2)]
    [3, 5]
    """

    bits: int = 0
    number: int | None = None

    def __contains__(self, pattern: int) -> bool:
        """Tell whether a pattern is selected; that of no data set never is."""
        is_numbered = self.number is None or pattern.bit_count() == self.number
        return pattern > 0 and pattern & self.bits == self.bits and is_numbered


@dataclass(frozen=True)
class Patterns:
    """How many values have each pattern: counted (`counts`), or by samples, one for each data set."""

    datasets: tuple[str, ...]
    counts: Mapping[int, int] | None = None
    samples: tuple[Sample, ...] = field(default=())

    @property
    def exact(self) -> bool:
        """Tell whether no sample left anything out."""
        return self.counts is not None or all(sample.complete for sample in self.samples)

    def number(self, selection: Selection) -> Estimate:
        """Return how many values have one of the selected patterns."""
        if self.counts is None:
            return min(self._estimates(selection), key=lambda each: each.high - each.low)
        total = sum(number for pattern, number in self.counts.items() if pattern in selection)
        return Estimate(total, total, total)

    def _estimates(self, selection: Selection) -> Iterator[Estimate]:
        """Yield the number by the smallest data set of each pattern, and by each data set that is in all of them."""
        ranked = sorted(
            (at for at, sample in enumerate(self.samples) if sample.tracks), key=lambda at: self.samples[at].tracks
        )

        def smallest(pattern: int) -> int | None:
            return next((at for at in ranked if pattern >> at & 1), None)

        yield _sum(
            _part(self.samples[at], (each for each in self.samples[at].by_pattern if smallest(each) == at), selection)
            for place, at in enumerate(ranked)
            if _may_be_first(ranked[place:], selection)
        )
        for at in ranked:
            if selection.bits >> at & 1 or len(self.datasets) in (1, selection.number):
                yield _sum([_part(self.samples[at], self.samples[at].by_pattern, selection)])


def _may_be_first(ranked: Sequence[int], selection: Selection) -> bool:
    """Tell whether a selected pattern may have the first of these data sets, and no other than these."""
    needed = selection.bits | 1 << ranked[0]
    is_possible = not needed & ~sum(1 << at for at in ranked)
    return is_possible and (selection.number is None or needed.bit_count() <= selection.number <= len(ranked))


@dataclass(frozen=True)
class _Part:
    """An estimate from one sample, with its variance, and how many different values it rests on."""

    value: float
    variance: float
    seen: int
    scale: float


def _part(sample: Sample, patterns: Iterable[int], selection: Selection) -> _Part:
    draws = [sample.by_pattern[pattern] for pattern in patterns if pattern in selection]
    total, squares = sum(each.weights for each in draws), sum(each.squares for each in draws)
    seen = sum(each.values for each in draws)
    if sample.complete or not sample.draws:
        return _Part(total, 0.0, seen, 0.0)
    n, scale = sample.draws, sample.tracks / sample.draws
    spread = max(squares - total * total / n, 0.0) / max(n - 1, 1)
    return _Part(total * scale, n * scale * scale * spread * (1 - n / sample.tracks), seen, scale)


def _sum(parts: Iterable[_Part]) -> Estimate:
    listed = list(parts)
    value, seen = sum(part.value for part in listed), sum(part.seen for part in listed)
    scale = max((part.scale for part in listed), default=0.0)
    if scale == 0.0:
        return Estimate(round(value), round(value), round(value))
    certain = sum(part.value for part in listed if part.scale == 0.0)
    sampled = sum(part.seen for part in listed if part.scale)
    if sampled < _FEW:
        least, most = _poisson(sampled)
        each = (value - certain) / sampled if sampled else scale
        low, high = certain + each * least, certain + each * most
    else:
        width = _Z * float(sum(part.variance for part in listed)) ** 0.5
        low, high = value - width, value + width
    # What was seen is there; and an interval of no width would be a claim to have counted.
    return Estimate(round(value), max(int(low), seen), max(int(high) + 1, round(value) + 1))


def _poisson(count: int) -> tuple[float, float]:
    """Return between what a Poisson count's mean lies (Byar's approximation; Breslow and Day 1987, p. 69).

    >>> [round(end, 1) for end in _poisson(10)], [round(end, 1) for end in _poisson(0)]
    ([4.8, 18.4], [0.0, 3.7])
    """
    more = count + 1
    low = count * (1 - 1 / (9 * count) - _Z / (3 * count**0.5)) ** 3 if count else 0.0
    return max(low, 0.0), more * (1 - 1 / (9 * more) + _Z / (3 * more**0.5)) ** 3
