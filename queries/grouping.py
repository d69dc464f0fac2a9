"""One row for each recording: which tracks belong together, and at which of its tracks a recording stands.

Two tracks are of one recording if they share a recording key or a video id, be it through others. That doesn't depend
on what is asked. A recording stands where the best of its tracks that match stands, and is shown there, once.

Elasticsearch's `collapse` takes no `search_after` unless by the collapsed field, and sees no video ids. So hits are
read as always, a block at a time, and the tracks that belong to them are fetched by key and video id. A hit that isn't
the best of its recording was shown before, on this page or another: it is passed over, and nobody has to remember it.
"""

from collections import Counter
from collections.abc import Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from elasticsearch.dsl import Q
from elasticsearch.dsl.query import Bool, Query, Terms

from mappings import fields
from queries import search
from queries.answer import Grouped, Member, Recording, Total
from queries.search import Search

Json = dict[str, Any]
Walk = Generator[Json, Json, Grouped]
Reading = Generator[Json, Json, list[Json]]

COUNTED = 1_000
"""Up to so many tracks, recordings are counted one by one; above, Elasticsearch estimates the number of their keys."""

LISTED = 100
"""Tracks that are listed of a recording; all are counted. Few names were recorded in so many copies."""

BLOCK = 10_000
"""Tracks in one answer: `index.max_result_window`."""

_TERMS = 30_000
"""Values in one request; Elasticsearch takes 65,536 in a `terms` query."""

_PRECISION = 40_000
"""Elasticsearch's highest; up to so many different keys the estimate is close to exact, but isn't proven to be."""

_JOINS = (fields.RECORDING_KEY, fields.VIDEO_IDS)
_READ = (fields.DATASET, fields.SOURCE_ID, *_JOINS)

Node = tuple[str, str]
"""Name of a field and a value of it (or "id" and a track's id): what holds a recording together."""


@dataclass
class _Groups:
    """The tracks that are known, and which of them belong together (a union-find forest over their joining values)."""

    tracks: dict[str, Json] = field(default_factory=dict)
    parents: dict[Node, Node] = field(default_factory=dict)
    asked: set[Node] = field(default_factory=set)

    def add(self, hits: Iterable[Json]) -> None:
        for hit in hits:
            values = _values(hit)
            self.tracks[hit["_id"]] = values
            for name in _JOINS:
                for value in values.get(name, ()):
                    self.parents[self.root((name, value))] = self.root(("id", hit["_id"]))

    def root(self, node: Node) -> Node:
        parent = self.parents.setdefault(node, node)
        while parent != self.parents[parent]:
            self.parents[node] = parent = self.parents[self.parents[parent]]
        return parent

    def unasked(self) -> list[Node]:
        """Return the joining values whose tracks weren't fetched yet."""
        return sorted(node for node in self.parents if node[0] in _JOINS and node not in self.asked)

    def members(self) -> dict[Node, list[str]]:
        """Return the ids of each recording's tracks, sorted by data set and id."""
        groups: dict[Node, list[str]] = {}
        for track in sorted(self.tracks):
            groups.setdefault(self.root(("id", track)), []).append(track)
        return groups

    def selectors(self) -> list[Node]:
        """Return values of which each track has one that belongs to a recording of several tracks: keys, usually."""
        several = [ids for ids in self.members().values() if len(ids) > 1]
        nodes: set[Node] = set()
        for values in (self.tracks[track] for ids in several for track in ids):
            name = next(name for name in _JOINS if values[name])
            nodes.update((name, value) for value in values[name])
        return sorted(nodes)


def _values(hit: Json) -> Json:
    """Return what joins a track, whether it came with its source or with single columns, each as a list."""
    given = hit.get("fields") or hit.get("_source") or {}
    found = {name: given.get(name) or [] for name in _READ}
    return {name: value if isinstance(value, list) else [value] for name, value in found.items()}


def walk(asked: Search, first: Json, total: int) -> Walk:
    """Return the page of recordings, given the answer to the hits' request and the number of tracks that match."""
    groups, scanned, heads = _Groups(), [*first["hits"]["hits"]], list[Json]()
    block, place = scanned, asked
    while asked.request.size:
        yield from _follow(groups, block)
        best, matching = yield from _matching(asked, groups)
        ids = {hit["_id"] for hit in scanned}
        order = [best.get(groups.root(("id", hit["_id"])), hit["_id"]) for hit in scanned]
        heads = [hit for hit, head in zip(scanned, order, strict=True) if hit["_id"] == head and head in ids]
        if len(heads) > asked.request.size or len(block) < search.room(asked.request):
            break
        place = search.from_hit(place, block[-1])
        block = (yield _without(search.hits_body(place), groups.selectors()))["hits"]["hits"]
        scanned += block
    whole = asked.after is None and 0 < asked.request.size >= len(heads)
    counted = Total(len(heads)) if whole else (yield from _count(asked, total))
    members = groups.members()
    shown = heads[: asked.request.size]
    recordings = [_recording(groups, members[groups.root(("id", hit["_id"]))], matching) for hit in shown]
    return Grouped(tuple(heads), tuple(recordings), counted)


def _recording(groups: _Groups, ids: Sequence[str], matching: set[str]) -> Recording:
    tracks = [groups.tracks[track] for track in ids]
    alone = len(ids) == 1
    members = [
        Member(track, values[fields.DATASET][0], values[fields.SOURCE_ID][0], alone or track in matching)
        for track, values in zip(ids, tracks, strict=True)
    ]
    return Recording(
        by_dataset=dict(sorted(Counter(member.dataset for member in members).items())),
        matched=sum(member.matched for member in members),
        tracks=tuple(sorted(members, key=lambda member: not member.matched)[:LISTED]),
    )


def _follow(groups: _Groups, hits: Iterable[Json]) -> Generator[Json, Json, None]:
    """Add hits, all tracks that share a key or video id with them, those that share one with these, and so on."""
    groups.add(hits)
    while nodes := groups.unasked()[:_TERMS]:
        # All tracks of a key that was asked for are known: there is no need to see them again for their videos.
        known = [node for node in groups.asked if node[0] == fields.RECORDING_KEY][:_TERMS]
        query = Bool(filter=[_any_of(nodes)], must_not=[_any_of(known)] if known else [])
        groups.asked.update(nodes)
        groups.add((yield from _read({"query": query.to_dict()}, search.TIES)))


def _matching(asked: Search, groups: _Groups) -> Generator[Json, Json, tuple[dict[Node, str], set[str]]]:
    """Return the best track of each recording that has several, and all tracks of these that match."""
    best: dict[Node, str] = {}
    matching: set[str] = set()
    nodes = groups.selectors()
    for start in range(0, len(nodes), _TERMS):
        ranked = search.hits_body(asked)["query"]
        query = Bool(must=[Q(ranked)], filter=[_any_of(nodes[start : start + _TERMS])])
        for hit in (yield from _read({"query": query.to_dict()}, asked.keys)):
            matching.add(hit["_id"])
            best.setdefault(groups.root(("id", hit["_id"])), hit["_id"])
    return best, matching


def _read(body: Json, keys: Sequence[str]) -> Reading:
    """Return all hits of a query in the order of some sort keys, with what joins them, however many there are."""
    body |= {"size": BLOCK, "sort": search.order(keys), "track_total_hits": False, "_source": False}
    body |= {"docvalue_fields": list(_READ)}
    hits: list[Json] = []
    while True:
        block = (yield body)["hits"]["hits"]
        hits += block
        if len(block) < BLOCK:
            return hits
        body |= {"search_after": block[-1]["sort"]}


def _count(asked: Search, total: int) -> Generator[Json, Json, Total]:
    """Return the number of recordings with tracks that match."""
    query = {"query": search.matched(asked)}
    if total <= COUNTED:
        groups = _Groups()
        hits = yield from _read(query, search.TIES)
        yield from _follow(groups, hits)
        return Total(len({groups.root(("id", hit["_id"])) for hit in hits}))
    keys = {"field": fields.RECORDING_KEY, "precision_threshold": _PRECISION}
    answer = yield {**query, "size": 0, "track_total_hits": False, "aggs": {"keys": {"cardinality": keys}}}
    return Total(min(total, int(answer["aggregations"]["keys"]["value"])), exact=False)


def _any_of(nodes: Iterable[Node]) -> Query:
    values: dict[str, list[str]] = {}
    for name, value in nodes:
        values.setdefault(name, []).append(value)
    return Bool(should=[Terms(name, given) for name, given in values.items()])


def _without(body: Json, nodes: Sequence[Node]) -> Json:
    query = Bool(must=[Q(body["query"])], must_not=[_any_of(nodes[:_TERMS])] if nodes else [])
    return body | {"query": query.to_dict()}
