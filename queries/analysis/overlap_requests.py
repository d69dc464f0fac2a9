"""What is asked to find what data sets share: a walk of requests, at most a block of values in memory.

Counting: all values pass by in their order, with their data sets. Drawing: `random_sampler` picks tracks at random
(always the same for the same index, so the same question has the same answer), and their values are looked up.
"""

from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from mappings import fields
from queries import overlap, search
from queries.answer import Total
from queries.matching import Stage
from queries.overlap import Overlap, Patterns, Sample, Shared
from queries.request import SearchRequest
from queries.search import Search

Json = dict[str, Any]
Progress = Callable[[str, int, int], None]
"""Told what passes by, how many tracks of it did, and of how many."""

SMALL = 200_000
"""Tracks up to which everything is counted, in 4 s: passing by takes 21 µs a value, or half a minute a million tracks
for recordings and videos together."""

DRAWN = 10_000
"""Tracks drawn from each data set: a share of a half is then known to a point either way, one of 1 % to a fifth of it.
Of 16 answers over a million tracks, 78 of 80 intervals held what was counted."""

BLOCK = 50_000
LOOKED_UP = 1_000
"""Values looked up in one request. Elasticsearch takes 54 ms for 2,000 and 770 for 8,000; the whole answer over a
million tracks took 1.2 s with 1,000, 1.3 with 500, 1.5 with 2,000 and 3.7 with 8,000 (median of three)."""

_BUCKETS = 50_000
"""Values of a draw at most: Elasticsearch gives at most 65,536 buckets in an answer."""

_SEED = 20_241_117
_SETS = 60
_KINDS = (fields.RECORDING_KEY, fields.VIDEO_IDS)
_SCHEMA = {"value": pl.String, "drawn": pl.Int64, "m": pl.Int64, "mask": pl.Int64}

Walk = Generator[Json, Json, Overlap]


@dataclass(frozen=True)
class _Asked:
    """The filters as a query (None: everything), what is told, and whether all is counted whatever it takes."""

    query: Json | None
    exact: bool
    told: Progress

    def body(self, *further: Json, **aggs: Json) -> Json:
        held = [*([self.query] if self.query else []), *further]
        # Without a query a composite aggregation walks the terms, else it looks at every track for each block.
        query = {"query": {"bool": {"filter": held}}} if held else {}
        return {**query, "size": 0, "track_total_hits": False, "aggs": aggs}


def walk(request: SearchRequest, *, exact: bool, told: Progress) -> Walk:
    """Return the walk that ends with the answer (`took_ms` is 0: the walk has no clock)."""
    some = search.matched(Search(request, Stage.STRICT)) if request.filters or request.text.asks else None
    asked = _Asked(some, exact, told)
    counted = yield asked.body(sets=_by_set(**{kind: {"filter": {"exists": {"field": kind}}} for kind in _KINDS}))
    buckets = {bucket["key"]: bucket for bucket in counted["aggregations"]["sets"]["buckets"]}
    tracks = {name: int(bucket["doc_count"]) for name, bucket in sorted(buckets.items())}
    shared: list[Shared | None] = []
    for kind in _KINDS:
        having = {name: int(buckets[name][kind]["doc_count"]) for name in tracks}
        named = having if kind == fields.RECORDING_KEY else {name: n for name, n in having.items() if n}
        patterns = yield from _patterns(asked, kind, named)
        without = {name: tracks[name] - n for name, n in named.items()}
        shared.append(Shared({name: tracks[name] for name in named}, without, patterns) if named else None)
    recordings = shared[0] or Shared({}, {}, Patterns((), {}))
    return Overlap(Total(sum(tracks.values())), recordings, shared[1], 0)


def _by_set(**aggs: Json) -> Json:
    return {"terms": {"field": fields.DATASET, "size": _SETS}} | ({"aggs": aggs} if aggs else {})


def _patterns(asked: _Asked, kind: str, having: Mapping[str, int]) -> Generator[Json, Json, Patterns]:
    datasets = tuple(having)
    bits = {name: 1 << at for at, name in enumerate(datasets)}
    if asked.exact or sum(having.values()) <= SMALL:
        return Patterns(datasets, (yield from _passing(asked, kind, bits, sum(having.values()))))
    samples = []
    for name, number in having.items():
        samples.append((yield from _drawn(asked, kind, name, number, bits)))
    return Patterns(datasets, samples=tuple(samples))


def _passing(asked: _Asked, kind: str, bits: Mapping[str, int], tracks: int) -> Generator[Json, Json, dict[int, int]]:
    """Let all values pass by with their data sets and count the patterns."""
    counts: dict[int, int] = {}
    rest = pl.DataFrame(schema={"value": pl.String, "bit": pl.Int64})
    after: Json | None = None
    seen = 0
    sources = [{"value": {"terms": {"field": kind}}}, {"dataset": {"terms": {"field": fields.DATASET}}}]
    while True:
        composite = {"size": BLOCK, "sources": sources} | ({"after": after} if after else {})
        block = (yield asked.body(block={"composite": composite}))["aggregations"]["block"]["buckets"]
        seen += sum(int(bucket["doc_count"]) for bucket in block)
        asked.told(kind, seen, tracks)
        rows = [(bucket["key"]["value"], bits.get(bucket["key"]["dataset"], 0)) for bucket in block]
        known = pl.concat([rest, pl.DataFrame(rows, schema=rest.schema, orient="row")])
        if len(block) < BLOCK:
            overlap.added(counts, known)
            return counts
        # The last value may go on in the next block.
        last = pl.col("value") == known["value"][-1]
        overlap.added(counts, known.filter(~last))
        rest, after = known.filter(last), block[-1]["key"]


def _drawn(
    asked: _Asked, kind: str, dataset: str, tracks: int, bits: Mapping[str, int]
) -> Generator[Json, Json, Sample]:
    """Draw tracks of one data set and look up where their values are."""
    chance = DRAWN / tracks if tracks else 1.0
    chance = chance if chance < 0.5 else 1.0  # as much as Elasticsearch draws
    terms = {"terms": {"field": kind, "size": _BUCKETS, "execution_hint": "map"}}
    own = ({"term": {fields.DATASET: {"value": dataset}}}, {"exists": {"field": kind}})
    while True:
        sampler = {"random_sampler": {"probability": chance, "seed": _SEED}, "aggs": {"values": terms}}
        found = (yield asked.body(*own, drawn=sampler))["aggregations"]["drawn"]
        if not found["values"]["sum_other_doc_count"]:
            break
        chance = min(chance, 0.9) / 2  # tracks with many values each: all values of fewer tracks, not some of these
    # Counts within are scaled up to the whole; those of the draw itself aren't.
    drawn = {bucket["key"]: round(bucket["doc_count"] * chance) for bucket in found["values"]["buckets"]}
    values = list(drawn)
    frames = [pl.DataFrame(schema=_SCHEMA)]
    for start in range(0, len(values), LOOKED_UP):
        some = values[start : start + LOOKED_UP]
        these = {"field": kind, "size": len(some), "include": some, "execution_hint": "map"}
        looked_up = {"terms": these, "aggs": {"sets": _by_set()}}
        answer = yield asked.body({"terms": {kind: some}}, values=looked_up)
        frames.append(pl.DataFrame(list(_looked_up(answer, dataset, bits, drawn)), schema=_SCHEMA, orient="row"))
        asked.told(kind, start + len(some), len(values))
    return Sample(tracks, int(found["doc_count"]), pl.concat(frames), whole=chance == 1.0)


def _looked_up(
    answer: Json, dataset: str, bits: Mapping[str, int], drawn: Mapping[str, int]
) -> Iterator[tuple[str, int, int, int]]:
    """Yield value, draws, tracks in the data set, and pattern."""
    for bucket in answer["aggregations"]["values"]["buckets"]:
        sets = {each["key"]: int(each["doc_count"]) for each in bucket["sets"]["buckets"]}
        mask = sum(bits.get(name, 0) for name in sets)
        yield bucket["key"], drawn[bucket["key"]], sets.get(dataset, 1), mask | bits[dataset]
