"""Records that could not become a track, or that Elasticsearch refused: kept, with the reason and the place."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import polars as pl

from indexer.encode import Body
from indexer.patience import patiently
from indexer.records import Rejection
from indexer.send import Sender
from mappings.names import Generation
from mappings.problems import CheckProblem

MAX_RECORD_CHARS = 100_000
"""A longer record is cut here: enough to recognise it by; the source file has the rest."""

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
class RejectedStore:
    """The rejected records of one generation; `sender` writes to the index of rejected records."""

    sender: Sender
    generation: Generation

    def keep(self, rejections: Sequence[Rejection]) -> None:
        """Store rejected records; storing one again replaces it, so that a retry counts none twice."""
        if not rejections:
            return
        at = datetime.now(UTC).isoformat()
        lines = [orjson.dumps(line) for rejection in rejections for line in self._lines(rejection, at)]
        rows = pl.Series([rejection.row for rejection in rejections], dtype=pl.Int64)
        outcome = self.sender.send(Body(b"\n".join(lines), rows))
        if outcome.refusals:
            refused = outcome.refusals[0]
            raise CheckProblem(f"The rejected record in row {refused.row} can't be kept: {refused.reason}.")

    def count(self) -> int:
        """Return how many rejected records this generation has."""
        client, index = self.sender.client, self.sender.target
        query = {"term": {"generation": self.generation.index}}
        patiently(lambda: client.indices.refresh(index=index))
        return int(patiently(lambda: client.count(index=index, query=query))["count"])

    def _lines(self, rejection: Rejection, at: str) -> tuple[dict[str, Any], dict[str, Any]]:
        action = {"index": {"_id": f"{self.generation.index}/{rejection.file}/{rejection.row}"}}
        document = {
            "dataset": self.generation.dataset,
            "generation": self.generation.index,
            "file": rejection.file,
            "row": rejection.row,
            "source_id": rejection.source_id,
            "kind": rejection.kind,
            "reason": rejection.reason,
            "record": rejection.record[:MAX_RECORD_CHARS],
            "attempt": 1,
            "at": at,
        }
        return action, document
