"""During updates and rollbacks a client that searches sees no error, one generation at a time, and only true totals."""

import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from indexer.maintenance.rollback import roll_back
from tests.indexer.test_load import load
from tests.indexer.test_update import LAION, new, old, planned, update

pytestmark = pytest.mark.slow

__all__ = ["new", "old"]

RATE = 50
ROUNDS = 5


@dataclass
class Searcher:
    """Searches at a steady rate and remembers what it saw."""

    client: Elasticsearch
    index: str
    stop: threading.Event = field(default_factory=threading.Event)
    seen: list[tuple[dict[str, int], int]] = field(default_factory=list)
    errors: list[BaseException] = field(default_factory=list)

    def run(self) -> None:
        by_index = {"by": {"terms": {"field": "_index", "size": 10}}}
        due = time.monotonic()
        while not self.stop.is_set():
            try:
                found = self.client.search(index=self.index, size=3, track_total_hits=True, aggs=by_index)
                buckets = found["aggregations"]["by"]["buckets"]
                indices = {bucket["key"]: bucket["doc_count"] for bucket in buckets}
                assert {hit["_index"] for hit in found["hits"]["hits"]} == set(indices)
                assert found["_shards"]["failed"] == 0
                self.seen.append((indices, found["hits"]["total"]["value"]))
            except BaseException as error:
                self.errors.append(error)
            due += 1 / RATE
            time.sleep(max(0.0, due - time.monotonic()))


def test_searches_during_updates_and_rollbacks(client: Elasticsearch, prefix: str, old: Path, new: Path) -> None:
    load(client, prefix, planned(old))
    searcher = Searcher(client, prefix)
    true = {f"{prefix}-{LAION}-g000001": client.count(index=prefix)["count"]}
    thread = threading.Thread(target=searcher.run)
    thread.start()
    started = time.monotonic()
    for number in range(ROUNDS):
        done = update(client, prefix, planned(new if number % 2 == 0 else old))
        assert done.alias_moved
        true[str(done.to)] = done.totals.indexed
        roll_back(client, prefix, LAION)
        roll_back(client, prefix, LAION, int(str(done.to)[-6:]))
    seconds = time.monotonic() - started
    searcher.stop.set()
    thread.join()
    assert not searcher.errors
    assert len(searcher.seen) > 0.8 * RATE * seconds
    for indices, total in searcher.seen:
        ((index, count),) = indices.items()
        assert total == count == true[index]
    assert {index for indices, _ in searcher.seen for index in indices} == set(true)
