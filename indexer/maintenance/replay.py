"""Send what Elasticsearch refused once more, into the current generation, and keep all sums true.

    refused records --[a body for each file of a page]--> BulkSender --> ids into the sketch --> rejected no longer

Each step may be done twice, so the run after one that was killed sends what is left and repairs the rest. The sums are
not stored but counted at the end: accepted ids from the ledger, rejected records and documents from their indices.
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch

from indexer.cluster import generations, indices, lease
from indexer.cluster.bulk import BulkSender
from indexer.cluster.ledger import Ledger, LoadRecord
from indexer.cluster.progress import Progress
from indexer.cluster.rejects import MAX_ATTEMPTS, Rejected, RejectedFilter, RejectedReader, RejectedStore, is_refusal
from indexer.cluster.retry import RetryPolicy, policy_of, retrying
from indexer.cluster.status import CurrentGeneration, current_generation, ensure_swappable
from indexer.documents import digest
from indexer.documents.bulk_body import FILES_LIMIT, Body, version
from indexer.normalise.track import normalisation
from indexer.records import ChunkId, Rejection, Totals
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation
from mappings.track import DATASET, FINGERPRINT, SOURCE_ID


@dataclass(frozen=True)
class Replay:
    """What became of the rejected records of the current generation when they were sent once more.

    `tried` = `indexed` + `duplicates` + `refused_again`, with what a replay that was killed (`mended`) had done.
    `rejected` is how many are left, of which can't be sent: `never_a_track`, `exhausted` (tried too often), and
    `incomplete` (stored in part only).
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


def replay_rejected(
    client: Elasticsearch, prefix: str, dataset: str, progress: Progress, max_attempts: int = MAX_ATTEMPTS
) -> Replay:
    """Send every rejected record of a data set that may be sent again, each once; a full disk is noted in `progress`.

    Raises InputError (nothing is loaded, or by another version), CheckFailedError (the sums don't hold; another
    process changes this data set; the alias is on two generations), UnreachableError (Elasticsearch took no data: what
    is left is sent again by the next run).
    """
    client = retrying(client, RetryPolicy(progress))
    generations.create_system_indices(client, prefix)
    with lease.hold(client, prefix, dataset, lease.REPLAY):
        generations.repair(client, prefix, dataset)
        status = ensure_swappable(client, prefix, dataset)
        if not status.aliased:
            raise InputError(f"{dataset} is not loaded.", f"Load it first: linernotes load {dataset} PATH...")
        record = _record(client, current_generation(status))
        generation, before = record.generation, Totals.read_from(record.plan["totals"])
        mended = _check_before(client, generation, before)
        refused_again, incomplete = _send_all(client, record, max_attempts)
        totals = _count(client, generation, before)
        _note(client, record, totals)
    counts = RejectedReader(client, prefix).counts(dataset, max_attempts)
    left = [count for count in counts if count.generation == generation.index]
    return Replay(
        dataset=dataset,
        generation=generation.index,
        tried=before.rejected - totals.rejected + refused_again,
        indexed=totals.indexed - before.indexed,
        duplicates=totals.duplicates - before.duplicates,
        refused_again=refused_again,
        rejected=totals.rejected,
        never_a_track=sum(count.records for count in left if not is_refusal(count.kind)),
        exhausted=sum(count.exhausted for count in left if is_refusal(count.kind)),
        incomplete=incomplete,
        mended=mended,
    )


def _record(client: Elasticsearch, current: CurrentGeneration) -> LoadRecord:
    """Return what the ledger says of the generation, if new ids can be counted together with those it knows."""
    generation = current.generation
    for record in Ledger(client, generation.prefix).loads(generation.dataset):
        if record.generation == generation and current.meta.get("normalisation") == normalisation():
            return record
    raise InputError(
        f"{generation.index} was made by another version of this program.",
        f"Load it again: linernotes load {generation.dataset} PATH... --fresh",
    )


def _check_before(client: Elasticsearch, generation: Generation, before: Totals) -> bool:
    """Tell whether an earlier replay was interrupted; raises CheckFailedError when documents are missing."""
    documents, stored = indices.count(client, generation), RejectedStore(client, generation).count()
    if documents < before.indexed or stored > before.rejected:
        what = f"{before.indexed:,} records indexed and {documents:,} documents"
        what += f", {before.rejected:,} records rejected and {stored:,} kept"
        raise CheckFailedError(f"{generation.index} does not add up: {what}.", "Nothing was replayed.")
    return documents > before.indexed or stored < before.rejected


def _send_all(client: Elasticsearch, record: LoadRecord, max_attempts: int) -> tuple[int, int]:
    """Send each record once; return how many were refused again, and how many are stored in part only.

    The alias is there only meanwhile: a deleted index isn't made anew.
    """
    generation, progress = record.generation, policy_of(client).progress
    files = {entry["name"]: number for number, entry in enumerate(record.plan["files"])}
    reader, selected = RejectedReader(client, generation.prefix), RejectedFilter(generation, refused_below=max_attempts)
    progress.state = "replaying"
    progress.add_file(generation.dataset, reader.count(selected))
    name, refused, incomplete = indices.write_alias(generation), 0, 0
    client.indices.put_alias(index=generation.index, name=name)
    sender = BulkSender(client, name)
    for page in reader.pages(selected):
        sent = 0
        for batch in _batches(page, files):
            refusals = {entry.row: entry for entry in sender.send(batch.body()).refusals}
            _record_outcome(client, generation, batch, refusals)
            refused, sent = refused + len(refusals), sent + len(batch.records)
        incomplete += len(page) - sent
        progress.advance(0, Totals(read=len(page)))
    client.options(ignore_status=404).indices.delete_alias(index=generation.index, name=name)
    return refused, incomplete


@dataclass(frozen=True)
class _Batch:
    """Refused records of one source file, whose place in the plan decides which of several records with one id wins."""

    file_number: int
    records: list[tuple[Rejected, dict[str, Any]]]

    def body(self) -> Body:
        """Return the documents as they were sent the first time, each with its version."""
        lines: list[bytes] = []
        for record, document in self.records:
            action = {
                "_id": f"{document[DATASET]}:{document[SOURCE_ID]}",
                "version": version(self.file_number, record.row),
                "version_type": "external",
            }
            lines += (orjson.dumps({"index": action}), record.record.encode())
        return Body(b"\n".join(lines), pl.Series([record.row for record, _ in self.records], dtype=pl.Int64))

    @property
    def key(self) -> ChunkId:
        """Return where its sketch lies: beside those of the load, which has fewer files."""
        return ChunkId(FILES_LIMIT + self.file_number, self.records[0][0].row)


def _batches(page: list[Rejected], files: dict[str, int]) -> Iterator[_Batch]:
    """Yield what can be sent of a page, by file: only within one does a row's number tell which record it is."""
    for file, records in groupby(page, attrgetter("file")):
        sendable = [(record, document) for record in records if (document := _document(record)) is not None]
        if sendable and file in files:
            yield _Batch(files[file], sendable)


def _record_outcome(
    client: Elasticsearch, generation: Generation, batch: _Batch, refused: dict[int, Rejection]
) -> None:
    """Write down what became of one batch."""
    store = RejectedStore(client, generation)
    again = [(record, refused[record.row]) for record, _ in batch.records if record.row in refused]
    store.put([record.again(kind=error.kind, reason=error.reason) for record, error in again])
    accepted = [(record, document) for record, document in batch.records if record.row not in refused]
    if accepted:
        ids = pl.Series(SOURCE_ID, [document[SOURCE_ID] for _, document in accepted], dtype=pl.String)
        prints = pl.Series(digest.PRINT, [document[FINGERPRINT] for _, document in accepted], dtype=pl.Int64)
        hashed = pl.DataFrame([ids, prints]).with_columns(digest.hashed_id(pl.col(SOURCE_ID)))
        sketch = hashed.with_columns(pl.lit(digest.NO_RAW, pl.UInt64).alias(digest.RAW))
        Ledger(client, generation.prefix).write_sketch(generation, batch.key, sketch)
    store.remove([record.id for record, _ in accepted])


def _count(client: Elasticsearch, generation: Generation, before: Totals) -> Totals:
    """Return the totals as they are now; raises CheckFailedError unless all sums hold."""
    indices.flush(client, generation)
    documents, stored = indices.count(client, generation), RejectedStore(client, generation).count()
    ids = Ledger(client, generation.prefix).distinct_ids(generation)
    duplicates = before.read - ids - before.skipped - stored
    totals = Totals(before.read, ids, duplicates, before.skipped, stored)
    problems = totals.differences(documents, stored)
    if problems or duplicates < before.duplicates:
        what = "; ".join(problems) or "more ids than records"
        raise CheckFailedError(f"{generation.index} does not add up: {what}.", "Load it again with --fresh.")
    return totals


def _note(client: Elasticsearch, record: LoadRecord, totals: Totals) -> None:
    """Write the totals into the index's `_meta` and the ledger."""
    indices.note(client, record.generation, totals=asdict(totals))
    plan = record.plan | {"totals": asdict(totals)}
    Ledger(client, record.generation.prefix).close(record.generation, record.state, plan)


def _document(record: Rejected) -> dict[str, Any] | None:
    """Return the document that was sent; None for a record that is stored in part only, or never was a document."""
    try:
        document = orjson.loads(record.record)
    except orjson.JSONDecodeError:
        return None
    is_track = isinstance(document, dict) and document.get(DATASET) == record.dataset and SOURCE_ID in document
    return document if is_track and "\n" not in record.record else None
