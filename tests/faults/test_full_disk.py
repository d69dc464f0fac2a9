"""A disk that fills up: the load waits, says so, and goes on when there is room again."""

import threading
import time
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from indexer.cluster import retry
from indexer.cluster.progress import Progress
from indexer.load.load import LoadResult, Options, load_dataset
from tests.indexer import made

pytestmark = pytest.mark.slow

BLOCK = "index.blocks.read_only_allow_delete"
"""What Elasticsearch itself sets on every index of a node whose disk has passed the flood stage."""


def wait_for(condition: Any, seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)


@pytest.mark.parametrize("blocked", ["made-g000001", "ledger", "rejected"])
def test_the_load_waits_says_so_and_goes_on(
    client: Elasticsearch, prefix: str, blocked: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "LONGEST_WAIT_S", 0.5)
    progress, results = Progress(), list[LoadResult]()
    plan = made.plan(made.MadeReader("a", 6_000, 60, damaged=70))
    # A deadline far below the wait: a full disk is waited for, however long it takes.
    options = Options(thresholds=made.LENIENT, deadline_s=0.4)
    arguments = (client, prefix, plan, options, progress, threading.Event())
    thread = threading.Thread(target=lambda: results.append(load_dataset(*arguments)))
    thread.start()
    wait_for(lambda: progress.totals.read > 0)
    client.indices.put_settings(index=f"{prefix}-{blocked}", settings={BLOCK: True})
    wait_for(lambda: any("disk is full" in note for note in progress.take_notes()))
    time.sleep(1.0)
    assert thread.is_alive()
    client.indices.put_settings(index=f"{prefix}-{blocked}", settings={BLOCK: None})
    thread.join(timeout=60)
    (result,) = results
    assert (result.read, result.indexed, result.rejected) == (6_000, 6_000 - 85, 85)
