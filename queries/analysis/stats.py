"""Statistics: the shares of each data set, and what it has more of than the rest (`comparisons`).

Text and all filters but `dataset` select the tracks that are compared; `dataset` says which of them are chosen, and the
others are the rest.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from elasticsearch.dsl import A, Q
from elasticsearch.dsl import Search as SearchBody
from elasticsearch.dsl.query import Bool, Exists, Query

from mappings.track import DATASET, RECORDING_KEY
from queries.analysis.comparisons import Comparison, Value, over_represented, percent, row
from queries.facets import filters
from queries.facets.table import FACETS, MAX_BUCKETS, Kind
from queries.model import Ask, Contract, Json, Total
from queries.search.search_request import Search, matched

FACET_NAMES = ("genre", "licence", "commercial_use", "language", "decade")
"""The facets whose shares are shown."""

ARTIST = FACETS["artist"].field

MAX_COUNTED = 50_000
"""Tracks up to which recordings and artists are counted one by one; above they are estimated."""

MAX_DATASETS = 1_000
"""Data sets that are told apart; with more, the answer says that it isn't exact."""

MAX_CANDIDATES = 1_000
"""Artists of a data set, those with the most tracks, that are compared. Fewer tracks are weaker evidence."""

BLOCK = 50_000
"""Values that are counted one by one in one request."""

_PRECISION = 40_000
_DATASET = FACETS["dataset"]


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


@dataclass(frozen=True)
class Group(Contract):
    """Some tracks: those of a data set, of all that are chosen, or of the rest. Every track has one data set."""

    name: str
    tracks: int
    facets: Mapping[str, Counts]

    def as_json(self) -> Json:
        """Return the group as the contract has it."""
        shares = {
            name: counts.as_json(self.tracks, in_order=FACETS[name].by_value) for name, counts in self.facets.items()
        }
        return {"name": self.name, "tracks": self.tracks, "shares": shares}


def combine(name: str, groups: Iterable[Group]) -> Group:
    """Return several groups as one.

    >>> one = Group("a", 3, {"genre": Counts({"rock": 2}, 1)})
    >>> combine("both", [one, one]).facets["genre"]
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
class Stats(Contract):
    """The chosen tracks, by data set, the rest, and what is over-represented.

    `rest` are the other data sets' tracks under the same filters, None where no data set was chosen. `complete` is
    False where there are more data sets than are told apart, `exact` also where a facet has more values than are
    listed.
    """

    all: Group
    datasets: tuple[Group, ...]
    rest: Group | None
    recordings: Total
    artists: Total
    comparisons: tuple[Comparison, ...]
    exact: bool
    complete: bool
    text_truncated: bool
    took_ms: int

    def as_json(self) -> Json:
        """Return the answer as the contract has it."""
        content = super().as_json()
        return {
            "total": {"value": self.all.tracks, "exact": self.complete},
            **{name: content[name] for name in ("recordings", "artists", "all", "datasets", "rest")},
            "over_represented": content["comparisons"],
            **{name: content[name] for name in ("exact", "text_truncated", "took_ms")},
        }


def run(ask: Ask, search: Search, limit: int, began: float) -> Stats:
    """Return the statistics of the tracks of a search, which began at a time of `time.monotonic`.

    Comparisons have up to `limit` rows.
    """
    given = search.request.filters.get(_DATASET, ())
    included, excluded = filters.included(given), filters.excluded(given)
    compared, selected = compared_tracks(search), Q(matched(search))
    (answer,) = ask(shares_body(compared))
    listed = answer["aggregations"]["datasets"]
    buckets = sorted(listed["buckets"], key=lambda bucket: str(bucket["key"]))
    groups = {str(bucket["key"]): _read_group(bucket) for bucket in buckets}
    chosen = {
        name: group for name, group in groups.items() if (not included or name in included) and name not in excluded
    }
    everything = combine("all", chosen.values())
    recordings = _distinct(ask, selected, RECORDING_KEY, everything.tracks)
    artists = _distinct(ask, selected, ARTIST, everything.tracks)
    comparisons = list[Comparison]()
    if len(groups) > 1 and chosen:
        comparisons += [_compare_genres(name, groups, len(chosen), limit) for name in chosen]
        comparisons += _compare_artists(ask, compared, tuple(chosen), limit)
    others = (group for name, group in groups.items() if name not in chosen)
    complete = not listed["sum_other_doc_count"]
    return Stats(
        all=everything,
        datasets=tuple(chosen.values()),
        rest=combine("rest", others) if _DATASET in search.request.filters else None,
        recordings=recordings,
        artists=artists,
        comparisons=tuple(each for each in comparisons if each.offered),
        exact=complete and not any(bucket[name]["sum_other_doc_count"] for bucket in buckets for name in FACET_NAMES),
        complete=complete,
        text_truncated=search.request.text.truncated,
        took_ms=round((time.monotonic() - began) * 1000),
    )


def compared_tracks(search: Search) -> Query:
    """Return the query for the tracks that are compared: those of all data sets."""
    others = {facet: given for facet, given in search.request.filters.items() if facet is not _DATASET}
    return Q(matched(replace(search, request=replace(search.request, filters=others))))


def _body(*tracks: Query) -> SearchBody[Any]:
    body: SearchBody[Any] = SearchBody().query(Bool(filter=list(tracks)))
    return body.extra(size=0, track_total_hits=False)


def _by_dataset(body: SearchBody[Any], **options: Any) -> Any:
    return body.aggs.bucket("datasets", "terms", field=DATASET, size=MAX_DATASETS, **options)


def _buckets(answer: Json) -> list[Json]:
    buckets: list[Json] = answer["aggregations"]["datasets"]["buckets"]
    return buckets


def shares_body(compared: Query) -> Json:
    """Return the request that counts the values of each facet in each data set."""
    body = _body(compared)
    datasets = _by_dataset(body)
    for name in FACET_NAMES:
        datasets.bucket(name, "terms", field=FACETS[name].field, size=MAX_BUCKETS)
        datasets.bucket(f"missing:{name}", "missing", field=FACETS[name].field)
    return dict(body.to_dict())


def _read_group(bucket: Json) -> Group:
    facets: dict[str, Counts] = {}
    for name in FACET_NAMES:
        values = Counter[Value]()
        for each in bucket[name]["buckets"]:
            key = int(each["key"]) // 10 * 10 if FACETS[name].kind is Kind.DECADES else each["key"]
            values[key] += int(each["doc_count"])
        facets[name] = Counts(dict(values), int(bucket[f"missing:{name}"]["doc_count"]))
    return Group(str(bucket["key"]), int(bucket["doc_count"]), facets)


def _distinct(ask: Ask, chosen: Query, field: str, tracks: int) -> Total:
    """Return the number of different values: counted one by one where there are few tracks, else estimated."""
    if tracks > MAX_COUNTED:
        body = _body(chosen)
        body.aggs.metric("number", "cardinality", field=field, precision_threshold=_PRECISION)
        (answer,) = ask(body.to_dict())
        return Total(int(answer["aggregations"]["number"]["value"]), exact=False)
    number, after = 0, dict[str, Json]()
    while tracks:
        body = _body(chosen)
        body.aggs.bucket("block", "composite", size=BLOCK, sources=[{"value": {"terms": {"field": field}}}], **after)
        (answer,) = ask(body.to_dict())
        block = answer["aggregations"]["block"]["buckets"]
        number += len(block)
        if len(block) < BLOCK:
            break
        after = {"after": block[-1]["key"]}
    return Total(number)


def _compare_genres(dataset: str, groups: Mapping[str, Group], subjects: int, limit: int) -> Comparison:
    """Compare the genres of a data set, which follow from the shares, with those of all others."""
    own = groups[dataset]
    rest = combine("rest", (group for name, group in groups.items() if name != dataset))
    counts, others = own.facets["genre"], rest.facets["genre"]
    of, rest_of = own.tracks - counts.missing, rest.tracks - others.missing
    compared = max(len(counts.values) * subjects, 1)
    rows = (
        row(value, count, of, others.values.get(value, 0), rest_of, compared)
        for value, count in counts.values.items()
        if rest_of
    )
    return Comparison(dataset, "genre", compared, len(counts.values), over_represented(rows, limit))


def _compare_artists(ask: Ask, compared: Query, datasets: tuple[str, ...], limit: int) -> Iterator[Comparison]:
    """Compare the artists with the most tracks of each data set with those of all others."""
    offering, counting = _body(compared), _body(compared)
    chosen = _by_dataset(offering, include=list(datasets))
    chosen.bucket("names", "terms", field=ARTIST, size=MAX_CANDIDATES, shard_size=2 * MAX_CANDIDATES)
    chosen.metric("distinct", "cardinality", field=ARTIST, precision_threshold=_PRECISION)
    _by_dataset(counting).bucket("having", A("filter", Exists(field=ARTIST)))
    offered, counted = ask(offering.to_dict(), counting.to_dict())
    candidates = {bucket["key"]: bucket for bucket in _buckets(offered)}
    having = {bucket["key"]: int(bucket["having"]["doc_count"]) for bucket in _buckets(counted)}
    for dataset in datasets:
        bucket = candidates.get(dataset)  # it may be gone by now
        names = [each["key"] for each in bucket["names"]["buckets"]] if bucket else []
        counts = _count_artists(ask, compared, names) if names else {}
        number = max(int(bucket["distinct"]["value"]) if bucket else 0, len(names), 1) * len(datasets)
        rest_of = sum(tracks for name, tracks in having.items() if name != dataset)
        rest = Counter[str]()
        for name, values in counts.items():
            rest.update(values if name != dataset else {})
        rows = (
            row(value, count, having[dataset], rest[value], rest_of, number)
            for value, count in counts.get(dataset, {}).items()
            if rest_of and dataset in having
        )
        yield Comparison(dataset, "artist", number, len(names), over_represented(rows, limit))


def _count_artists(ask: Ask, compared: Query, names: list[str]) -> dict[str, dict[str, int]]:
    """Return the tracks of artists by data set, in all of them: a candidate's own count may be too low."""
    body = _body(compared, filters.artists(names))
    _by_dataset(body).bucket("names", "terms", field=ARTIST, size=len(names), include=names)
    (answer,) = ask(body.to_dict())
    return {
        bucket["key"]: {each["key"]: int(each["doc_count"]) for each in bucket["names"]["buckets"]}
        for bucket in _buckets(answer)
    }
