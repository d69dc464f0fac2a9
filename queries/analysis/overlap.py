"""What data sets share: tracks against distinct recordings, in each data set and in pairs of them.

A recording is a value of `recording_key`, a video one of `video_ids`. Every value has a pattern: the data sets that it
is in. Of small collections, and where it is asked for, all patterns are counted. Else tracks of each data set are drawn
at random, and the patterns of their values are looked up, exactly. A value with `m` tracks in its data set is drawn `m`
times as often, so each draw counts `1/m` (Horvitz and Thompson 1952): the mean of that, times the tracks, is the number
of values. Each pattern is taken from the smallest data set in it, where it is the largest part. What is in one data set
in any case can also be taken from the draws of that one alone; the narrower interval is the answer.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import combinations

from elasticsearch.dsl.query import Query

from mappings.track import RECORDING_KEY, VIDEO_IDS
from queries.analysis import overlap_requests
from queries.search.request import SearchRequest
from queries.types import Ask, Json, Total

Progress = Callable[[str, int, int], None]
"""Called with the kind of value, how many of its tracks (or values) are done, and of how many."""

MAX_COUNTED = 200_000
"""Tracks up to which everything is counted."""

SAMPLE_SIZE = 10_000
"""Tracks drawn from each data set: a share of a half is then known to a point either way, one of 1 % to a fifth."""

CONFIDENCE = 0.95
_Z = 1.959963984540054
"""Standard deviations that 95 % of a normal distribution lie within."""

_FEW = 100
"""With fewer draws of a kind than this the interval is that of a Poisson count, which isn't symmetric."""


def no_progress(_kind: str, _done: int, _total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Estimate:
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
    """Draws from one data set: how many of how many tracks, by pattern. `whole`: nothing was left out.

    A pattern is a number whose bit n stands for data set n.
    """

    tracks: int
    draws: int
    by_pattern: Mapping[int, Draws]
    whole: bool


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
        return self.counts is not None or all(sample.whole for sample in self.samples)

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
        yield _sum(
            _part(
                self.samples[at],
                (each for each in self.samples[at].by_pattern if _first(ranked, each) == at),
                selection,
            )
            for place, at in enumerate(ranked)
            if _may_be_first(ranked[place:], selection)
        )
        for at in ranked:
            if selection.bits >> at & 1 or len(self.datasets) in (1, selection.number):
                yield _sum([_part(self.samples[at], self.samples[at].by_pattern, selection)])


def _first(ranked: Sequence[int], pattern: int) -> int | None:
    """Return the first data set that is in a pattern."""
    return next((at for at in ranked if pattern >> at & 1), None)


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
    if sample.whole or not sample.draws:
        return _Part(total, 0.0, seen, 0.0)
    n, scale = sample.draws, sample.tracks / sample.draws
    spread = max(squares - total * total / n, 0.0) / max(n - 1, 1)
    variance = n * scale * scale * spread * (1 - n / sample.tracks)
    return _Part(total * scale, variance, seen, scale)


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


@dataclass(frozen=True)
class Shared:
    """What data sets share of one kind of value; `tracks` and those that have none, by data set."""

    tracks: Mapping[str, int]
    without: Mapping[str, int]
    patterns: Patterns

    @property
    def total(self) -> Estimate:
        """Return how many there are, each counted once."""
        return self.patterns.number(Selection())

    def of(self, *datasets: str) -> Estimate:
        """Return how many are in all of these data sets."""
        return self.patterns.number(Selection(bits=sum(1 << self.patterns.datasets.index(each) for each in datasets)))

    def in_exactly(self, number: int) -> Estimate:
        """Return how many are in so many data sets."""
        return self.patterns.number(Selection(number=number))

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
    """What is shared by recording and by YouTube video (None where no track has one), and the number of tracks.

    `complete` is False where there are more data sets than are told apart: the numbers then leave some out.
    """

    tracks: Total
    recordings: Shared
    videos: Shared | None
    took_ms: int
    complete: bool = True

    @property
    def estimated(self) -> bool:
        """Tell whether any number rests on a sample."""
        return not all(shared.patterns.exact for shared in (self.recordings, self.videos) if shared)

    @property
    def exact(self) -> bool:
        """Tell whether everything was counted."""
        return self.complete and not self.estimated

    def as_json(self) -> Json:
        """Return the answer as the contract has it."""
        return {
            "exact": self.exact,
            "confidence": CONFIDENCE if self.estimated else None,
            "tracks": asdict(self.tracks),
            "recordings": self.recordings.as_json(),
            "videos": self.videos.as_json() if self.videos else None,
            "took_ms": self.took_ms,
        }


def run(ask: Ask, request: SearchRequest, *, exact: bool = False, progress: Progress = no_progress) -> Overlap:
    """Return what data sets share of the tracks of a request; `exact` counts however many there are."""
    began = time.monotonic()
    tracks = overlap_requests.selected(request)
    (answer,) = ask(overlap_requests.datasets_body(tracks))
    counted = overlap_requests.read_datasets(answer)

    def shared(kind: str, having: Mapping[str, int]) -> Shared:
        number = sum(having.values())
        read = _count if exact or number <= MAX_COUNTED else _sample
        patterns = read(ask, tracks, kind, having, progress)
        own = {name: counted.tracks[name] for name in having}
        return Shared(own, {name: own[name] - number for name, number in having.items()}, patterns)

    with_video = {name: number for name, number in counted.having[VIDEO_IDS].items() if number}
    recordings = shared(RECORDING_KEY, counted.having[RECORDING_KEY])
    videos = shared(VIDEO_IDS, with_video) if with_video else None
    total = Total(sum(counted.tracks.values()), exact=counted.complete)
    return Overlap(total, recordings, videos, round((time.monotonic() - began) * 1000), counted.complete)


def _bits(datasets: Iterable[str]) -> dict[str, int]:
    return {name: 1 << at for at, name in enumerate(datasets)}


def _count(ask: Ask, tracks: Sequence[Query], kind: str, having: Mapping[str, int], progress: Progress) -> Patterns:
    """Return the patterns of all values, one block after the other; a value may go on in the next."""
    bits, total = _bits(having), sum(having.values())
    counts = Counter[int]()
    value, pattern, done, after = None, 0, 0, None
    while total:
        (answer,) = ask(overlap_requests.block_body(tracks, kind, after))
        block = overlap_requests.read_block(answer)
        for bucket in block:
            if bucket["key"]["value"] != value:
                counts[pattern] += 1
                value, pattern = bucket["key"]["value"], 0
            pattern |= bits.get(bucket["key"]["dataset"], 0)
            done += int(bucket["doc_count"])
        progress(kind, done, total)
        if len(block) < overlap_requests.BLOCK:
            break
        after = block[-1]["key"]
    counts[pattern] += 1
    del counts[0]  # what stands before the first value, and values of data sets that came meanwhile
    return Patterns(tuple(having), counts)


def _sample(ask: Ask, tracks: Sequence[Query], kind: str, having: Mapping[str, int], progress: Progress) -> Patterns:
    """Return the patterns of values of tracks that are drawn from each data set."""
    samples = [_draw(ask, tracks, kind, name, having, progress) for name in having]
    return Patterns(tuple(having), samples=tuple(samples))


def _draw(
    ask: Ask, tracks: Sequence[Query], kind: str, dataset: str, having: Mapping[str, int], progress: Progress
) -> Sample:
    """Return the sample of one data set, with the patterns of its values."""
    bits, total = _bits(having), having[dataset]
    if not total:
        return Sample(0, 0, {}, whole=True)
    # Elasticsearch draws less than a half, or everything.
    probability = SAMPLE_SIZE / total if total > 2 * SAMPLE_SIZE else 1.0
    while True:
        (answer,) = ask(overlap_requests.sample_body(tracks, kind, dataset, probability))
        drawn = overlap_requests.read_sample(answer, probability)
        if drawn.complete:
            break
        probability = min(probability, 0.9) / 2  # all values of fewer tracks, not some values of these
    by_pattern: dict[int, Draws] = {}
    done = 0
    for values in overlap_requests.lookups(drawn.values, len(having)):
        (answer,) = ask(overlap_requests.lookup_body(tracks, kind, values))
        for value, counts in overlap_requests.read_lookup(answer).items():
            pattern = bits[dataset] | sum(bits.get(name, 0) for name in counts if name != dataset)
            before = by_pattern.get(pattern, Draws())
            by_pattern[pattern] = before.with_value(drawn.values[value], counts.get(dataset, 1))
        done += len(values)
        progress(kind, done, len(drawn.values))
    return Sample(total, drawn.tracks, by_pattern, whole=probability == 1.0)
