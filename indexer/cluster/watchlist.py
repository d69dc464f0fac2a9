"""Artists that somebody watches: which of them gained or lost tracks when a generation took another's place.

A name is matched completely, however it is written: by its folded form, "Björk" as "bjork".
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from elasticsearch import Elasticsearch, NotFoundError

from indexer.cluster import audit_log
from mappings.errors import InputError
from mappings.index_names import Generation, watched
from mappings.spelling.folding import fold
from mappings.spelling.whole_names import artist_terms
from mappings.track import FACETS, TITLE, WHOLE_NAMES

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "name": {"type": "keyword", "ignore_above": 8191},
        "folded": {"type": "keyword", "ignore_above": 8191},
        "at": {"type": "date"},
    },
}
SETTINGS: dict[str, Any] = {"number_of_shards": 1, "auto_expand_replicas": "0-1"}

MOST = 10_000
"""Names, ways to write one name, and tracks of one that are compared; beyond, `exact` is false."""
LONGEST = 400
EXAMPLES = 3


@dataclass(frozen=True)
class Name:
    """A watched artist, and since when."""

    name: str
    folded: str
    at: str


@dataclass(frozen=True)
class Watched:
    """What became of a watched artist in one data set: tracks before and after, gained and lost, with titles.

    `exact` is false where the artist has more tracks, or ways to write the name, than are compared.
    """

    name: str
    dataset: str
    before: int
    after: int
    gained: int
    lost: int
    gained_examples: Sequence[str] = ()
    lost_examples: Sequence[str] = ()
    exact: bool = True


@dataclass(frozen=True)
class Watchlist:
    """The watched artists under one prefix, stored in Elasticsearch."""

    client: Elasticsearch
    prefix: str

    def add(self, name: str) -> Name:
        """Watch an artist; one that is watched already stays. Raises InputError for a name that can't be one."""
        entry = _name(name)
        self._ensure()
        document = asdict(entry)
        made = self.client.update(
            index=self._index, id=entry.folded, upsert=document, doc={}, refresh=True, source=True
        )
        return Name(**made["get"]["_source"])

    def remove(self, name: str) -> Name:
        """Watch an artist no longer; raises InputError for one that is not watched."""
        entry = _name(name)
        for found in self.names():
            if found.folded == entry.folded:
                self.client.delete(index=self._index, id=entry.folded, refresh=True)
                return found
        raise InputError(f"{name!r} is not watched.", "See: linernotes watch list")

    def names(self) -> list[Name]:
        """Return all watched artists, by name; none where nobody was ever watched."""
        try:
            response = self.client.search(index=self._index, size=MOST, sort=["folded"], source=True)
        except NotFoundError:
            return []
        return [Name(**hit["_source"]) for hit in response["hits"]["hits"]]

    def compare(self, before: Generation | None, to: Generation) -> list[Watched]:
        """Return the artists who gained or lost tracks from one generation to the other, and write it down."""
        found = [entry for name in self.names() if (entry := self._compared(name, before, to))]
        for entry in found:
            text = f"{entry.name}: {entry.before:,} to {entry.after:,} tracks, {_moved(entry)}"
            audit_log.write(self.client, to, audit_log.WATCHED, text, **asdict(entry))
        return found

    def _compared(self, name: Name, before: Generation | None, to: Generation) -> Watched | None:
        old = self._tracks(name, before) if before else _Tracks()
        new = self._tracks(name, to)
        gained = [title for track, title in new.titles.items() if track not in old.titles]
        lost = [title for track, title in old.titles.items() if track not in new.titles]
        if not gained and not lost and old.count == new.count:
            return None
        return Watched(
            name=name.name,
            dataset=to.dataset,
            before=old.count,
            after=new.count,
            gained=len(gained),
            lost=len(lost),
            gained_examples=gained[:EXAMPLES],
            lost_examples=lost[:EXAMPLES],
            exact=old.exact and new.exact,
        )

    def _tracks(self, name: Name, generation: Generation) -> "_Tracks":
        spellings, complete = self._spellings(name, generation)
        if not spellings:
            return _Tracks(exact=complete)
        query = {"bool": {"filter": [{"terms": {FACETS["artist"]: spellings}}]}}
        response = self.client.search(
            index=generation.index, query=query, size=MOST, source_includes=[TITLE], track_total_hits=True
        )
        count = int(response["hits"]["total"]["value"])
        titles = {hit["_id"]: str(hit["_source"].get(TITLE, "")) for hit in response["hits"]["hits"]}
        return _Tracks(count, titles, exact=complete and count <= MOST)

    def _spellings(self, name: Name, generation: Generation) -> tuple[list[str], bool]:
        """Return how the name is written in a generation, and whether that is all of it."""
        values = {"values": {"terms": {"field": FACETS["artist"], "size": MOST}}}
        query = {"bool": {"filter": [{"terms": {WHOLE_NAMES: artist_terms(name.name)}}]}}
        response = self.client.search(index=generation.index, query=query, size=0, aggs=values)
        answer = response["aggregations"]["values"]
        written = [bucket["key"] for bucket in answer["buckets"]]
        return [spelling for spelling in written if fold(spelling) == name.folded], answer["sum_other_doc_count"] == 0

    @property
    def _index(self) -> str:
        return watched(self.prefix)

    def _ensure(self) -> None:
        if not self.client.indices.exists(index=self._index):
            self.client.options(ignore_status=400).indices.create(
                index=self._index, mappings=MAPPING, settings=SETTINGS
            )


@dataclass(frozen=True)
class _Tracks:
    count: int = 0
    titles: Mapping[str, str] = field(default_factory=dict)
    exact: bool = True


def _moved(entry: Watched) -> str:
    parts = [f"{count:,} {what}" for what, count in (("gained", entry.gained), ("lost", entry.lost)) if count]
    return ", ".join(parts) or "others than before"


def _name(given: str) -> Name:
    folded = fold(given)
    if not folded or len(folded) > LONGEST:
        raise InputError(f"{given[:50]!r} is no name.", 'Write it like: linernotes watch add "Sigur Rós"')
    return Name(given.strip(), folded, datetime.now(UTC).isoformat())


def lines(found: Sequence[Watched]) -> Iterator[str]:
    """Yield one line for each artist, for people."""
    for entry in found:
        titles = "; ".join([*entry.gained_examples, *entry.lost_examples])
        yield f"{entry.name} in {entry.dataset}: {entry.before:,} to {entry.after:,} tracks, {_moved(entry)} ({titles})"
