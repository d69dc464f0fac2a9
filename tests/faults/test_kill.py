"""Killed at random moments by any signal, a load goes on, and the index ends up as if nothing had happened."""

import random
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from tests.faults import forked, pieces
from tests.faults.digest import digest
from tests.faults.forked import Command
from tests.faults.pieces import DATASET

pytestmark = pytest.mark.slow

RECORDS, FILES = 6_000, 90
FEWER = 30
KILLS = [signal.SIGTERM, signal.SIGINT, *[signal.SIGKILL] * 20]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return synthetic records in many small files, so that each run gets a little further."""
    return pieces.written(tmp_path_factory.mktemp("corpus"), RECORDS, FILES)


Start = Callable[..., Command]


@pytest.fixture
def start(es_url: str, files: list[Path], tmp_path: Path) -> Iterator[Start]:
    """Return what starts a load under a prefix; whatever still runs at the end of the test is ended."""
    started: list[Command] = []

    def load(prefix: str, *options: str, count: int = FILES) -> Command:
        names = map(str, files[:count])
        started.append(forked.start(tmp_path, es_url, prefix, "load", DATASET, *names, *options, "--json"))
        return started[-1]

    yield load
    for command in started:
        command.kill()


def acknowledged(client: Elasticsearch, prefix: str) -> int:
    """Return how many chunks are done, as searches see it a little later."""
    quiet = client.options(ignore_status=(404, 503))  # 503: the ledger was created a moment ago
    quiet.indices.refresh(index=f"{prefix}-ledger")
    found = quiet.search(index=f"{prefix}-ledger", query={"term": {"state": "done"}}, size=0)
    return int(found["hits"]["total"]["value"]) if "hits" in found.body else 0


def kill_soon(running: Command, client: Elasticsearch, prefix: str, number: int, wait: float) -> int:
    """Send a signal a little after the next chunk was acknowledged; return the exit code."""
    before = acknowledged(client, prefix)
    while acknowledged(client, prefix) == before and running.code is None:
        time.sleep(0.01)
    time.sleep(wait)
    assert running.code is None, f"{running.code}: too few files are left; {running.err.read_text()}"
    running.signal(number)
    code = running.wait()
    assert "Traceback" not in running.err.read_text()
    return code


def ended(running: Command) -> Any:
    """Return what a load that came to its end says."""
    assert running.wait(120) in (0, 4), running.err.read_text()
    return orjson.loads(running.out.read_bytes())


def test_killed_at_random_moments(client: Elasticsearch, prefix: str, start: Start) -> None:
    chance = random.Random(7)
    codes = [
        kill_soon(start(prefix, "--workers", "2"), client, prefix, number, chance.random() / 20) for number in KILLS
    ]
    assert codes == [130, 130, *[-signal.SIGKILL] * 20], codes
    last = start(prefix)
    result = ended(last)
    assert "Going on with" in last.err.read_text()
    assert result["resumed"] > 0

    undisturbed = ended(start(f"{prefix}whole"))
    counts = ("read", "indexed", "duplicates", "skipped", "rejected")
    assert [result[name] for name in counts] == [undisturbed[name] for name in counts]
    assert digest(client, result["generation"]) == digest(client, undisturbed["generation"])


def test_three_loaders_one_of_them_killed(client: Elasticsearch, prefix: str, start: Start) -> None:
    running = [start(prefix, count=FEWER) for _ in range(3)]
    while acknowledged(client, prefix) == 0 or at_work(client, prefix) < len(running):
        assert all(command.code is None for command in running), [command.err.read_text() for command in running]
        time.sleep(0.02)
    running[0].kill()
    results = [ended(command) for command in running[1:]]
    alone = ended(start(f"{prefix}whole", count=FEWER))
    for result in results:
        assert (result["read"], result["indexed"]) == (alone["read"], alone["indexed"])
    assert digest(client, results[0]["generation"]) == digest(client, alone["generation"])


def at_work(client: Elasticsearch, prefix: str) -> int:
    """Return how many loaders have announced themselves."""
    return int(client.count(index=f"{prefix}-locks", query={"wildcard": {"generation": "*"}})["count"])
