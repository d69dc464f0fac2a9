"""Rejected records, read back: counted by the class of their reason, and one after the other, in any number."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from indexer import generations
from indexer.rejected import REFUSALS, Rejected, is_refusal
from mappings.index_names import Generation, parse, rejected

PAGE = 200
"""So many records are in memory at once: 20 million characters at worst."""

MAX_ATTEMPTS = 5
"""A record is tried so often, the load included. The same document meets the same mapping with the same answer, so
each try stands for something mended in between; after four mends that did not help the source is at fault, and a
replay on a timer would otherwise send it for ever."""

BUCKETS = 10_000


@dataclass(frozen=True)
class Count:
    """How many records of one generation were rejected for one class of reason, with the first one's reason.

    `exhausted` of them were tried too often already.
    """

    dataset: str
    generation: str
    kind: str
    records: int
    exhausted: int
    example: str

    @property
    def replayable(self) -> int:
        """Return how many may be sent once more."""
        return self.records - self.exhausted if is_refusal(self.kind) else 0


@dataclass(frozen=True)
class Wanted:
    """Which rejected records of a generation are meant: all, or those in one place, or those below so many tries."""

    generation: Generation
    file: str | None = None
    row: int | None = None
    refused_below: int | None = None

    def query(self) -> dict[str, Any]:
        """Return the query."""
        given = {"generation": self.generation.index, "file": self.file, "row": self.row}
        filters: list[dict[str, Any]] = [{"term": {name: it}} for name, it in given.items() if it is not None]
        if self.refused_below is None:
            return {"bool": {"filter": filters}}
        filters.append({"range": {"attempt": {"lt": self.refused_below}}})
        filters.append({"bool": {"should": [{"wildcard": {"kind": pattern}} for pattern in REFUSALS]}})
        return {"bool": {"filter": filters}}


@dataclass(frozen=True)
class RejectedReader:
    """The rejected records of all data sets under one prefix; without an index of them there are none."""

    client: Elasticsearch
    prefix: str

    def counts(self, dataset: str | None = None, max_attempts: int = MAX_ATTEMPTS) -> list[Count]:
        """Return how many records were rejected, by data set, generation and class of reason."""
        query = {"term": {"dataset": dataset}} if dataset else {"match_all": {}}
        found = self._search(query=query, aggs={"by": _by_kind(max_attempts)}, size=0)
        return [_count(bucket) for bucket in found.get("aggregations", {}).get("by", {}).get("buckets", [])]

    def generation(self, dataset: str) -> Generation | None:
        """Return the generation whose rejected records are meant: the current one, else the last that has any."""
        found = generations.current(self.client, self.prefix, dataset)
        found = found or [entry for count in self.counts(dataset) if (entry := parse(self.prefix, count.generation))]
        return max(found, default=None)

    def count(self, wanted: Wanted) -> int:
        """Return how many records are meant."""
        found = self._search(query=wanted.query(), size=0, track_total_hits=True)
        return int(found["hits"]["total"]["value"])

    def records(self, wanted: Wanted) -> Iterator[Rejected]:
        """Yield records by file and row; memory doesn't grow with their number."""
        for page in self.pages(wanted):
            yield from page

    def pages(self, wanted: Wanted) -> Iterator[list[Rejected]]:
        """Yield records in pages.

        Each is met once, also when what was met is changed or removed meanwhile: file and row tell all records of a
        generation apart, and only go up.
        """
        self._refresh()
        after: list[Any] | None = None
        while hits := self._page(wanted, after):
            yield [Rejected(**hit["_source"]) for hit in hits]
            after = hits[-1]["sort"]

    def _page(self, wanted: Wanted, after: list[Any] | None) -> list[dict[str, Any]]:
        sort = [{"file": "asc"}, {"row": "asc"}]
        found = self._search(query=wanted.query(), sort=sort, search_after=after, size=PAGE)
        return list(found["hits"]["hits"])

    def _search(self, **request: Any) -> dict[str, Any]:
        index = rejected(self.prefix)
        return dict(self.client.search(index=index, ignore_unavailable=True, **request).body)

    def _refresh(self) -> None:
        self.client.indices.refresh(index=rejected(self.prefix), ignore_unavailable=True)


def _by_kind(max_attempts: int) -> dict[str, Any]:
    sources = [{name: {"terms": {"field": name}}} for name in ("dataset", "generation", "kind")]
    first = {"size": 1, "sort": [{"file": "asc"}, {"row": "asc"}], "_source": ["reason"]}
    return {
        "composite": {"size": BUCKETS, "sources": sources},
        "aggs": {
            "exhausted": {"filter": {"range": {"attempt": {"gte": max_attempts}}}},
            "first": {"top_hits": first},
        },
    }


def _count(bucket: dict[str, Any]) -> Count:
    example = bucket["first"]["hits"]["hits"][0]["_source"]["reason"]
    return Count(
        **bucket["key"], records=bucket["doc_count"], exhausted=bucket["exhausted"]["doc_count"], example=example
    )
