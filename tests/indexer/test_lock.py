"""One writer for each data set: who holds the lock is told, and the dead don't."""

import subprocess
import sys
from dataclasses import asdict

import pytest
from elasticsearch import Elasticsearch

from indexer import generations, lock
from indexer.lock import Holder, Lock
from indexer.owner import DEAD_AFTER_S, Owner
from mappings.errors import CheckFailedError
from mappings.index_names import ledger as ledger_index
from mappings.index_names import locks

DATASET = "made"


@pytest.fixture
def books(client: Elasticsearch, prefix: str) -> str:
    generations.ensure_books(client, prefix)
    return prefix


def test_a_second_writer_is_told_who_holds_it(client: Elasticsearch, books: str) -> None:
    with (
        lock.held(client, books, DATASET, lock.UPDATE),
        pytest.raises(CheckFailedError, match=r"made is in other hands: process \d+ on \S+, update since \d{4}-"),
        lock.held(client, books, DATASET, lock.UPDATE),
    ):
        raise AssertionError("two hold it")
    with lock.held(client, books, DATASET, lock.PRUNE):
        pass
    assert lock.holder_of(client, books, DATASET) is None


def test_data_sets_are_locked_side_by_side(client: Elasticsearch, books: str) -> None:
    with lock.held(client, books, "one", lock.UPDATE), lock.held(client, books, "two", lock.UPDATE):
        assert lock.holder_of(client, books, "one") != lock.holder_of(client, books, "two")


CODE = """
import sys, time
from elasticsearch import Elasticsearch
from indexer.lock import UPDATE, Lock
with Elasticsearch(sys.argv[1]) as client:
    assert Lock(client, sys.argv[2], "made", UPDATE).take() is None
    print("held", flush=True)
    time.sleep(60)
"""


def test_the_lock_of_a_killed_process_is_taken_over(client: Elasticsearch, es_url: str, books: str) -> None:
    process = subprocess.Popen([sys.executable, "-c", CODE, es_url, books], stdout=subprocess.PIPE)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"held\n"
        assert (holder := Lock(client, books, DATASET, lock.UPDATE).take()) is not None
        assert holder.pid == process.pid
    finally:
        process.kill()  # and not waited for: a zombie is dead
    mine = Lock(client, books, DATASET, lock.UPDATE)
    for _ in range(50):
        if mine.take() is None:
            break
    else:
        raise AssertionError("it was not taken over")
    mine.release()
    process.communicate()


def elsewhere(client: Elasticsearch, prefix: str, seconds_ago: float) -> None:
    """Write a lock that a process on another machine last renewed so long ago, by Elasticsearch's clock."""
    document = asdict(Holder(DATASET, lock.UPDATE, "x", "another-machine", 1, 0.0, "2026-01-01T00:00:00+00:00"))
    client.index(index=locks(prefix), id=DATASET, document=document)
    script = {"source": "ctx._source.beat = ctx._now - params.ago", "params": {"ago": int(seconds_ago * 1000)}}
    client.update(index=locks(prefix), id=DATASET, script=script)


def test_the_lock_of_another_machine_ends_with_its_lease(client: Elasticsearch, books: str) -> None:
    elsewhere(client, books, DEAD_AFTER_S - 20)
    assert (holder := Lock(client, books, DATASET, lock.UPDATE).take()) is not None
    assert not holder.is_gone
    assert str(holder) == "process 1 on another-machine, update since 2026-01-01 00:00:00 UTC"
    elsewhere(client, books, DEAD_AFTER_S + 1)
    mine = Lock(client, books, DATASET, lock.UPDATE)
    assert mine.take() is None
    assert lock.holder_of(client, books, DATASET) != holder
    mine.release()


def test_who_lost_the_lock_stops_before_the_swap(client: Elasticsearch, books: str) -> None:
    slow = Lock(client, books, DATASET, lock.UPDATE)
    assert slow.take() is None
    slow.check()
    quick = Lock(client, books, DATASET, lock.UPDATE, lease_s=-1.0)
    assert quick.take() is None
    with pytest.raises(CheckFailedError, match="another one took over"):
        slow.check()
    slow.release()  # not its own any more
    quick.check()
    quick.release()


def test_loaders_of_a_generation_are_told_apart_from_the_dead(client: Elasticsearch, books: str) -> None:
    one, other = (Owner(client, ledger_index(books), "g1") for _ in range(2))
    one.start()
    assert other.watched() == [one.id]
    one.close()
    assert other.watched() == []
