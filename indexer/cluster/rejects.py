"""Records that could not become a track, or that Elasticsearch refused: stored, with the reason and the place."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.cluster import indices
from indexer.cluster.bulk import REQUEST_TIMEOUT_S, BulkSender
from indexer.cluster.retry import complete
from indexer.documents.bulk_body import Body
from indexer.records import Rejection
from mappings.errors import CheckFailedError
from mappings.index_names import Generation, parse, rejected

MAX_RECORD_CHARS = 100_000
"""A longer record is cut here: enough to recognise it by; the source file has the rest."""

STORED_AT_ONCE = 500

REFUSALS = ("*_exception", "request_refused")
"""Kinds of reason that are Elasticsearch's word on a document. Every other kind is a reader's, and such a record never
became a document: a list of those would be out of date with the next reader."""

_STORED = {"type": "keyword", "index": False, "doc_values": False}

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        "dataset": {"type": "keyword"},
        "generation": {"type": "keyword"},
        "file": {"type": "keyword"},
        "row": {"type": "long"},
        "source_id": {"type": "keyword", "ignore_above": 512},
        "kind": {"type": "keyword"},
        "reason": {"type": "text"},
        "record": _STORED,
        "attempt": {"type": "integer"},
        "at": {"type": "date"},
    },
}


@dataclass(frozen=True)
class Rejected:
    """A rejected record as it is stored: `kind` is the class of its reason, `attempt` how often it was tried."""

    dataset: str
    generation: str
    file: str
    row: int
    kind: str
    reason: str
    source_id: str
    attempt: int
    at: str
    record: str

    def again(self, *, kind: str, reason: str) -> "Rejected":
        """Return this record as one that was tried once more, and rejected for this reason."""
        return replace(self, kind=kind, reason=reason, attempt=self.attempt + 1, at=_now())

    @property
    def id(self) -> str:
        """Return its `_id`: the place it came from, so that keeping it again replaces it."""
        return f"{self.generation}/{self.file}/{self.row}"


def is_refusal(kind: str) -> bool:
    """Tell whether Elasticsearch refused the document, so that it can be sent again.

    >>> is_refusal("document_parsing_exception"), is_refusal("unreadable")
    (True, False)
    """
    return any(fnmatchcase(kind, pattern) for pattern in REFUSALS)


COLUMNS = tuple(entry.name for entry in fields(Rejected))


@dataclass(frozen=True)
class RejectedStore:
    """The rejected records of one generation."""

    client: Elasticsearch
    generation: Generation
    timeout_s: float = REQUEST_TIMEOUT_S

    @property
    def index(self) -> str:
        """Return the index of all rejected records."""
        return rejected(self.generation.prefix)

    def add(self, rejections: Sequence[Rejection]) -> None:
        """Store rejected records, in parts; storing one again replaces it, so that a retry counts none twice."""
        dataset, generation, at = self.generation.dataset, self.generation.index, _now()
        for start in range(0, len(rejections), STORED_AT_ONCE):
            part = [asdict(one) for one in rejections[start : start + STORED_AT_ONCE]]
            cut = [one | {"record": one["record"][:MAX_RECORD_CHARS]} for one in part]
            self.put([Rejected(dataset=dataset, generation=generation, attempt=1, at=at, **one) for one in cut])

    def put(self, records: Sequence[Rejected]) -> None:
        """Store records as they are; raises CheckFailedError when Elasticsearch refuses even that."""
        if not records:
            return
        lines = [orjson.dumps(line) for record in records for line in ({"index": {"_id": record.id}}, asdict(record))]
        rows = pl.Series([record.row for record in records], dtype=pl.Int64)
        sender = BulkSender(self.client, self.index, require_alias=False, timeout_s=self.timeout_s)
        if refusals := sender.send(Body(b"\n".join(lines), rows)).refusals:
            raise CheckFailedError(f"The rejected record in row {refusals[0].row} can't be kept: {refusals[0].reason}.")

    def remove(self, ids: Sequence[str]) -> None:
        """Remove records that are rejected no longer; those that are gone already are no error."""
        if ids:
            query = {"ids": {"values": list(ids)}}
            self.client.delete_by_query(index=self.index, query=query, refresh=True)

    def count(self) -> int:
        """Return how many rejected records this generation has."""
        query = {"term": {"generation": self.generation.index}}
        self.client.indices.refresh(index=self.index)
        return int(complete(self.client, lambda: self.client.count(index=self.index, query=query))["count"])


def _now() -> str:
    return datetime.now(UTC).isoformat()


PAGE = 200
"""So many records are in memory at once: 20 million characters at worst."""

MAX_ATTEMPTS = 5
"""A record is tried so often, the load included. The same document meets the same mapping with the same answer, so
each try stands for something repaired in between; after four repairs that did not help the source is at fault, and a
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
class RejectedFilter:
    """Selects rejected records of a generation: all, or those in one place, or those tried fewer times than a bound."""

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
        response = self._search(query=query, aggs={"by": _by_kind(max_attempts)}, size=0)
        return [_count(bucket) for bucket in response.get("aggregations", {}).get("by", {}).get("buckets", [])]

    def generation(self, dataset: str) -> Generation | None:
        """Return the generation whose rejected records count: the current one, else the last that has any."""
        current = indices.current(self.client, self.prefix, dataset)
        rejected_in = (parse(self.prefix, count.generation) for count in ([] if current else self.counts(dataset)))
        return max(current or filter(None, rejected_in), default=None)

    def count(self, query: RejectedFilter) -> int:
        """Return how many records are selected."""
        response = self._search(query=query.query(), size=0, track_total_hits=True)
        return int(response["hits"]["total"]["value"])

    def records(self, query: RejectedFilter) -> Iterator[Rejected]:
        """Yield records by file and row; memory doesn't grow with their number."""
        for page in self.pages(query):
            yield from page

    def pages(self, query: RejectedFilter) -> Iterator[list[Rejected]]:
        """Yield records in pages.

        Each is met once, also when what was met is changed or removed meanwhile: file and row tell all records of a
        generation apart, and only go up.
        """
        self.client.indices.refresh(index=rejected(self.prefix), ignore_unavailable=True)
        sort, after = [{"file": "asc"}, {"row": "asc"}], None
        while hits := self._search(query=query.query(), sort=sort, search_after=after, size=PAGE)["hits"]["hits"]:
            yield [Rejected(**hit["_source"]) for hit in hits]
            after = hits[-1]["sort"]

    def _search(self, **request: Any) -> dict[str, Any]:
        return dict(self.client.search(index=rejected(self.prefix), ignore_unavailable=True, **request).body)


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
