"""Send what Elasticsearch refused once more, into the current generation, and keep all sums true.

    refused records --[a body for each file of a page]--> Sender --> ids into the sketch --> rejected no longer

Each step may be done twice, so the run after one that was killed sends what is left and mends the rest. The sums are
not kept but counted at the end: accepted ids from the ledger, rejected records and documents from their indices.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.cluster import indices, lease, recovery
from indexer.cluster.bulk import BulkSender
from indexer.cluster.current import CurrentGeneration, current
from indexer.cluster.diagnostics import ensure_swappable
from indexer.cluster.ledger import ChunkId, Ledger, LoadRecord
from indexer.cluster.progress import Progress
from indexer.cluster.rejects import MAX_ATTEMPTS, Rejected, RejectedReader, RejectedStore, Wanted, is_refusal
from indexer.cluster.retry import RetryPolicy, retrying
from indexer.documents import digest
from indexer.documents.bulk_body import FILES_LIMIT, Body, version
from indexer.normalise.track import normalisation
from indexer.records import Totals
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation
from mappings.index_names import rejected as rejected_index
from mappings.track import DATASET, FINGERPRINT, SOURCE_ID


@dataclass(frozen=True)
class Replay:
    """What became of the rejected records of the current generation when they were sent once more.

    `tried` = `indexed` + `duplicates` + `refused_again`, with what a replay that was killed (`mended`) had done.
    `rejected` is how many are left, of which can't be sent: `never_a_track`, `exhausted` (tried too often), and
    `incomplete` (kept in part only).
    """

    dataset: str
    generation: str
    tried: int
    indexed: int
    duplicates: int
    refused_again: int
    rejected: int
    never_a_track: int
    exhausted: int
    incomplete: int
    mended: bool


@dataclass
class _Tally:
    refused_again: int = 0
    incomplete: int = 0


@dataclass(frozen=True)
class _Piece:
    """Refused records of one source file, whose place in the plan decides which of several records with one id wins."""

    file_number: int
    records: list[Rejected]
    documents: list[dict[str, Any]]

    def body(self) -> Body:
        """Return the documents as they were sent the first time, each with its version."""
        rows = pl.Series([record.row for record in self.records], dtype=pl.Int64)
        lines = (line for pair in zip(self.records, self.documents, strict=True) for line in self._lines(*pair))
        return Body(b"\n".join(lines), rows)

    def _lines(self, record: Rejected, document: dict[str, Any]) -> tuple[bytes, bytes]:
        action = {
            "_id": f"{document[DATASET]}:{document[SOURCE_ID]}",
            "version": version(self.file_number, record.row),
            "version_type": "external",
        }
        return orjson.dumps({"index": action}), record.record.encode()

    def sketch(self, rows: set[int]) -> pl.DataFrame:
        """Return the sketch of the records in these rows, as accepted ones have it."""
        documents = [
            document for record, document in zip(self.records, self.documents, strict=True) if record.row in rows
        ]
        ids = pl.Series(SOURCE_ID, [document[SOURCE_ID] for document in documents], dtype=pl.String)
        prints = pl.Series(digest.PRINT, [document[FINGERPRINT] for document in documents], dtype=pl.Int64)
        hashed = pl.DataFrame([ids, prints]).with_columns(digest.hashed_id(pl.col(SOURCE_ID)))
        return hashed.with_columns(pl.lit(digest.NO_RAW, pl.UInt64).alias(digest.RAW))

    @property
    def key(self) -> ChunkId:
        """Return where its sketch lies: beside those of the load, which has fewer files."""
        return ChunkId(FILES_LIMIT + self.file_number, self.records[0].row)


@dataclass(frozen=True)
class Replayer:
    """Replays the rejected records of one data set under `prefix`, each once in a run."""

    client: Elasticsearch
    prefix: str
    progress: Progress
    max_attempts: int = MAX_ATTEMPTS

    def __post_init__(self) -> None:
        """Make the client retry; a full disk is reported to `progress`."""
        object.__setattr__(self, "client", retrying(self.client, RetryPolicy(self.progress)))

    def run(self, dataset: str) -> Replay:
        """Replay everything that may be replayed.

        Raises InputError (nothing is loaded, or by another version), CheckFailedError (the sums don't hold; another
        process changes this data set; the alias is on two generations), UnreachableError (Elasticsearch took no data:
        what is not settled is sent again by the next run).
        """
        recovery.create_system_indices(self.client, self.prefix)
        with lease.held(self.client, self.prefix, dataset, lease.REPLAY):
            recovery.settle_current(self.client, self.prefix, dataset)
            status = ensure_swappable(self.client, self.prefix, dataset)
            if not status.aliased:
                raise InputError(f"{dataset} is not loaded.", f"Load it first: linernotes load {dataset} PATH...")
            in_service = current(self.client, status)
            return self._replay(in_service, self._record(in_service))

    def _record(self, in_service: CurrentGeneration) -> LoadRecord:
        """Return what the ledger says of the generation, if ids can be counted together with those it knows."""
        generation = in_service.generation
        for record in Ledger(self.client, self.prefix).loads(generation.dataset):
            if record.generation == generation and in_service.meta.get("normalisation") == normalisation():
                return record
        raise InputError(
            f"{generation.index} was made by another version of this program.",
            f"Load it again: linernotes load {generation.dataset} PATH... --fresh",
        )

    def _replay(self, in_service: CurrentGeneration, record: LoadRecord) -> Replay:
        generation, before = in_service.generation, Totals.read_from(record.plan["totals"])
        store = RejectedStore(self._sender(rejected_index(self.prefix), require_alias=False), generation)
        interrupted = self._check_before(generation, store, before)
        tally = self._send_all(generation, record, store)
        totals = self._count(generation, store, before)
        self._note(record, totals)
        return self._result(generation, before, totals, tally, mended=interrupted)

    def _sender(self, target: str, *, require_alias: bool) -> BulkSender:
        return BulkSender(self.client, target, require_alias)

    def _check_before(self, generation: Generation, store: RejectedStore, before: Totals) -> bool:
        """Tell whether an earlier replay was interrupted; raises CheckFailedError when documents are missing."""
        documents, kept = indices.count(self.client, generation), store.count()
        if documents < before.indexed or kept > before.rejected:
            what = f"{before.indexed:,} records indexed and {documents:,} documents"
            what += f", {before.rejected:,} records rejected and {kept:,} kept"
            raise CheckFailedError(f"{generation.index} does not add up: {what}.", "Nothing was replayed.")
        return documents > before.indexed or kept < before.rejected

    def _send_all(self, generation: Generation, record: LoadRecord, store: RejectedStore) -> _Tally:
        """Send each record once, through an alias that is there only meanwhile: a deleted index isn't made anew."""
        tally, files = _Tally(), {entry["name"]: number for number, entry in enumerate(record.plan["files"])}
        name = indices.write_alias(generation)
        self.client.indices.put_alias(index=generation.index, name=name)
        sender, load_ledger = self._sender(name, require_alias=True), Ledger(self.client, self.prefix)
        for page in self._pages(generation):
            for piece in _pieces(page, files, tally):
                outcome = sender.send(piece.body())
                tally.refused_again += self._settle(
                    load_ledger, store, piece, {entry.row: entry for entry in outcome.refusals}
                )
            self.progress.advance(0, Totals(read=len(page)))
        gone_already = self.client.options(ignore_status=404)
        gone_already.indices.delete_alias(index=generation.index, name=name)
        return tally

    def _pages(self, generation: Generation) -> Iterator[list[Rejected]]:
        reader, wanted = RejectedReader(self.client, self.prefix), Wanted(generation, refused_below=self.max_attempts)
        self.progress.state = "replaying"
        self.progress.add_file(generation.dataset, reader.count(wanted))
        return reader.pages(wanted)

    def _settle(self, load_ledger: Ledger, store: RejectedStore, piece: _Piece, refused: dict[int, Any]) -> int:
        """Write down what became of one body; return how many records were refused again."""
        accepted = [record for record in piece.records if record.row not in refused]
        again = [record for record in piece.records if record.row in refused]
        store.put([one.again(kind=refused[one.row].kind, reason=refused[one.row].reason) for one in again])
        if accepted:
            load_ledger.write_sketch(store.generation, piece.key, piece.sketch({record.row for record in accepted}))
        store.remove([record.id for record in accepted])
        return len(again)

    def _count(self, generation: Generation, store: RejectedStore, before: Totals) -> Totals:
        """Return the totals as they are now; raises CheckFailedError unless all sums hold."""
        indices.flush(self.client, generation)
        documents, kept = indices.count(self.client, generation), store.count()
        ids = Ledger(self.client, self.prefix).distinct_ids(generation)
        duplicates = before.read - ids - before.skipped - kept
        totals = Totals(before.read, ids, duplicates, before.skipped, kept)
        if problems := totals.differences(documents, kept) or duplicates < before.duplicates:
            what = "; ".join(problems) if isinstance(problems, list) else "more ids than records"
            raise CheckFailedError(f"{generation.index} does not add up: {what}.", "Load it again with --fresh.")
        return totals

    def _note(self, record: LoadRecord, totals: Totals) -> None:
        """Write the totals into the index's `_meta` and the ledger."""
        indices.note(self.client, record.generation, totals=asdict(totals))
        load_ledger = Ledger(self.client, self.prefix)
        load_ledger.close(record.generation, record.state, record.plan | {"totals": asdict(totals)})

    def _result(self, generation: Generation, before: Totals, totals: Totals, tally: _Tally, *, mended: bool) -> Replay:
        counts = RejectedReader(self.client, self.prefix).counts(generation.dataset, self.max_attempts)
        left = [count for count in counts if count.generation == generation.index]
        return Replay(
            dataset=generation.dataset,
            generation=generation.index,
            tried=before.rejected - totals.rejected + tally.refused_again,
            indexed=totals.indexed - before.indexed,
            duplicates=totals.duplicates - before.duplicates,
            refused_again=tally.refused_again,
            rejected=totals.rejected,
            never_a_track=sum(count.records for count in left if not is_refusal(count.kind)),
            exhausted=sum(count.exhausted for count in left if is_refusal(count.kind)),
            incomplete=tally.incomplete,
            mended=mended,
        )


def _pieces(page: list[Rejected], files: dict[str, int], tally: _Tally) -> Iterator[_Piece]:
    """Yield what can be sent of a page, by file: only within one does a row's number tell which record it is."""
    for file, records in groupby(page, attrgetter("file")):
        both = [(record, document) for record in records if (document := _document(record)) is not None]
        if both and file in files:
            yield _Piece(files[file], [record for record, _ in both], [document for _, document in both])
            tally.incomplete -= len(both)
    tally.incomplete += len(page)


def _document(record: Rejected) -> dict[str, Any] | None:
    """Return the document that was sent; None for a record that was kept in part only, or never was a document."""
    try:
        found = orjson.loads(record.record)
    except orjson.JSONDecodeError:
        return None
    is_track = isinstance(found, dict) and found.get(DATASET) == record.dataset and SOURCE_ID in found
    return found if is_track and "\n" not in record.record else None
