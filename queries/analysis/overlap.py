"""What data sets share: tracks against distinct recordings, in each data set and in pairs of them.

A recording is a value of `recording_key`, a video one of `video_ids`. Of small collections, and where it is asked for,
all values are counted: they are paged through in their order, each with its data sets. Else tracks of each data set are
drawn at random, always the same of the same index, and the data sets of their values are looked up, exactly.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from elasticsearch.dsl import A, Q
from elasticsearch.dsl import Search as SearchBody
from elasticsearch.dsl.query import Bool, Exists, Query, Term, Terms

from mappings.track import DATASET, RECORDING_KEY, VIDEO_IDS
from queries.analysis.estimates import CONFIDENCE, Draws, Estimate, Patterns, Sample, Selection, share
from queries.model import Ask, Contract, Json, Stage, Total
from queries.search.search_request import Search, SearchRequest, matched

Progress = Callable[[str, int, int], None]
"""Called with the kind of value, how many of its tracks (or values) are done, and of how many."""

MAX_COUNTED = 200_000
"""Tracks up to which everything is counted."""

SAMPLE_SIZE = 10_000
"""Tracks drawn from each data set: a share of a half is then known to a point either way, one of 1 % to a fifth."""

MAX_DATASETS = 1_000
"""Data sets that are told apart; with more, the answer says that it isn't exact."""

BLOCK = 10_000
"""Values, each with one data set, that are paged through in one request; nothing else runs while one is decoded."""

MAX_SAMPLED_VALUES = 50_000
"""Different values of a sample at most: Elasticsearch gives at most 65,536 buckets in an answer."""

MAX_LOOKED_UP = 1_000
"""Values whose data sets are looked up in one request; the time for one grows faster than the number."""

_MAX_BUCKETS = 60_000
_SEED = 20_241_117


def no_progress(_kind: str, _done: int, _total: int) -> None:
    """Report nothing."""


@dataclass(frozen=True)
class Shared(Contract):
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
        sums = [{"datasets": n, "distinct": self.in_exactly(n).as_json()} for n in range(1, len(names) + 1)]
        return {"distinct": self.total.as_json(), "datasets": rows, "pairs": pairs, "in_datasets": sums}


@dataclass(frozen=True)
class Overlap(Contract):
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
        content = super().as_json()
        del content["complete"]
        return {"exact": self.exact, "confidence": CONFIDENCE if self.estimated else None, **content}


def run(ask: Ask, request: SearchRequest, *, exact: bool = False, progress: Progress = no_progress) -> Overlap:
    """Return what data sets share of the tracks of a request; `exact` counts however many there are."""
    began = time.monotonic()
    # Without a query a composite aggregation walks the terms, else it looks at every track for each block.
    tracks = (Q(matched(Search(request, Stage.STRICT))),) if request.filters or request.text else ()
    body = _body(*tracks)
    datasets = body.aggs.bucket("datasets", "terms", field=DATASET, size=MAX_DATASETS)
    for kind in (RECORDING_KEY, VIDEO_IDS):
        datasets.bucket(kind, A("filter", Exists(field=kind)))
    (answer,) = ask(body.to_dict())
    listed = answer["aggregations"]["datasets"]
    buckets = {bucket["key"]: bucket for bucket in sorted(listed["buckets"], key=lambda bucket: str(bucket["key"]))}
    numbers = {name: int(bucket["doc_count"]) for name, bucket in buckets.items()}

    def shared(kind: str, having: Mapping[str, int]) -> Shared:
        number = sum(having.values())
        if exact or number <= MAX_COUNTED:
            patterns = _count(ask, tracks, kind, having, progress)
        else:
            samples = tuple(_draw(ask, tracks, kind, name, having, progress) for name in having)
            patterns = Patterns(tuple(having), samples=samples)
        own = {name: numbers[name] for name in having}
        return Shared(own, {name: own[name] - number for name, number in having.items()}, patterns)

    with_key = {name: int(bucket[RECORDING_KEY]["doc_count"]) for name, bucket in buckets.items()}
    with_video = {name: int(n) for name, bucket in buckets.items() if (n := bucket[VIDEO_IDS]["doc_count"])}
    recordings = shared(RECORDING_KEY, with_key)
    videos = shared(VIDEO_IDS, with_video) if with_video else None
    complete = not listed["sum_other_doc_count"]
    total = Total(sum(numbers.values()), exact=complete)
    return Overlap(total, recordings, videos, round((time.monotonic() - began) * 1000), complete)


def _body(*filters: Query) -> SearchBody[Any]:
    body: SearchBody[Any] = SearchBody().extra(size=0, track_total_hits=False)
    return body.query(Bool(filter=list(filters))) if filters else body


def _bits(having: Mapping[str, int]) -> dict[str, int]:
    return {name: 1 << at for at, name in enumerate(having)}


def _count(ask: Ask, tracks: Sequence[Query], kind: str, having: Mapping[str, int], progress: Progress) -> Patterns:
    """Return the patterns of all values, one block after the other; a value may go on in the next."""
    bits, total = _bits(having), sum(having.values())
    counts = Counter[int]()
    value, pattern, done = None, 0, 0
    sources = [{"value": {"terms": {"field": kind}}}, {"dataset": {"terms": {"field": DATASET}}}]
    after: Json = {}
    while total:
        body = _body(*tracks)
        body.aggs.bucket("block", "composite", size=BLOCK, sources=sources, **after)
        (answer,) = ask(body.to_dict())
        block = answer["aggregations"]["block"]["buckets"]
        for bucket in block:
            if bucket["key"]["value"] != value:
                counts[pattern] += 1
                value, pattern = bucket["key"]["value"], 0
            pattern |= bits.get(bucket["key"]["dataset"], 0)
            done += int(bucket["doc_count"])
        progress(kind, done, total)
        if len(block) < BLOCK:
            break
        after = {"after": block[-1]["key"]}
    counts[pattern] += 1
    del counts[0]  # what stands before the first value, and values of data sets that came meanwhile
    return Patterns(tuple(having), counts)


def _draw(
    ask: Ask, tracks: Sequence[Query], kind: str, dataset: str, having: Mapping[str, int], progress: Progress
) -> Sample:
    """Return the sample of one data set, with the patterns of its values."""
    bits, total = _bits(having), having[dataset]
    if not total:
        return Sample(0, 0, {}, complete=True)
    # Elasticsearch draws less than a half, or everything.
    probability = SAMPLE_SIZE / total if total > 2 * SAMPLE_SIZE else 1.0
    while True:
        body = _body(*tracks, Term(DATASET, {"value": dataset}), Exists(field=kind))
        sampler = body.aggs.bucket("sample", "random_sampler", probability=probability, seed=_SEED)
        sampler.bucket("values", "terms", field=kind, size=MAX_SAMPLED_VALUES, execution_hint="map")
        (answer,) = ask(body.to_dict())
        sample = answer["aggregations"]["sample"]
        if not sample["values"]["sum_other_doc_count"]:
            break
        probability = min(probability, 0.9) / 2  # all values of fewer tracks, not some values of these
    # Elasticsearch scales the counts of values up to all tracks, but not that of the sample.
    drawn = {bucket["key"]: round(bucket["doc_count"] * probability) for bucket in sample["values"]["buckets"]}
    by_pattern: dict[int, Draws] = {}
    values = list(drawn)
    # Each value may be in each data set: that many buckets have to fit into an answer.
    size = max(min(MAX_LOOKED_UP, _MAX_BUCKETS // (len(having) + 1)), 1)
    for start in range(0, len(values), size):
        some = values[start : start + size]
        for value, counts in _look_up(ask, tracks, kind, some).items():
            pattern = bits[dataset] | sum(bits.get(name, 0) for name in counts if name != dataset)
            before = by_pattern.get(pattern, Draws())
            by_pattern[pattern] = before.with_value(drawn[value], counts.get(dataset, 1))
        progress(kind, start + len(some), len(values))
    return Sample(total, int(sample["doc_count"]), by_pattern, complete=probability == 1.0)


def _look_up(ask: Ask, tracks: Sequence[Query], kind: str, values: list[str]) -> dict[str, dict[str, int]]:
    """Return the number of tracks of each of these values by data set."""
    body = _body(*tracks, Terms(kind, values))
    by_value = body.aggs.bucket("values", "terms", field=kind, size=len(values), include=values, execution_hint="map")
    by_value.bucket("datasets", "terms", field=DATASET, size=MAX_DATASETS)
    (answer,) = ask(body.to_dict())
    return {
        bucket["key"]: {each["key"]: int(each["doc_count"]) for each in bucket["datasets"]["buckets"]}
        for bucket in answer["aggregations"]["values"]["buckets"]
    }
