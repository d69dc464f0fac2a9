"""Killed at random moments by any signal, a load goes on, and the index ends up as if nothing had happened."""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
import polars as pl
import pytest
from elasticsearch import Elasticsearch

from benchmarks import corpora
from tests.faults.digest import digest

DATASET = "laion-disco-12m"
RECORDS, FILES = 9_000, 120
KILLS = [signal.SIGTERM, signal.SIGINT, *[signal.SIGKILL] * 20]


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return synthetic records in many small files, so that each run gets a little further."""
    folder = tmp_path_factory.mktemp("corpus")
    corpora.laion(corpora.Corpus(folder, DATASET), RECORDS)
    whole = pl.concat([pl.read_parquet(path) for path in sorted((folder / DATASET).glob("*.parquet"))])
    paths = [folder / f"synthetic-{number:03}.parquet" for number in range(FILES)]
    for number, path in enumerate(paths):
        whole.slice(number * RECORDS // FILES, RECORDS // FILES).write_parquet(path)
    return paths


Start = Callable[[str], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(es_url: str, files: list[Path]) -> Iterator[Start]:
    """Return what starts a load under a prefix; whatever still runs at the end of the test is ended."""
    started: list[subprocess.Popen[bytes]] = []

    def load(prefix: str) -> "subprocess.Popen[bytes]":
        environment = os.environ | {"LINERNOTES_URL": es_url, "LINERNOTES_PREFIX": prefix}
        command = [sys.executable, "-m", "linernotes", "load", DATASET, *map(str, files), "--json"]
        started.append(subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE))
        return started[-1]

    yield load
    for process in started:
        process.kill()
        process.communicate()


def acknowledged(client: Elasticsearch, prefix: str) -> int:
    """Return how many stretches are done, as searches see it a little later."""
    quiet = client.options(ignore_status=(404, 503))  # 503: the ledger was created a moment ago
    quiet.indices.refresh(index=f"{prefix}-ledger")
    found = quiet.search(index=f"{prefix}-ledger", query={"term": {"state": "done"}}, size=0)
    return int(found["hits"]["total"]["value"]) if "hits" in found.body else 0


def kill_soon(running: "subprocess.Popen[bytes]", client: Elasticsearch, prefix: str, number: int, wait: float) -> int:
    """Send a signal a little after the next stretch was acknowledged; return the exit code."""
    before = acknowledged(client, prefix)
    while acknowledged(client, prefix) == before and running.poll() is None:
        time.sleep(0.02)
    time.sleep(wait)
    running.send_signal(number)
    _, err = running.communicate(timeout=60)
    assert b"Traceback" not in err, err.decode()
    return running.returncode


def test_killed_at_random_moments(client: Elasticsearch, prefix: str, start: Start) -> None:
    chance = random.Random(7)
    codes = []
    for number in KILLS:
        running = start(prefix)
        codes.append(kill_soon(running, client, prefix, number, chance.random() / 20))
    assert codes == [130, 130, *[-signal.SIGKILL] * 20], codes
    out, err = start(prefix).communicate(timeout=120)
    result = orjson.loads(out)
    assert b"Going on with" in err
    assert result["resumed"] > 0

    whole = start(f"{prefix}whole")
    undisturbed = orjson.loads(whole.communicate(timeout=120)[0])
    counts = ("read", "indexed", "duplicates", "skipped", "rejected")
    assert [result[name] for name in counts] == [undisturbed[name] for name in counts]
    assert digest(client, result["generation"]) == digest(client, undisturbed["generation"])


def test_three_loaders_one_of_them_killed(client: Elasticsearch, prefix: str, start: Start) -> None:
    first = start(prefix)
    while acknowledged(client, prefix) == 0:
        time.sleep(0.02)
    others = [start(prefix) for _ in range(2)]
    time.sleep(1.5)
    first.kill()
    first.communicate()
    results = [orjson.loads(other.communicate(timeout=180)[0]) for other in others]
    alone = orjson.loads(start(f"{prefix}whole").communicate(timeout=120)[0])
    for result in results:
        assert (result["read"], result["indexed"]) == (alone["read"], alone["indexed"])
    assert digest(client, results[0]["generation"]) == digest(client, alone["generation"])
