"""Who is at work: the living are never robbed, wherever they run, and whoever comes next goes on after the dead."""

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from indexer.cluster import generations, indices, lease, ledger
from indexer.cluster.lease import LEASE_S, Holder, Lease
from indexer.cluster.ledger import Claim, ClaimDenied, Ledger
from indexer.cluster.progress import Progress
from indexer.cluster.retry import RetryPolicy, retrying
from indexer.cluster.status import dataset_status, inspect
from indexer.load import load as loading
from indexer.load.load import LoadContext, Options
from indexer.maintenance.prune import prune_generations
from indexer.maintenance.reindex import reindex_dataset
from indexer.maintenance.replay import replay_rejected
from indexer.maintenance.rollback import roll_back
from indexer.records import ChunkId
from mappings.errors import CheckFailedError
from mappings.index_names import Generation, locks
from tests.indexer import made
from tests.indexer.test_load import load
from tests.indexer.test_update import update

DATASET = "made"
SINCE = "2026-01-01T00:00:00+00:00"


@pytest.fixture
def books(client: Elasticsearch, prefix: str) -> str:
    generations.create_system_indices(client, prefix)
    return prefix


def here(**other: Any) -> dict[str, Any]:
    """Return a lease's document as this very process would write it, but for what is other."""
    host, boot, namespace = lease._place()
    pid = 2**22 - 1
    holder = Holder(DATASET, lease.UPDATE, "x", host, pid, 1.0, SINCE, boot=boot, pid_namespace=namespace)
    return {name: value for name, value in asdict(holder).items() if name != "silent_s"} | other


def elsewhere(client: Elasticsearch, prefix: str, seconds_ago: float, **other: Any) -> None:
    """Write a lease that a process on another machine last renewed so long ago, by Elasticsearch's clock."""
    document = here(host="another-machine", pid=1) | other
    name = f"{document['generation']}/{document['owner']}" if document["generation"] else DATASET
    script = "ctx._source.putAll(params.lease); ctx._source.beat = ctx._now - params.ago"
    params = {"lease": document, "ago": int(seconds_ago * 1000)}
    client.update(
        index=locks(prefix), id=name, script={"source": script, "params": params}, upsert={}, scripted_upsert=True
    )


def test_a_second_writer_is_told_who_holds_it(client: Elasticsearch, books: str) -> None:
    progress = Progress()
    second = retrying(client, RetryPolicy(progress))
    with (
        lease.hold(client, books, DATASET, lease.UPDATE),
        pytest.raises(CheckFailedError, match=r"made is in other hands: process \d+ on \S+, update since \d{4}-"),
        lease.hold(second, books, DATASET, lease.UPDATE),
    ):
        raise AssertionError("two hold it")
    assert progress.take_notes() == []  # it was looked up, and not waited for
    with lease.hold(client, books, DATASET, lease.PRUNE):
        pass
    assert lease.holders(client, books, DATASET) == []


def test_data_sets_are_held_side_by_side(client: Elasticsearch, books: str) -> None:
    with lease.hold(client, books, "one", lease.UPDATE), lease.hold(client, books, "two", lease.UPDATE):
        (one,), (two,) = (lease.holders(client, books, name) for name in ("one", "two"))
        assert one != two


CODE = """
import sys, time
from elasticsearch import Elasticsearch
from indexer.cluster.lease import UPDATE, Lease
with Elasticsearch(sys.argv[1]) as client:
    assert Lease(client, sys.argv[2], "made", UPDATE).take() is None
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lease_of_a_killed_process_is_taken_over(client: Elasticsearch, es_url: str, books: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", CODE, es_url, books], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert (holder := Lease(client, books, DATASET, lease.UPDATE).take()) is not None
        assert (holder.pid, holder.is_here) == (process.pid, True)
    finally:
        process.kill()  # and not waited for: a zombie is dead
    mine = Lease(client, books, DATASET, lease.UPDATE)
    for _ in range(50):
        if mine.take() is None:
            break
    else:
        raise AssertionError("it was not taken over")
    mine.release()
    process.communicate()


def test_the_lease_of_another_machine_runs_out(client: Elasticsearch, books: str) -> None:
    elsewhere(client, books, LEASE_S - 20)
    assert (holder := Lease(client, books, DATASET, lease.UPDATE).take()) is not None
    assert not holder.is_gone
    assert str(holder) == "process 1 on another-machine, update since 2026-01-01 00:00:00 UTC"
    elsewhere(client, books, LEASE_S + 1)
    mine = Lease(client, books, DATASET, lease.UPDATE)
    assert mine.take() is None
    assert [entry.owner for entry in lease.holders(client, books, DATASET)] == [mine.id]
    mine.release()


OTHER_TABLES = {
    "another host": {"host": "another-machine"},
    "another boot": {"boot": "00000000-0000-0000-0000-000000000000"},
    "another PID namespace": {"pid_namespace": "pid:[1]"},
    "no boot id": {"boot": ""},
}


@pytest.mark.parametrize("other", OTHER_TABLES.values(), ids=OTHER_TABLES)
def test_a_process_of_another_table_is_not_looked_up(client: Elasticsearch, books: str, other: dict[str, str]) -> None:
    """Here nobody has its number: that must not count, for equal host names as for others."""
    elsewhere(client, books, 0, **here(**other))
    assert Lease(client, books, DATASET, lease.UPDATE).take() is not None
    elsewhere(client, books, 0, **here())
    mine = Lease(client, books, DATASET, lease.UPDATE)
    assert mine.take() is None
    mine.release()


def test_a_process_that_may_not_be_looked_at_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = Holder.read(here(pid=1))
    assert hidden.is_gone  # another one has this number now
    monkeypatch.setattr(lease, "_stat", lambda pid: (_ for _ in ()).throw(FileNotFoundError))
    assert not hidden.is_gone


def test_who_lost_the_lease_stops_before_the_swap(client: Elasticsearch, books: str) -> None:
    slow = Lease(client, books, DATASET, lease.UPDATE)
    assert slow.take() is None
    slow.check()
    quick = Lease(client, books, DATASET, lease.UPDATE, lease_s=-1.0)
    assert quick.take() is None
    with pytest.raises(CheckFailedError, match="another one took over"):
        slow.check()
    slow.release()  # not its own any more
    quick.check()
    quick.release()


def test_a_heartbeat_outlives_any_answer(client: Elasticsearch, books: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy may answer in Elasticsearch's place, with anything."""
    monkeypatch.setattr(lease, "BEAT_S", 0.05)
    beaten, real = threading.Semaphore(0), Lease._update

    def update(self: Lease, *arguments: Any, **more: Any) -> Any:
        beaten.release()
        return "<html>" if arguments[0] == lease._BEAT else real(self, *arguments, **more)

    monkeypatch.setattr(Lease, "_update", update)
    mine = Lease(client, books, DATASET, lease.UPDATE)
    assert mine.take() is None
    assert all(beaten.acquire(timeout=30) for _ in range(4))
    mine.release()


def test_an_index_and_documents_of_an_earlier_version(client: Elasticsearch, prefix: str) -> None:
    added = ("generation", "boot", "pid_namespace")
    earlier = {name: entry for name, entry in lease.MAPPING["properties"].items() if name not in added}
    client.indices.create(index=locks(prefix), mappings={"dynamic": "strict", "properties": earlier})
    document = here(beat=1)
    for name in added:
        del document[name]
    client.index(index=locks(prefix), id=DATASET, document=document)
    generations.create_system_indices(client, prefix)
    (old,) = lease.holders(client, prefix, DATASET)
    assert (old.is_here, old.is_gone, old.is_dead()) == (False, False, True)
    generations.create_system_indices(client, prefix)
    with lease.hold(client, prefix, DATASET, lease.PRUNE):
        (holder,) = lease.holders(client, prefix, DATASET)
        assert holder.is_here


@contextmanager
def beating(client: Elasticsearch, prefix: str, **other: Any) -> Iterator[None]:
    """Renew a lease of another machine every second."""
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(1.0):
            elsewhere(client, prefix, 0, **other)

    elsewhere(client, prefix, 4, **other)
    thread = threading.Thread(target=beat)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


Act = Callable[[Elasticsearch, str], object]

ACTS: dict[str, Act] = {
    "load": lambda client, prefix: load(client, prefix, made.plan(made.MadeReader("b", 61, 30))),
    "update": lambda client, prefix: update(client, prefix, made.plan(made.MadeReader("b", 61, 30))),
    "prune": lambda client, prefix: prune_generations(client, prefix, DATASET),
    "replay": lambda client, prefix: replay_rejected(client, prefix, DATASET, Progress()),
    "reindex": lambda client, prefix: reindex_dataset(client, prefix, DATASET),
    "rollback": lambda client, prefix: roll_back(client, prefix, DATASET),
}


@pytest.fixture
def two(client: Elasticsearch, prefix: str) -> str:
    """Return a prefix under which there are two generations, so that everything can be done."""
    for name in "ab":
        load(client, prefix, made.plan(made.MadeReader(name, 60, 30)))
    return prefix


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_who_holds_a_data_set_elsewhere_is_watched(client: Elasticsearch, two: str, act: Act) -> None:
    """One that beats is left alone; one that ended without a word is taken over when its lease runs out."""
    with beating(client, two), pytest.raises(CheckFailedError, match="in other hands: process 1 on another-machine"):
        act(client, two)
    elsewhere(client, two, LEASE_S - 1)
    act(client, two)
    assert lease.holders(client, two, DATASET) == []


def begun(client: Elasticsearch, prefix: str) -> Generation:
    """Write down a load that somebody began."""
    generation = Generation(prefix, DATASET, 3)
    assert Ledger(client, prefix).begin(generation, {})
    indices.create(client, generation, shards=1, replicas=0, meta={"state": ledger.BUILDING})
    return generation


@pytest.mark.parametrize("name", ["update", "prune", "reindex"])
def test_a_loader_elsewhere_is_watched(client: Elasticsearch, two: str, name: str) -> None:
    generation = begun(client, two)
    loader = {"generation": generation.index, "what": lease.LOAD}
    with beating(client, two, **loader):
        if name == "prune":
            assert ACTS[name](client, two).deleted == ()  # type: ignore[attr-defined]
        else:
            with pytest.raises(CheckFailedError, match="in other hands: process 1 on another-machine, load since"):
                ACTS[name](client, two)
    elsewhere(client, two, LEASE_S - 1, **loader)
    done = ACTS[name](client, two)
    assert lease.holders(client, two, DATASET) == []
    assert name != "prune" or done.deleted == (generation.index,)  # type: ignore[attr-defined]


def test_chunks_of_a_loader_that_died_elsewhere(client: Elasticsearch, prefix: str) -> None:
    """They are taken over when its lease runs out, without `--fresh`; a loader that lives is joined."""
    plan = made.plan(made.MadeReader("a", 300, 100))
    load(client, prefix, plan)
    generation = Generation(prefix, DATASET, 1)
    (record,) = Ledger(client, prefix).loads(DATASET)
    client.indices.delete_alias(index=generation.index, name=[prefix, f"{prefix}-{DATASET}"])
    client.indices.put_alias(index=generation.index, name=indices.write_alias(generation))
    Ledger(client, prefix).close(generation, ledger.BUILDING, record.plan)
    chunk = f"{generation.index}/0/1"
    client.update(index=f"{prefix}-ledger", id=chunk, doc={"state": "leased", "owner": "x"}, refresh=True)
    elsewhere(client, prefix, LEASE_S - 4, generation=generation.index, what=lease.LOAD)
    started = time.monotonic()
    result = load(client, prefix, plan)
    assert (result.read, result.indexed, result.resumed) == (300, 300, 200)
    assert 3 < time.monotonic() - started < 30


def test_chunks_in_other_hands_are_not_claimed_over_and_over(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = made.plan(made.MadeReader("a", 300, 100))
    generations.create_system_indices(client, prefix)
    books = Ledger(client, prefix)
    generation = loading._begin(LoadContext(client, prefix, plan, Options(), Progress(), threading.Event()))
    other = Lease(client, prefix, DATASET, lease.LOAD, generation=generation.index)
    assert other.take() is None
    for number in (1, 2):
        assert isinstance(books.claim(generation, ChunkId(0, number), other), Claim)
    claimed: list[int] = []
    real = Ledger.claim

    def claim(self: Ledger, generation: Generation, key: ChunkId, mine: Lease) -> Claim | ClaimDenied:
        claimed.append(key.number)
        return real(self, generation, key, mine)

    monkeypatch.setattr(Ledger, "claim", claim)
    threading.Timer(8.0, other.release).start()
    result = load(client, prefix, plan)
    assert result.indexed == 300
    assert sorted(claimed) == [0, 1, 2]


def test_the_living_are_asked_for_every_few_seconds_at_most(
    client: Elasticsearch, books: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (Lease(client, books, DATASET, lease.LOAD, generation="g1") for _ in range(2))
    assert one.take() is None
    assert other.take() is None
    asked: list[int] = []
    real = lease.workers

    def counted(*arguments: Any) -> list[Holder]:
        asked.append(1)
        return real(*arguments)

    monkeypatch.setattr(lease, "workers", counted)
    assert all(other.lives(one.id) for _ in range(100))
    assert len(asked) == 1
    one.release()
    monkeypatch.setattr(lease, "ASK_AGAIN_S", 0.0)
    assert not other.lives(one.id)
    other.release()


def test_who_was_taken_for_dead_is_counted_again(client: Elasticsearch, books: str) -> None:
    generation = Generation(books, DATASET, 1)
    slow = Lease(client, books, DATASET, lease.LOAD, generation=generation.index)
    assert slow.take() is None
    assert lease.workers(client, books, DATASET, lease_s=-1.0) == []
    assert lease.live_workers(client, generation) == []
    slow.check()
    assert [holder.owner for holder in lease.live_workers(client, generation)] == [slow.id]
    slow.release()
    assert lease.live_workers(client, generation) == []


def test_the_dead_are_named(client: Elasticsearch, two: str) -> None:
    generation = begun(client, two)
    loader = {"generation": generation.index, "what": lease.LOAD}
    who = "process 1 on another-machine, load since 2026-01-01 00:00:00 UTC"
    elsewhere(client, two, 5, **loader)
    assert inspect(dataset_status(client, two, DATASET)) == []
    elsewhere(client, two, 30, **loader)
    (silent,) = inspect(dataset_status(client, two, DATASET))
    assert silent.kind == "holder_silent"
    assert f"{generation.index} is held by {who}, which has given no sign of life for 3" in silent.sentence
    elsewhere(client, two, LEASE_S + 10, **loader)
    (dead,) = inspect(dataset_status(client, two, DATASET))
    assert dead.kind == "builder_dead"
    assert f"is half built, and {who}, has given no sign of life for 7" in dead.sentence
    assert "Run the same load of made again, or: linernotes prune made" in dead.hint
    elsewhere(client, two, LEASE_S + 10)
    assert {finding.kind for finding in inspect(dataset_status(client, two, DATASET))} == {
        "builder_dead",
        "lock_of_the_dead",
    }
