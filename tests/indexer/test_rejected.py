"""Rejected records: really refused by Elasticsearch, kept, read back, sent once more; the sums hold at every step."""

import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from elasticsearch import Elasticsearch

from indexer.cluster import lease, rejects
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.progress import Progress
from indexer.cluster.rejects import MAX_ATTEMPTS, MAX_RECORD_CHARS, Count, RejectedFilter, RejectedReader, RejectedStore
from indexer.load.load import LoadResult, Options, load_dataset
from indexer.maintenance import replay as replaying
from indexer.maintenance.replay import Replay, replay_rejected
from indexer.records import RawBatch, SourceFile, TrackBatch
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation
from mappings.track import YEAR, mapping
from tests.indexer import made

DATASET = "made"
RELAXED = {YEAR: mapping()["properties"][YEAR] | {"ignore_malformed": True}}


@dataclass(frozen=True)
class Refused(made.MadeSource):
    """Every `outside`-th year is no `short`: Elasticsearch refuses the document."""

    outside: int = 4

    def normalise(self, raw: RawBatch, file: SourceFile) -> TrackBatch:
        batch = super().normalise(raw, file)
        wrong = pl.col("source_row") % self.outside == 0
        year = pl.when(wrong).then(pl.lit(40_000)).otherwise(pl.col("year").cast(pl.Int32)).alias("year")
        return replace(batch, tracks=batch.tracks.with_columns(year))


def load(client: Elasticsearch, prefix: str, *readers: made.MadeReader, **source: Any) -> LoadResult:
    plan = made.plan(*readers, source=Refused(**source))
    return load_dataset(client, prefix, plan, Options(thresholds=made.LENIENT), Progress(), threading.Event())


def replay(client: Elasticsearch, prefix: str, max_attempts: int = MAX_ATTEMPTS) -> Replay:
    return replay_rejected(client, prefix, DATASET, Progress(), max_attempts)


def relax(client: Elasticsearch, prefix: str, properties: dict[str, Any] | None = None) -> None:
    """Mend it as an operator would: Elasticsearch takes what it refused before."""
    client.indices.put_mapping(index=f"{prefix}-{DATASET}", properties=properties or RELAXED)


def kept(client: Elasticsearch, prefix: str) -> list[tuple[str, int, int]]:
    reader = RejectedReader(client, prefix)
    records = reader.records(RejectedFilter(Generation(prefix, DATASET, 1)))
    return [(record.file, record.row, record.attempt) for record in records]


def assert_sums_hold(client: Elasticsearch, prefix: str) -> dict[str, int]:
    """Return the totals, which are the same everywhere, and true."""
    generation = Generation(prefix, DATASET, 1)
    client.indices.refresh(index=f"{prefix}-*")
    plan = client.get(index=f"{prefix}-ledger", id=generation.index)["_source"]["plan"]
    found = client.indices.get(index=generation.index)[generation.index]
    assert sorted(found["aliases"]) == [prefix, f"{prefix}-{DATASET}"]
    totals: dict[str, int] = plan["totals"]
    assert found["mappings"]["_meta"]["totals"] == totals
    assert found["mappings"]["_meta"]["state"] == "current"
    assert totals["read"] == sum(totals[name] for name in ("indexed", "duplicates", "skipped", "rejected"))
    assert client.count(index=generation.index)["count"] == totals["indexed"]
    assert client.count(index=f"{prefix}-rejected")["count"] == totals["rejected"]
    return totals


def test_refused_records_are_kept_and_counted(client: Elasticsearch, prefix: str) -> None:
    result = load(client, prefix, made.MadeReader("a", 20, 7, damaged=10))
    assert (result.indexed, result.rejected) == (14, 6)
    reader = RejectedReader(client, prefix)
    refused, unread = sorted(reader.counts(DATASET), key=lambda count: -count.records)
    assert (refused.kind, refused.records, refused.replayable) == ("document_parsing_exception", 4, 4)
    assert "out of range" in refused.example
    assert unread == Count(DATASET, result.generation, "damaged", 2, 0, "made so")
    assert unread.replayable == 0
    first = next(reader.records(RejectedFilter(Generation(prefix, DATASET, 1), row=4)))
    assert (first.file, first.row, first.attempt) == ("a", 4, 1)
    assert orjson.loads(first.record)["year"] == 40_000
    assert reader.counts("another") == []
    assert RejectedReader(client, f"{prefix}x").counts() == []


def test_pages_yield_each_record_once_in_order(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects, "PAGE", 3)
    load(client, prefix, made.MadeReader("b", 40, 7), made.MadeReader("a", 20, 7))
    rows = [*range(4, 21, 4)], [*range(4, 41, 4)]
    assert kept(client, prefix) == [("a", row, 1) for row in rows[0]] + [("b", row, 1) for row in rows[1]]


def test_a_replay_of_what_was_not_mended_counts_attempts_up_to_a_bound(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.MadeReader("a", 9, 9))
    for attempt in range(2, MAX_ATTEMPTS + 1):
        result = replay(client, prefix)
        assert (result.tried, result.indexed, result.refused_again, result.rejected) == (2, 0, 2, 2)
        assert kept(client, prefix) == [("a", 4, attempt), ("a", 8, attempt)]
    bound = replay(client, prefix)
    assert (bound.tried, bound.exhausted, bound.rejected) == (0, 2, 2)
    relax(client, prefix)
    assert replay(client, prefix, MAX_ATTEMPTS + 1).indexed == 2
    assert assert_sums_hold(client, prefix)["rejected"] == 0


def test_a_mended_replay_indexes_with_the_same_version_and_a_second_finds_nothing(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rejects, "PAGE", 3)
    load(client, prefix, made.MadeReader("a", 40, 9, damaged=13), made.MadeReader("b", 20, 9), across=100)
    before = {hit["_id"]: hit["_version"] for hit in hits(client, prefix)}
    relax(client, prefix)
    result = replay(client, prefix)
    # Both files have the ids 1 to 20: the first wins, as if nothing had been refused.
    assert (result.indexed, result.duplicates, result.refused_again) == (10, 5, 0)
    assert (result.tried, result.never_a_track, result.rejected, result.mended) == (15, 3, 3, False)
    totals = assert_sums_hold(client, prefix)
    assert (totals["read"], totals["indexed"], totals["duplicates"]) == (60, 38, 19)
    after = {hit["_id"]: hit for hit in hits(client, prefix)}
    assert before.items() <= {name: hit["_version"] for name, hit in after.items()}.items()
    assert after["made:8"]["_source"]["source_file"] == "a"
    again = replay(client, prefix)
    assert (again.tried, again.indexed, again.rejected) == (0, 0, 3)
    assert assert_sums_hold(client, prefix) == totals


def hits(client: Elasticsearch, prefix: str) -> list[dict[str, Any]]:
    client.indices.refresh(index=f"{prefix}-*")
    return list(client.search(index=prefix, size=1000, version=True)["hits"]["hits"])


def test_an_earlier_record_takes_the_place_of_a_later_one(client: Elasticsearch, prefix: str) -> None:
    """Row 4 is refused, row 5 has its id and is in: once row 4 is taken it wins, and row 5 is the duplicate."""
    load(client, prefix, made.MadeReader("a", 5, 1), repeat=5)
    assert {hit["_id"]: hit["_source"]["source_row"] for hit in hits(client, prefix)}["made:4"] == 5
    relax(client, prefix)
    result = replay(client, prefix)
    assert (result.indexed, result.duplicates, result.rejected) == (0, 1, 0)
    assert {hit["_id"]: hit["_source"]["source_row"] for hit in hits(client, prefix)}["made:4"] == 4
    assert_sums_hold(client, prefix)


def test_what_is_kept_in_part_only_is_not_sent(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.MadeReader("a", 4, 4))
    name = f"{prefix}-made-g000001/a/4"
    record = client.get(index=f"{prefix}-rejected", id=name)["_source"]["record"]
    whole = record[:-1] + ',"url":"' + "x" * MAX_RECORD_CHARS + '"}'
    client.update(index=f"{prefix}-rejected", id=name, doc={"record": whole[:MAX_RECORD_CHARS]}, refresh=True)
    relax(client, prefix)
    result = replay(client, prefix)
    assert (result.tried, result.incomplete, result.rejected) == (0, 1, 1)
    assert_sums_hold(client, prefix)


class KilledError(Exception):
    """Stands for the death of the process."""


def then_die(method: Callable[..., Any], times: int) -> Callable[..., Any]:
    """Return a method that does its work, and dies afterwards, at the `times`-th call."""
    calls: list[int] = []

    def dying(self: Any, *arguments: Any, **named: Any) -> Any:
        result = method(self, *arguments, **named)
        calls.append(1)
        if len(calls) == times:
            raise KilledError
        return result

    return dying


STEPS = {
    "sent": (RejectedStore, "put", 1),
    "ids written down": (Ledger, "write_sketch", 1),
    "removed": (RejectedStore, "remove", 1),
    "the second page sent": (RejectedStore, "put", 2),
    "counted": (replaying, "_count", 1),
    "noted": (replaying, "_note", 1),
}
UNSEEN = ("noted",)
"""Steps after which all sums are as they were noted, so that nobody can tell that a replay ended here."""


@pytest.mark.parametrize(("step", "mended"), [*((step, True) for step in STEPS), ("sent", False), ("removed", False)])
def test_killed_between_two_steps(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch, step: str, mended: bool
) -> None:
    monkeypatch.setattr(rejects, "PAGE", 3)
    load(client, prefix, made.MadeReader("a", 24, 9), made.MadeReader("b", 8, 8), across=100, repeat=9)
    if mended:
        relax(client, prefix)
    owner, name, times = STEPS[step]
    with monkeypatch.context() as patch:
        patch.setattr(owner, name, then_die(getattr(owner, name), times))
        with pytest.raises(KilledError):
            replay(client, prefix)
    result = replay(client, prefix)
    totals = assert_sums_hold(client, prefix)
    assert result.mended is (mended and step not in UNSEEN)
    assert totals["rejected"] == result.rejected == (0 if mended else 8)
    assert (totals["indexed"], totals["duplicates"]) == ((22, 10) if mended else (16, 8))


KILL = """
import os, signal, sys
from elasticsearch import Elasticsearch
from indexer.cluster.lease import Lease
from indexer.cluster.progress import Progress
from indexer.maintenance.replay import replay_rejected
from indexer.cluster.rejects import RejectedStore
def die(self, ids):
    os.kill(os.getpid(), signal.SIGKILL)
RejectedStore.remove = die
replay_rejected(Elasticsearch(sys.argv[1]), sys.argv[2], "made", Progress())
"""


def test_a_killed_process_leaves_nothing_that_the_next_one_waits_for(
    client: Elasticsearch, es_url: str, prefix: str
) -> None:
    load(client, prefix, made.MadeReader("a", 8, 8))
    relax(client, prefix)
    project = Path(__file__).parents[2]
    killed = subprocess.run([sys.executable, "-c", KILL, es_url, prefix], cwd=project, check=False)
    assert killed.returncode == -9
    result = replay(client, prefix)
    assert (result.indexed, result.rejected) == (2, 0)
    assert_sums_hold(client, prefix)


@pytest.mark.parametrize("what", [lease.LOAD, lease.UPDATE, lease.REPLAY])
def test_one_writer(client: Elasticsearch, prefix: str, what: str) -> None:
    load(client, prefix, made.MadeReader("a", 8, 8))
    relax(client, prefix)
    held = Lease(client, prefix, DATASET, what)
    assert held.take() is None
    with pytest.raises(CheckFailedError, match=rf"made is in other hands: process \d+ on \S+, {what} since 20"):
        replay(client, prefix)
    held.release()
    assert replay(client, prefix).indexed == 2
    assert lease.holders(client, prefix, DATASET) == []


def test_the_alias_on_two_generations(client: Elasticsearch, prefix: str) -> None:
    for name in "ab":
        load(client, prefix, made.MadeReader(name, 8, 8))
    client.indices.put_alias(index=f"{prefix}-made-g000001", name=f"{prefix}-made")
    with pytest.raises(CheckFailedError, match="made is on 2 generations at once"):
        replay(client, prefix)


def test_a_lost_document_is_not_called_a_duplicate(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.MadeReader("a", 8, 8))
    client.delete(index=f"{prefix}-{DATASET}", id="made:1", refresh=True)
    before = kept(client, prefix)
    with pytest.raises(CheckFailedError, match="does not add up"):
        replay(client, prefix)
    assert kept(client, prefix) == before
    with pytest.raises(CheckFailedError, match="does not add up"):
        replay(client, prefix)


def test_nothing_loaded(client: Elasticsearch, prefix: str) -> None:
    with pytest.raises(InputError, match="not loaded"):
        replay(client, prefix)


def test_a_replay_sends_the_very_document(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.MadeReader("a", 4, 4))
    record = next(RejectedReader(client, prefix).records(RejectedFilter(Generation(prefix, DATASET, 1))))
    relax(client, prefix)
    replay(client, prefix)
    assert client.get(index=f"{prefix}-{DATASET}", id="made:4")["_source"] == orjson.loads(record.record)
    assert asdict(record)["attempt"] == 1
