"""Records that could not become a track, or that Elasticsearch refused: kept, with the reason and the place."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from typing import Any

import orjson
import polars as pl

from indexer.encode import Body
from indexer.records import Rejection
from indexer.retry import whole
from indexer.send import Sender
from mappings.errors import CheckFailedError
from mappings.index_names import Generation

MAX_RECORD_CHARS = 100_000
"""A longer record is cut here: enough to recognise it by; the source file has the rest."""

STORED_AT_ONCE = 500

REFUSALS = ("*_exception", "request_refused")
"""Kinds of reason that are Elasticsearch's word on a document. Every other kind is a reader's, and such a record never
became a document: a list of those would be out of date with the next reader."""

_KEPT = {"type": "keyword", "index": False, "doc_values": False}

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
        "record": _KEPT,
        "attempt": {"type": "integer"},
        "at": {"type": "date"},
    },
}


@dataclass(frozen=True)
class Rejected:
    """A rejected record as it is kept: `kind` is the class of its reason, `attempt` how often it was tried."""

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
    """The rejected records of one generation; `sender` writes to the index of rejected records."""

    sender: Sender
    generation: Generation

    def keep(self, rejections: Sequence[Rejection]) -> None:
        """Store rejected records, in parts; storing one again replaces it, so that a retry counts none twice."""
        for start in range(0, len(rejections), STORED_AT_ONCE):
            self.put([self.kept(rejection) for rejection in rejections[start : start + STORED_AT_ONCE]])

    def kept(self, rejection: Rejection) -> Rejected:
        """Return a rejection as it is kept."""
        return Rejected(
            dataset=self.generation.dataset,
            generation=self.generation.index,
            attempt=1,
            at=_now(),
            **asdict(rejection) | {"record": rejection.record[:MAX_RECORD_CHARS]},
        )

    def put(self, records: Sequence[Rejected]) -> None:
        """Store records as they are; raises CheckFailedError when Elasticsearch refuses even that."""
        if not records:
            return
        lines = [orjson.dumps(line) for record in records for line in ({"index": {"_id": record.id}}, asdict(record))]
        rows = pl.Series([record.row for record in records], dtype=pl.Int64)
        outcome = self.sender.send(Body(b"\n".join(lines), rows))
        if outcome.refusals:
            refused = outcome.refusals[0]
            raise CheckFailedError(f"The rejected record in row {refused.row} can't be kept: {refused.reason}.")

    def remove(self, ids: Sequence[str]) -> None:
        """Remove records that are rejected no longer; those that are gone already are no error."""
        if not ids:
            return
        client, index = self.sender.client, self.sender.target
        client.delete_by_query(index=index, query={"ids": {"values": list(ids)}}, refresh=True)

    def count(self) -> int:
        """Return how many rejected records this generation has."""
        client, index = self.sender.client, self.sender.target
        query = {"term": {"generation": self.generation.index}}
        client.indices.refresh(index=index)
        return int(whole(client, lambda: client.count(index=index, query=query))["count"])


def _now() -> str:
    return datetime.now(UTC).isoformat()
