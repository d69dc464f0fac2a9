"""One row for each recording: which tracks belong together, and which track determines the recording's rank.

Two tracks are of one recording if they share a recording key or a video id, be it through others. That doesn't depend
on the search. A recording ranks where the best of its matching tracks does, and is shown there, once.

Elasticsearch's `collapse` takes no `search_after` unless by the collapsed field, and sees no video ids. So hits are
read as always, a block at a time, and the tracks that belong to them are fetched by key and video id. A hit that isn't
the best of its recording was shown before, on this page or another: it is left out, and needs no memory of pages.
All of it is bounded: beyond, the answer says that it isn't exact.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from elasticsearch.dsl import Q
from elasticsearch.dsl.query import Bool, Query, Terms

from mappings.track import DATASET, RECORDING_KEY, VIDEO_IDS
from queries.cursor import TIE_BREAKERS, order
from queries.model import Ask, Json, Member, Recording, Total
from queries.search.search_request import Search, behind, hits_body, matched, page_size

MAX_COUNTED = 1_000
"""Up to so many tracks, recordings are counted one by one; above, Elasticsearch estimates the number of their keys."""

MAX_LISTED = 100
"""Tracks that are listed of a recording; all are counted. Few names were recorded in so many copies."""

MAX_TRACKS = 10_000
"""Tracks that are read for a page at most: as many as Elasticsearch gives in one answer."""

MAX_BLOCKS = 20
"""Blocks of hits that are walked for a page at most; each holds twice as many hits as the page has rows, or 50.

A page that isn't full by then is shorter, and the next one goes on behind it."""

_MAX_TERMS = 30_000
"""Values in one request; Elasticsearch takes 65,536 in a `terms` query."""

_PRECISION = 40_000
"""Elasticsearch's highest; up to so many different keys the estimate is close to exact, but isn't proven to be."""

_JOINS = (RECORDING_KEY, VIDEO_IDS)
_READ = (DATASET, *_JOINS)

Node = tuple[str, str]
"""Name of a field and a value of it (or "id" and a track's id): what makes tracks one recording."""


@dataclass(frozen=True)
class RecordingsPage:
    """A page of recordings: Elasticsearch's hit for the best track of each; and how many recordings there are.

    The next page begins behind the hit `last`, None at the end.
    """

    heads: tuple[Json, ...]
    recordings: tuple[Recording, ...]
    count: Total
    last: Json | None


@dataclass
class _Groups:
    """The tracks that are known, and which of them belong together (a union-find forest over their joining values).

    `truncated` says that there are more tracks than are read.
    """

    tracks: dict[str, Json] = field(default_factory=dict)
    parents: dict[Node, Node] = field(default_factory=dict)
    fetched: set[Node] = field(default_factory=set)
    truncated: bool = False

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

    def root_of(self, hit: Json) -> Node:
        return self.root(("id", hit["_id"]))

    def members(self) -> dict[Node, list[str]]:
        """Return the ids of each recording's tracks, in their order."""
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
        return sorted(nodes)[:_MAX_TERMS]


def _values(hit: Json) -> Json:
    """Return what joins a track, whether it came with its source or with single columns, each as a list."""
    given = hit.get("fields") or hit.get("_source") or {}
    values = {name: given.get(name) or [] for name in _READ}
    return {name: value if isinstance(value, list) else [value] for name, value in values.items()}


def page(ask: Ask, search: Search, first: Sequence[Json], total: int) -> RecordingsPage:
    """Return the page of recordings, given the first block of hits and the number of tracks that match."""
    groups, scanned, heads = _Groups(), [*first], list[Json]()
    matching, block = set[str](), scanned
    size, ended = search.request.size, False
    for number in range(MAX_BLOCKS if size else 0):
        if number:
            body, seen = hits_body(behind(search, scanned[-1])), groups.selectors()
            query = Bool(must=[Q(body["query"])], must_not=[_any_of(seen)] if seen else [])
            (answer,) = ask(body | {"query": query.to_dict()})
            block = answer["hits"]["hits"]
            scanned += block
        _add_related(ask, groups, block)
        best, matching = _matching(ask, search, groups)
        ids = {hit["_id"] for hit in scanned}
        best_of = [best.get(groups.root_of(hit), hit["_id"]) for hit in scanned]
        heads = [hit for hit, head in zip(scanned, best_of, strict=True) if hit["_id"] == head and head in ids]
        ended = len(block) < page_size(search.request)
        if ended or len(heads) > size:
            break
    is_all = search.after is None and ended and len(heads) <= size
    count = Total(len(heads), not groups.truncated) if is_all else _count(ask, search, total)
    members = groups.members()
    matching |= {hit["_id"] for hit in scanned}
    rows = [_recording(groups, members[groups.root_of(hit)], matching) for hit in heads[:size]]
    last = heads[size - 1] if len(heads) > size > 0 else None if ended or not scanned else scanned[-1]
    return RecordingsPage(tuple(heads[:size]), tuple(rows), count, last)


def _recording(groups: _Groups, ids: Sequence[str], matching: set[str]) -> Recording:
    datasets = {track: groups.tracks[track][DATASET][0] for track in ids}
    members = [
        Member(track, dataset, track.removeprefix(f"{dataset}:"), len(ids) == 1 or track in matching)
        for track, dataset in datasets.items()
    ]
    return Recording(
        by_dataset=dict(sorted(Counter(datasets.values()).items())),
        matched=sum(member.matched for member in members),
        tracks=tuple(sorted(members, key=lambda member: not member.matched)[:MAX_LISTED]),
        exact=not groups.truncated,
    )


def _add_related(ask: Ask, groups: _Groups, hits: Iterable[Json]) -> None:
    """Add hits, all tracks that share a key or video id with them, those that share one with these, and so on."""
    groups.add(hits)
    while len(groups.tracks) < MAX_TRACKS:
        new = (node for node in groups.parents if node[0] in _JOINS and node not in groups.fetched)
        if not (nodes := sorted(new)[:_MAX_TERMS]):
            break
        # All tracks of a key that was asked for are known: there is no need to see them again for their videos.
        known = [node for node in groups.fetched if node[0] == RECORDING_KEY][:_MAX_TERMS]
        query = Bool(filter=[_any_of(nodes)], must_not=[_any_of(known)] if known else [])
        groups.fetched.update(nodes)
        related = _read(ask, query.to_dict(), TIE_BREAKERS)
        groups.truncated |= len(related) >= MAX_TRACKS
        groups.add(related)
    groups.truncated |= len(groups.tracks) >= MAX_TRACKS


def _matching(ask: Ask, search: Search, groups: _Groups) -> tuple[dict[Node, str], set[str]]:
    """Return the best track of each recording that has several, and all tracks of these that match."""
    best: dict[Node, str] = {}
    matching: set[str] = set()
    if nodes := groups.selectors():
        query = Bool(must=[Q(hits_body(search)["query"])], filter=[_any_of(nodes)])
        for hit in _read(ask, query.to_dict(), search.keys):
            matching.add(hit["_id"])
            best.setdefault(groups.root_of(hit), hit["_id"])
    return best, matching


def _read(ask: Ask, query: Json, keys: Sequence[str]) -> list[Json]:
    """Return the first `MAX_TRACKS` hits of a query in the order of some sort keys, with what joins them."""
    body: dict[str, Any] = {"query": query, "size": MAX_TRACKS, "sort": order(keys), "_source": False}
    (answer,) = ask(body | {"track_total_hits": False, "docvalue_fields": list(_READ)})
    hits: list[Json] = answer["hits"]["hits"]
    return hits


def _count(ask: Ask, search: Search, total: int) -> Total:
    """Return the number of recordings with tracks that match."""
    query = matched(search)
    if total <= MAX_COUNTED:
        groups = _Groups()
        hits = _read(ask, query, TIE_BREAKERS)
        _add_related(ask, groups, hits)
        return Total(len({groups.root_of(hit) for hit in hits}), not groups.truncated)
    keys = {"field": RECORDING_KEY, "precision_threshold": _PRECISION}
    (answer,) = ask({"query": query, "size": 0, "track_total_hits": False, "aggs": {"keys": {"cardinality": keys}}})
    return Total(min(total, int(answer["aggregations"]["keys"]["value"])), exact=False)


def _any_of(nodes: Iterable[Node]) -> Query:
    values: dict[str, list[str]] = {}
    for name, value in nodes:
        values.setdefault(name, []).append(value)
    return Bool(should=[Terms(name, given) for name, given in values.items()])
