"""The difference, applied to the clone: bodies in the loader's own way, deletions by id, the new sketch."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.cluster.bulk import BulkSender
from indexer.cluster.ledger import ChunkId, Ledger
from indexer.cluster.rejects import RejectedStore
from indexer.cluster.retry import RetryableError, policy_of
from indexer.documents import digest
from indexer.documents.bulk_body import LINE, bodies
from indexer.documents.digest import ID, PRINT, RAW
from indexer.load.pipeline import REQUEST_BYTES
from indexer.records import SOURCE_ROW, Rejection
from indexer.update.compare import CHANGES, KEPT
from indexer.update.workdir import WorkDir
from mappings.index_names import Generation

REJECTED_BATCH = 1_000
DELETED_AT_ONCE = 5_000
SKETCH_ROWS = 50_000


class RefusedError(Exception):
    """Elasticsearch refused a document: whose place it leaves to which record, only a load from the files decides."""


@dataclass
class Applier:
    """Sends what the spool holds to one generation. Everything may be done twice."""

    client: Elasticsearch
    to: Generation
    spool: WorkDir
    sender: BulkSender
    store: RejectedStore

    def send(self) -> None:
        """Send all added and changed tracks; raises RefusedError."""
        for frame in self.spool.frames(CHANGES):
            for body in bodies(frame[LINE], frame[SOURCE_ROW], REQUEST_BYTES):
                if refusals := self.sender.send(body).refusals:
                    raise RefusedError(refusals[0].reason)

    def delete(self, ids: Sequence[str]) -> None:
        """Delete tracks; those that are gone already are no error."""
        for start in range(0, len(ids), DELETED_AT_ONCE):
            self._delete(ids[start : start + DELETED_AT_ONCE])

    def _delete(self, ids: Sequence[str]) -> None:
        lines = b"".join(orjson.dumps({"delete": {"_id": name}}) + b"\n" for name in ids)
        for attempt in policy_of(self.client).attempts():
            with attempt:
                encoded: list[Any] = [lines.rstrip(b"\n")]
                target, path = self.sender.target, "errors,items.*.error"
                answer = self.client.bulk(operations=encoded, index=target, require_alias=True, filter_path=path)
                if answer.get("errors", True):
                    raise RetryableError(str(answer.get("items"))[:200])

    def keep_rejected(self) -> None:
        """Keep the records that can't become a track, under the new generation."""
        batch: list[Rejection] = []
        for rejection in self.spool.rejections():
            batch.append(rejection)
            if len(batch) == REJECTED_BATCH:
                self.store.keep(batch)
                batch = []
        self.store.keep(batch)

    def keep_sketch(self) -> None:
        """Write the sketch of the new generation: what stayed, and what was sent."""
        number, waiting = 0, pl.DataFrame(schema=digest.SCHEMA)
        for name in (KEPT, CHANGES):
            for frame in self.spool.frames(name):
                waiting = pl.concat([waiting, frame.select(ID, PRINT, RAW)])
                while waiting.height >= SKETCH_ROWS:
                    self._keep(number, waiting.head(SKETCH_ROWS))
                    number, waiting = number + 1, waiting.slice(SKETCH_ROWS)
        if waiting.height:
            self._keep(number, waiting)

    def _keep(self, number: int, frame: pl.DataFrame) -> None:
        Ledger(self.client, self.to.prefix).write_sketch(self.to, ChunkId(0, number), frame)
