"""Commands in containers: each is process 1 of a PID namespace of its own, with a host name that may be anybody's."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch

from tests.faults import pieces
from tests.faults.pieces import DATASET

pytestmark = pytest.mark.slow

UNSHARE = ("unshare", "--uts", "--pid", "--fork", "--mount-proc", "--kill-child")
RECORDS, FILES, FEWER = 6_000, 90, 20
OTHER_SIZE = ("--max-change", "1000")


@pytest.fixture(scope="module", autouse=True)
def permitted() -> None:
    """Skip where this user may not make namespaces, or there is no `unshare`."""
    try:
        subprocess.run([*UNSHARE, "true"], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"UTS and PID namespaces can't be made here: {error}")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """Return synthetic records in many small files, so that a load takes a while."""
    return [str(path) for path in pieces.written(tmp_path_factory.mktemp("corpus"), RECORDS, FILES)]


@dataclass
class Contained:
    """A command in a container."""

    process: subprocess.Popen[bytes]
    out: Path

    def kill(self) -> None:
        """Kill it as `docker kill` does: process 1 ends, and with it the namespace."""
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        self.process.wait(60)

    def ended(self) -> tuple[int, str]:
        """Return its exit code and all that it said."""
        return self.process.wait(240), self.out.read_text()


Start = Callable[..., Contained]


@pytest.fixture
def start(es_url: str, prefix: str, tmp_path: Path) -> Iterator[Start]:
    """Return what starts a command on a host; whatever still runs at the end of the test is ended."""
    started: list[Contained] = []
    environment = {**os.environ, "LINERNOTES_URL": es_url, "LINERNOTES_PREFIX": prefix, "COLUMNS": "200"}

    def run(host: str, *arguments: str) -> Contained:
        path = tmp_path / f"{len(started)}.out"
        command = [*UNSHARE, "sh", "-c", f'hostname {host} && exec "$@"', "sh"]
        command += [sys.executable, "-m", "linernotes", *arguments]
        with path.open("wb") as out:
            root = Path(__file__).parents[2]
            process = subprocess.Popen(command, cwd=root, env=environment, stdout=out, stderr=out)
        started.append(Contained(process, path))
        return started[-1]

    yield run
    for one in started:
        one.process.kill()
        one.process.wait()


def leases(client: Elasticsearch, prefix: str) -> dict[str, str]:
    """Return who has which lease: the data set's, and those on its generations."""
    quiet = client.options(ignore_status=(404, 503))
    quiet.indices.refresh(index=f"{prefix}-locks")
    found = quiet.search(index=f"{prefix}-locks", size=100).body.get("hits", {"hits": []})["hits"]
    return {hit["_id"]: hit["_source"]["host"] for hit in found}


def wait_for(running: Contained, ready: Callable[[], bool]) -> Contained:
    while not ready():
        assert running.process.poll() is None, running.out.read_text()
        time.sleep(0.05)
    return running


def age(client: Elasticsearch, prefix: str) -> None:
    """Let most of a minute pass for all leases; the rest is longer than a command takes to start on a busy machine."""
    script = "ctx._source.beat -= 40000L"
    client.update_by_query(index=f"{prefix}-locks", script={"source": script}, refresh=True, conflicts="proceed")


def test_whoever_comes_next_goes_on_after_the_dead(
    client: Elasticsearch, prefix: str, start: Start, files: list[str]
) -> None:
    def a_load_is_killed() -> None:
        earlier = leases(client, prefix).keys()  # of one who died with nothing in hand, whom nobody had to look for
        running = start("box-a", "load", DATASET, *files, "--fresh", "--workers", "1")
        wait_for(running, lambda: any("/" in name for name in leases(client, prefix).keys() - earlier)).kill()

    def an_update_is_killed() -> None:
        running = start("box-a", "update", DATASET, *files, "--dry-run")
        wait_for(running, lambda: DATASET in leases(client, prefix)).kill()

    cases: list[tuple[Callable[[], None], tuple[str, ...]]] = [
        (a_load_is_killed, ("load", DATASET, *files, *OTHER_SIZE)),
        (a_load_is_killed, ("update", DATASET, *files[1:], *OTHER_SIZE)),
        (a_load_is_killed, ("prune", DATASET)),
        (an_update_is_killed, ("rejected", "replay", DATASET)),
        (an_update_is_killed, ("update", DATASET, *files, *OTHER_SIZE)),
    ]
    assert start("box-a", "load", DATASET, *files[:FEWER]).ended()[0] in (0, 4)
    for killed, command in cases:
        killed()
        age(client, prefix)
        code, said = start("box-b", *command).ended()
        assert code in (0, 4), (killed.__name__, command[0], said)
        assert "process 1 on box-a" in said or "Going on with" in said, said
    code, said = start("box-b", "prune", DATASET).ended()
    assert (code, leases(client, prefix)) == (0, {}), said


def test_equal_host_names_prove_nothing(client: Elasticsearch, prefix: str, start: Start, files: list[str]) -> None:
    assert start("box", "load", DATASET, *files[:FEWER]).ended()[0] in (0, 4)
    first = start("box", "load", DATASET, *files, "--fresh", "--workers", "1", *OTHER_SIZE, "--json")
    wait_for(first, lambda: any("/" in name for name in leases(client, prefix)))
    second = start("box", "load", DATASET, *files, "--fresh")
    code, said = second.ended()
    assert first.process.poll() is None, "the first one was too fast for this test"
    assert (code, "is being loaded by process 1 on box" in said) == (5, True), said
    code, said = first.ended()
    assert code in (0, 4), said
    assert orjson.loads(said[said.index("{") :])["alias_moved"]
