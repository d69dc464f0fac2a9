"""What is asked for statistics: a walk of requests.

Text and all filters but `dataset` say which tracks are looked at; `dataset` says which of them are meant, and the
others are the rest that they are compared with.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from mappings import fields
from queries import facets, search, stats
from queries.answer import Total
from queries.facets import ROOM, TABLE, Facet, Kind
from queries.filters import Not
from queries.matching import Stage
from queries.people.bodies import ARTIST
from queries.request import SearchRequest
from queries.search import Search
from queries.stats import Comparison, Counts, Group, Stats

Json = dict[str, Any]
Walk = Generator[Json, Json, Stats]

FEW = 50_000
"""Tracks up to which recordings and artists are counted one by one, in a second each; above they are estimated."""

OFFERED = 1_000
"""Artists of a data set, those with the most tracks, that are compared. Fewer tracks are weaker evidence."""

_PRECISION = 40_000
_SETS = 60
_BLOCK = 50_000
_DATASET = TABLE["dataset"]


@dataclass(frozen=True)
class _Asked:
    """What is looked at, and what is meant, as queries."""

    looked_at: Json
    meant: Json

    def body(self, aggs: Json, *further: Json, meant: bool = False) -> Json:
        query = {"bool": {"filter": [self.meant if meant else self.looked_at, *further]}}
        return {"query": query, "size": 0, "track_total_hits": False, "aggs": aggs}


def walk(request: SearchRequest, stage: Stage, size: int) -> Walk:
    """Return the walk that ends with the answer; comparisons have up to `size` rows (`took_ms` is 0: no clock)."""
    chosen = _DATASET in request.filters
    others = {facet: given for facet, given in request.filters.items() if facet is not _DATASET}
    asked = _Asked(_query(replace(request, filters=others), stage), _query(request, stage))
    found = (yield asked.body({"sets": _by_set(_shares())}))["aggregations"]["sets"]["buckets"]
    groups = {bucket["key"]: _group(bucket) for bucket in sorted(found, key=lambda bucket: str(bucket["key"]))}
    meant = {name: group for name, group in groups.items() if _is_meant(request, name)}
    whole = stats.together("all", meant.values())
    recordings = yield from _distinct(asked, fields.RECORDING_KEY, whole.tracks)
    artists = yield from _distinct(asked, ARTIST, whole.tracks)
    of_artists = yield from _artists(asked, tuple(meant), size) if len(groups) > 1 and meant else _nothing()
    of_genres = [_genres(name, groups, len(meant), size) for name in meant] if len(groups) > 1 else []
    return Stats(
        all=whole,
        datasets=tuple(meant.values()),
        rest=stats.together("rest", (g for n, g in groups.items() if n not in meant)) if chosen else None,
        recordings=recordings,
        artists=artists,
        comparisons=tuple(each for each in (*of_genres, *of_artists) if each.offered),
        exact=all(_complete(bucket) for bucket in found),
        text_cut=request.text.cut,
        took_ms=0,
    )


def _query(request: SearchRequest, stage: Stage) -> Json:
    return search.matched(Search(request, stage))


def _nothing() -> Generator[Json, Json, list[Comparison]]:
    yield from ()
    return []


def _is_meant(request: SearchRequest, dataset: str) -> bool:
    given = request.filters.get(_DATASET, ())
    wanted = [value for value in given if not isinstance(value, Not)]
    return (not wanted or dataset in wanted) and Not(dataset) not in given


def _by_set(aggs: Json, include: Iterable[str] = ()) -> Json:
    names = list(include)
    some = {"include": names} if names else {}
    return {"terms": {"field": fields.DATASET, "size": _SETS, **some}, "aggs": aggs}


def _shares() -> Json:
    aggs: Json = {}
    for name in stats.FACETS:
        facet = facets.known(name)
        aggs[name] = (
            _histogram(facet) if facet.kind is Kind.DECADES else {"terms": {"field": facet.field, "size": ROOM}}
        )
        aggs[f"missing:{name}"] = {"missing": {"field": facet.field}}
    return aggs


def _histogram(facet: Facet) -> Json:
    return {"histogram": {"field": facet.field, "interval": 10, "min_doc_count": 1}}


def _group(bucket: Json) -> Group:
    return Group(bucket["key"], int(bucket["doc_count"]), {name: _counts(name, bucket) for name in stats.FACETS})


def _counts(name: str, bucket: Json) -> Counts:
    decades = TABLE[name].kind is Kind.DECADES
    values = {
        (int(each["key"]) if decades else each["key"]): int(each["doc_count"]) for each in bucket[name]["buckets"]
    }
    return Counts(values, int(bucket[f"missing:{name}"]["doc_count"]))


def _complete(bucket: Json) -> bool:
    return not any(bucket[name].get("sum_other_doc_count") for name in stats.FACETS)


def _distinct(asked: _Asked, field: str, tracks: int) -> Generator[Json, Json, Total]:
    """Count the values of a field one by one where there are few tracks, else let them be estimated."""
    if tracks > FEW:
        cardinality = {"number": {"cardinality": {"field": field, "precision_threshold": _PRECISION}}}
        answer = yield asked.body(cardinality, meant=True)
        return Total(int(answer["aggregations"]["number"]["value"]), exact=False)
    number, after = 0, dict[str, Any]()
    while tracks:
        composite = {"size": _BLOCK, "sources": [{"value": {"terms": {"field": field}}}], **after}
        block = (yield asked.body({"block": {"composite": composite}}, meant=True))["aggregations"]["block"]["buckets"]
        number += len(block)
        if len(block) < _BLOCK:
            break
        after = {"after": block[-1]["key"]}
    return Total(number)


def _genres(dataset: str, groups: Mapping[str, Group], subjects: int, size: int) -> Comparison:
    """Compare the genres of a data set, which follow from the shares, with those of all others."""
    own = groups[dataset]
    rest = stats.together("rest", (group for name, group in groups.items() if name != dataset))
    counts, others = own.facets["genre"], rest.facets["genre"]
    of, rest_of = own.tracks - counts.missing, rest.tracks - others.missing
    compared = max(len(counts.values) * subjects, 1)
    rows = (
        stats.row(value, count, of, others.values.get(value, 0), rest_of, compared)
        for value, count in counts.values.items()
        if rest_of
    )
    return Comparison(dataset, "genre", compared, len(counts.values), stats.most(rows, size))


def _artists(asked: _Asked, meant: tuple[str, ...], size: int) -> Generator[Json, Json, list[Comparison]]:
    """Compare the artists with the most tracks of each data set with those of all others."""
    offered = {
        "names": {"terms": {"field": ARTIST, "size": OFFERED, "shard_size": 2 * OFFERED}},
        "distinct": {"cardinality": {"field": ARTIST, "precision_threshold": _PRECISION}},
    }
    sets = (yield asked.body({"sets": _by_set(offered, meant)}))["aggregations"]["sets"]["buckets"]
    names = {bucket["key"]: [each["key"] for each in bucket["names"]["buckets"]] for bucket in sets}
    distinct = {bucket["key"]: int(bucket["distinct"]["value"]) for bucket in sets}
    having = yield asked.body({"sets": _by_set({"having": {"filter": {"exists": {"field": ARTIST}}}})})
    of = {each["key"]: int(each["having"]["doc_count"]) for each in having["aggregations"]["sets"]["buckets"]}
    found = []
    for dataset in meant:
        counts = (yield from _counted(asked, names[dataset])) if names[dataset] else {}
        compared = max(distinct[dataset], len(names[dataset]), 1) * len(meant)
        rows = _rows(dataset, counts, of, compared)
        found.append(Comparison(dataset, "artist", compared, len(names[dataset]), stats.most(rows, size)))
    return found


def _counted(asked: _Asked, names: list[str]) -> Generator[Json, Json, dict[str, dict[str, int]]]:
    """Return the tracks of these artists in every data set, by data set: what was offered may be counted too low."""
    again = {"terms": {"field": ARTIST, "size": len(names), "include": names}}
    answer = yield asked.body({"sets": _by_set({"names": again})}, {"terms": {ARTIST: names}})
    return {
        bucket["key"]: {each["key"]: int(each["doc_count"]) for each in bucket["names"]["buckets"]}
        for bucket in answer["aggregations"]["sets"]["buckets"]
    }


def _rows(
    dataset: str, counts: Mapping[str, Mapping[str, int]], of: Mapping[str, int], compared: int
) -> Iterator[stats.Row]:
    rest_of = sum(number for name, number in of.items() if name != dataset)
    for value, count in counts.get(dataset, {}).items():
        rest = sum(held.get(value, 0) for name, held in counts.items() if name != dataset)
        if rest_of:
            yield stats.row(value, count, of[dataset], rest, rest_of, compared)
