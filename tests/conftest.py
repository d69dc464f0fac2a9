"""One real Elasticsearch for each process of tests, which starts and stops it. None is a failure, not a skip."""

import gc
import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import hypothesis
import pytest
from elasticsearch import Elasticsearch
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from linernotes import settings
from linernotes.elastic import LeanSerializer
from linernotes.node import download, releases, service, status
from linernotes.node.state import Layout

# Examples are not timed: the machine is shared, and a slow one is no fault of the code.
hypothesis.settings.register_profile("linernotes", deadline=None)
hypothesis.settings.load_profile("linernotes")


MAJOR = int(os.environ.get("LINERNOTES_TEST_VERSION", "8"))
RELEASE = releases.of_major(MAJOR)
JAVA = "-XX:TieredStopAtLevel=1\n-XX:ReservedCodeCacheSize=200m\n-XX:-UseG1GC\n-XX:+UseSerialGC\n"
"""Options of Java for tests' nodes, a line each."""

MEMORY_NEEDED = 6 * 2**30
"""Bytes that have to be free in memory for nodes to keep their data there."""


def pytest_configure(config: pytest.Config) -> None:
    """Fetch Elasticsearch before the processes of a parallel run start, so that one of them alone does it."""
    if not config.getoption("numprocesses", None):
        return
    os.environ["POLARS_MAX_THREADS"] = "1"  # all cores have tests to run
    if not os.environ.get("LINERNOTES_TEST_URL"):
        download.distribution(settings.from_environment().home, _say, RELEASE)


class _ByFile(LoadFileScheduling):  # type: ignore[misc] # pytest-xdist has no types
    """Files of tests that are given to processes; those of tests/security share a node, and are given as one.

    Groups of marks (`--dist loadgroup`) are no way: pytest-xdist 3.8 ignores them with pytest 9.2 (its issue 1386).
    """

    def _split_scope(self, nodeid: str) -> str:
        return "tests/security" if nodeid.startswith("tests/security/") else nodeid.partition("::")[0]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return a process more than there are cores: a fifth of the time is waited for leases, servers and their ends."""
    return min(len(os.sched_getaffinity(0)) + 1, 4)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> LoadFileScheduling:
    """Return what gives tests to processes, whose fixtures of a module or of the session then are made once."""
    return _ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest."""
    long = ("tests/security/", "tests/node/", "tests/indexer/")
    items.sort(key=lambda item: (item.get_closest_marker("slow") is None, not item.nodeid.startswith(long)))


def pytest_collection_finish() -> None:
    """Leave modules and tests out of garbage collections, which took a tenth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000)


@pytest.fixture(scope="session")
def distribution() -> Path:
    """Return the real Elasticsearch that is tested with, shared with the user's own home."""
    return download.distribution(settings.from_environment().home, _say, RELEASE)


@contextmanager
def node_home() -> Iterator[Path]:
    """Return a new folder for a node, in memory where there is room, and stop what runs there in the end.

    Tests make and drop thousands of indices, and each waits until the disk has it: three quarters of their time. Java
    compiles for a node that lives for minutes, which takes a third less CPU; it has room for what it compiled, and
    collects garbage without threads of its own, which takes another tenth.
    """
    memory = Path("/dev/shm")
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_NEEDED
    home = Path(tempfile.mkdtemp(prefix="linernotes-test-", dir=memory if roomy else None))
    home.chmod(0o755)
    options = Layout(home).config / "jvm.options.d"
    options.mkdir(parents=True)
    (options / "tests.options").write_text(JAVA)
    try:
        yield home
    finally:
        service.stop(home)
        shutil.rmtree(home)


@pytest.fixture(scope="session")
def es_home(distribution: Path) -> Iterator[Path]:
    """Return the home of the session's own node."""
    with node_home() as home:
        service.start(home, heap="1g", version=MAJOR, distribution=distribution, report=_say)
        yield home


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr)  # noqa: T201 - a download may take a while


@pytest.fixture(scope="session")
def es_url(request: pytest.FixtureRequest) -> str:
    """Return the address of the session's node; LINERNOTES_TEST_URL names another one, for quick runs by hand."""
    if given := os.environ.get("LINERNOTES_TEST_URL"):
        return given
    es_home: Path = request.getfixturevalue("es_home")
    url = status.url_of(es_home)
    assert url is not None
    return url


@pytest.fixture(scope="session")
def client(es_url: str) -> Iterator[Elasticsearch]:
    with Elasticsearch(es_url, serializer=LeanSerializer(), max_retries=0, request_timeout=60) as found:
        yield found


@pytest.fixture
def prefix(client: Elasticsearch) -> Iterator[str]:
    """Return a random index prefix; only what has it is deleted afterwards."""
    name = f"t{uuid.uuid4().hex[:10]}"
    yield name
    for index in client.indices.get(index=f"{name}*", features="aliases", expand_wildcards="all").body:
        client.indices.delete(index=index)


@pytest.fixture
def cli_environment(es_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Point the command line at the session's node, under the test's own prefix."""
    for name in list(os.environ):
        if name.startswith("LINERNOTES_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("LINERNOTES_URL", es_url)
    monkeypatch.setenv("LINERNOTES_PREFIX", prefix)
    monkeypatch.setenv("LINERNOTES_HOME", str(tmp_path))
