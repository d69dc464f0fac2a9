"""What the ledger calls done survives Elasticsearch's death, and its machine's: every sum holds in the next run.

A machine's crash is made on a file system in a file: what was written and not synchronised is not in that file yet, so
a copy of it, taken at the moment of death, is what a disk would have held.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from indexer.cluster import indices
from indexer.cluster.ledger import Ledger
from linernotes.node import service, status
from mappings.index_names import Generation
from tests.conftest import node_home
from tests.faults import forked, pieces
from tests.faults.digest import digest
from tests.faults.test_kill import acknowledged

pytestmark = pytest.mark.slow

RECORDS, FILES = 12_000, 60
IMAGE_BYTES = 3 * 2**30
FIRST, SECOND = 8, 25
"""Stretches that are done when the first loader is killed, and when Elasticsearch is."""


@contextmanager
def home_in(folder: Path, distribution: Path) -> Iterator[Path]:
    """Give the home of a node of its own below a folder; whatever runs there is stopped in the end."""
    home = folder / "home"
    home.mkdir()
    folder.chmod(0o755)
    home.chmod(0o755)
    start(home, distribution)
    try:
        yield home
    finally:
        service.stop(home)


def start(home: Path, distribution: Path) -> str:
    service.start(home, heap="512m", distribution=distribution)
    url = status.url_of(home)
    assert url is not None
    return url


def die(home: Path) -> None:
    """Kill the node's process at once; nothing is written or closed by it."""
    for node in status.read_status(home).nodes:
        assert node.pid is not None
        os.kill(node.pid, signal.SIGKILL)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    return [str(path) for path in pieces.written(tmp_path_factory.mktemp("corpus"), RECORDS, FILES)]


def disturbed(folder: Path, url: str, prefix: str, files: list[str], home: Path) -> None:
    """Kill a load, let another one go on, and kill Elasticsearch under it."""
    with Elasticsearch(url, request_timeout=60) as client:
        first = forked.start(folder, url, prefix, "load", pieces.DATASET, *files, "--workers", "2")
        until(client, prefix, FIRST, first)
        first.kill()
        second = forked.start(folder, url, prefix, "load", pieces.DATASET, *files, "--workers", "2")
        until(client, prefix, SECOND, second)
        die(home)
    second.kill()


def until(client: Elasticsearch, prefix: str, count: int, running: forked.Command) -> None:
    while acknowledged(client, prefix) < count:
        assert running.code is None, running.err.read_text()
        time.sleep(0.01)


def lost(url: str, prefix: str) -> int:
    """Return how many of the records that the ledger calls done are not in the index."""
    generation = Generation(prefix, pieces.DATASET, 1)
    with Elasticsearch(url, request_timeout=60) as client:
        return Ledger(client, generation.prefix).distinct_ids(generation) - indices.count(client, generation)


def finished(folder: Path, url: str, prefix: str, files: list[str]) -> dict[str, Any]:
    """Run the load to its end; it goes on with what was acknowledged."""
    last = forked.start(folder, url, prefix, "load", pieces.DATASET, *files, "--json")
    assert last.wait(180) in (0, 4), last.err.read_text()
    result: dict[str, Any] = orjson.loads(last.out.read_bytes())
    return result


def same_as_undisturbed(folder: Path, url: str, prefix: str, files: list[str], result: dict[str, Any]) -> bool:
    alone = finished(folder, url, f"{prefix}whole", files)
    with Elasticsearch(url, request_timeout=60) as client:
        return digest(client, result["generation"]) == digest(client, alone["generation"])


def test_elasticsearch_dies_under_loads_that_had_been_killed(
    distribution: Path, files: list[str], tmp_path: Path
) -> None:
    with node_home() as home:
        for prefix in ("one", "two", "three"):
            disturbed(tmp_path, start(home, distribution), prefix, files, home)
            url = start(home, distribution)
            assert lost(url, prefix) <= 0
            result = finished(tmp_path, url, prefix, files)
            assert result["resumed"] > 0
            assert same_as_undisturbed(tmp_path, url, prefix, files, result)


@contextmanager
def mounted(image: Path, at: Path) -> Iterator[None]:
    """Mount an image; what isn't synchronised stays in memory for minutes, as far as the kernel allows."""
    subprocess.run(["mount", "-o", "loop,commit=300", image, at], check=True, capture_output=True)
    try:
        yield
    finally:
        deadline = time.monotonic() + 60  # a process that was killed may still hold a file for a moment
        while subprocess.run(["umount", at], check=False, capture_output=True).returncode:
            assert time.monotonic() < deadline, f"{at} is still in use"
            time.sleep(0.2)


def can_mount(folder: Path) -> str:
    """Return why an image can't be mounted here; empty if it can."""
    image, at = folder / "try.img", folder / "try"
    at.mkdir()
    try:
        _made(image, 2**26)
        with mounted(image, at):
            return ""
    except (OSError, subprocess.CalledProcessError) as error:
        return f"no file system in a file can be mounted here: {error}"


def _made(image: Path, size: int) -> None:
    with image.open("wb") as out:
        out.truncate(size)
    subprocess.run(["mkfs.ext4", "-q", image], check=True, capture_output=True)


def test_the_machine_crashes(distribution: Path, files: list[str], tmp_path: Path) -> None:
    folder = Path(tempfile.mkdtemp(prefix="linernotes-crash-"))
    folder.chmod(0o755)
    try:
        if why := can_mount(folder):
            pytest.skip(why)
        disk, crashed, at = folder / "disk.img", folder / "crashed.img", folder / "mnt"
        at.mkdir()
        _made(disk, IMAGE_BYTES)
        with mounted(disk, at), home_in(at, distribution) as home:
            url = start(home, distribution)
            os.sync()  # a node's own configuration is older than a minute when its machine crashes
            disturbed(tmp_path, url, "crash", files, home)
            subprocess.run(["cp", "--sparse=always", disk, crashed], check=True)
        with mounted(crashed, at):
            try:
                assert lost(start(home, distribution), "crash") <= 0
                result = finished(tmp_path, start(home, distribution), "crash", files)
                assert result["resumed"] >= RECORDS * FIRST // FILES
                assert same_as_undisturbed(tmp_path, start(home, distribution), "crash", files, result)
            finally:
                service.stop(home)
    finally:
        shutil.rmtree(folder)
