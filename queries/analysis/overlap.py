"""What data sets share: tracks against distinct recordings, per set and between sets; how it is estimated and told.

A recording is a value of `recording_key`, a video one of `video_ids`. Every value has a pattern: the data sets
that it is in. Of small collections, and where it is asked for, all patterns are counted. Else tracks of each data set
are drawn at random, and the patterns of their values are looked up, exactly. A value with `m` tracks in its data set is
drawn `m` times as often, so each draw counts `1/m` (Horvitz and Thompson 1952): the mean of that, times the tracks, is
the number of values. Each pattern is taken from the smallest data set in it, where it is the largest part; what is in
one data set at least may also be told by the draws of that one alone, and the narrower interval is taken.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations
from typing import Any

import polars as pl

from queries.answer import Total

Json = dict[str, Any]

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""Standard deviations that 95 % of a normal distribution lie within."""

_FEW = 100
"""With fewer draws of a kind than this the interval is that of a Poisson count, which isn't symmetric."""


@dataclass(frozen=True)
class Estimate:
    """A number; unless it is exact, between `low` and `high` in 95 of 100 answers like this."""

    value: int
    low: int
    high: int

    @property
    def exact(self) -> bool:
        """Say whether it was counted."""
        return self.low == self.value == self.high

    def as_json(self) -> Json:
        """Return it as the contract has numbers."""
        return {"value": self.value, "exact": self.exact, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Sample:
    """Draws from one data set: how many of how many tracks, and of each value seen `drawn`, tracks `m`, pattern `mask`.

    A mask has bit n for data set n. `whole`: nothing was left out.
    """

    tracks: int
    draws: int
    values: pl.DataFrame
    whole: bool


Masks = Callable[[int], bool]


@dataclass(frozen=True)
class Patterns:
    """How many values have each pattern: counted (`counts` by mask), or by samples, one for each data set."""

    datasets: tuple[str, ...]
    counts: Mapping[int, int] | None = None
    samples: tuple[Sample, ...] = field(default=())

    def number(self, wanted: Masks) -> Estimate:
        """Return how many values have one of the wanted patterns."""
        if self.counts is None:
            return min(self._ways(wanted), key=lambda found: found.high - found.low)
        masks = self._masks(wanted)
        total = sum(self.counts.get(mask, 0) for mask in masks)
        return Estimate(total, total, total)

    def _masks(self, wanted: Masks) -> list[int]:
        return [mask for mask in range(1, 1 << len(self.datasets)) if wanted(mask)]

    def _ways(self, wanted: Masks) -> Iterator[Estimate]:
        """Yield the number as each data set's own draws tell it that is in all of them, and as the smallest ones do."""
        masks = self._masks(wanted)
        yield _sum(_part(self.samples[at], own) for at, own in self._by_source(masks).items())
        for at, sample in enumerate(self.samples):
            if sample.tracks and all(mask >> at & 1 for mask in masks):
                yield _sum([_part(sample, masks)])

    def _by_source(self, masks: Iterable[int]) -> dict[int, list[int]]:
        """Return, by number of the data set that tells them best, the patterns: the smallest that is in them."""
        sources: dict[int, list[int]] = {}
        for mask in masks:
            held = [at for at in range(len(self.datasets)) if mask >> at & 1 and self.samples[at].tracks]
            if len(held) == mask.bit_count():  # a data set without values is in no pattern
                sources.setdefault(min(held, key=lambda at: self.samples[at].tracks), []).append(mask)
        return sources


@dataclass(frozen=True)
class _Part:
    """An estimate from one sample, with its variance, and how many different values it rests on."""

    value: float
    variance: float
    seen: int
    scale: float


def _part(sample: Sample, masks: Sequence[int]) -> _Part:
    of = sample.values.filter(pl.col("mask").is_in(masks))
    weight = 1 / of["m"]
    total, squares = float((of["drawn"] * weight).sum()), float((of["drawn"] * weight * weight).sum())
    if sample.whole or not sample.draws:
        return _Part(total, 0.0, of.height, 0.0)
    n, scale = sample.draws, sample.tracks / sample.draws
    spread = max(squares - total * total / n, 0.0) / max(n - 1, 1)
    variance = n * scale * scale * spread * (1 - n / sample.tracks)
    return _Part(total * scale, variance, of.height, scale)


def _sum(parts: Iterable[_Part]) -> Estimate:
    listed = list(parts)
    value, seen = sum(part.value for part in listed), sum(part.seen for part in listed)
    scale = max((part.scale for part in listed), default=0.0)
    if scale == 0.0:
        return Estimate(round(value), round(value), round(value))
    certain = sum(part.value for part in listed if part.scale == 0.0)
    drawn = sum(part.seen for part in listed if part.scale)
    least, most = _poisson(drawn) if drawn < _FEW else (0.0, 0.0)
    open_part = value - certain
    if drawn < _FEW:
        each = open_part / drawn if drawn else scale
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


def added(counts: dict[int, int], rows: pl.DataFrame) -> None:
    """Add the patterns of complete values, given rows of value and its data set's bit, to the counts by mask."""
    masks = rows.group_by("value").agg(pl.col("bit").sum())["bit"]
    for mask, number in masks.value_counts(name="n").iter_rows():
        counts[mask] = counts.get(mask, 0) + number


@dataclass(frozen=True)
class Shared:
    """What data sets share of one kind of value; `tracks` and those that have none, by data set."""

    tracks: Mapping[str, int]
    without: Mapping[str, int]
    patterns: Patterns

    def _bit(self, dataset: str) -> int:
        return 1 << self.patterns.datasets.index(dataset)

    @property
    def total(self) -> Estimate:
        """Return how many there are, each counted once."""
        return self.patterns.number(bool)

    def of(self, *datasets: str) -> Estimate:
        """Return how many are in all of these data sets."""
        bits = sum(map(self._bit, datasets))
        return self.patterns.number(lambda mask: mask & bits == bits)

    def in_exactly(self, number: int) -> Estimate:
        """Return how many are in so many data sets."""
        return self.patterns.number(lambda mask: mask.bit_count() == number)

    def as_json(self) -> Json:
        """Return sets, pairs and sums as the contract has them."""
        names = self.patterns.datasets
        own = {name: self.of(name) for name in names}
        rows = [
            {"dataset": n, "tracks": self.tracks[n], "without": self.without[n], "distinct": own[n].as_json()}
            for n in names
        ]
        couples = [(one, other, self.of(one, other)) for one, other in combinations(names, 2)]
        pairs = [
            {"datasets": [a, b], "shared": both.as_json(), "shares": [share(both, own[a]), share(both, own[b])]}
            for a, b, both in couples
        ]
        return {
            "distinct": self.total.as_json(),
            "datasets": rows,
            "pairs": pairs,
            "in_datasets": [
                {"datasets": n, "distinct": self.in_exactly(n).as_json()} for n in range(1, len(names) + 1)
            ],
        }


def share(part: Estimate, whole: Estimate) -> float | None:
    """Return a part of a whole in per cent, two digits; None of nothing."""
    return round(100 * part.value / whole.value, 2) if whole.value else None


@dataclass(frozen=True)
class Overlap:
    """The answer: tracks, and what is shared by recording and by YouTube video (None where no track has one)."""

    tracks: Total
    recordings: Shared
    videos: Shared | None
    took_ms: int

    @property
    def exact(self) -> bool:
        """Say whether everything was counted."""
        return all(self.is_exact(shared) for shared in (self.recordings, self.videos) if shared)

    @staticmethod
    def is_exact(shared: Shared) -> bool:
        """Say whether no sample left anything out."""
        return shared.patterns.counts is not None or all(one.whole for one in shared.patterns.samples)

    def as_json(self) -> Json:
        """Return the answer as the contract has it."""
        return {
            "exact": self.exact,
            "confidence": None if self.exact else CONFIDENCE,
            "tracks": asdict(self.tracks),
            "recordings": self.recordings.as_json(),
            "videos": self.videos.as_json() if self.videos else None,
            "took_ms": self.took_ms,
        }
