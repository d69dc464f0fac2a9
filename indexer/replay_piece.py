"""A piece of a replay: refused records of one file as a `_bulk` body, and what its answer means for the sums."""

from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl

from indexer.encode import Body, version
from indexer.rejected import Rejected
from indexer.send import Outcome
from indexer.totals import Totals
from mappings.track import DATASET, SOURCE_ID


@dataclass(frozen=True)
class Piece:
    """Refused records of one source file, whose place in the plan decides which of several records with one id wins."""

    file_number: int
    records: list[Rejected]

    def body(self) -> Body:
        """Return the documents as they were sent the first time, each with its version."""
        rows = pl.Series([record.row for record in self.records], dtype=pl.Int64)
        return Body(b"\n".join(line for record in self.records for line in self._lines(record)), rows)

    def _lines(self, record: Rejected) -> tuple[bytes, bytes]:
        document = document_of(record) or {}
        action = {
            "_id": f"{document[DATASET]}:{document[SOURCE_ID]}",
            "version": version(self.file_number, record.row),
            "version_type": "external",
        }
        return orjson.dumps({"index": action}), record.record.encode()

    def refused_again(self, outcome: Outcome) -> list[Rejected]:
        """Return the records that were refused once more, with the new reason, tried once more."""
        by_row = {record.row: record for record in self.records}
        return [by_row[refusal.row].again(kind=refusal.kind, reason=refusal.reason) for refusal in outcome.refusals]


def moved(outcome: Outcome) -> Totals:
    """Return what an answer moves in the totals: from rejected to indexed, or to duplicates."""
    into_index = outcome.created + outcome.replayed
    return Totals(
        indexed=into_index,
        duplicates=outcome.duplicates,
        rejected=-(into_index + outcome.duplicates),
        replayed=outcome.replayed,
    )


def document_of(record: Rejected) -> dict[str, Any] | None:
    """Return the document that was sent; None for a record that was kept in part only, or never was a document."""
    try:
        found = orjson.loads(record.record)
    except orjson.JSONDecodeError:
        return None
    is_track = isinstance(found, dict) and found.get(DATASET) == record.dataset and SOURCE_ID in found
    return found if is_track and "\n" not in record.record else None
