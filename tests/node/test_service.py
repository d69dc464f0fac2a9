"""The real node: started twice at once, killed, started again elsewhere, ended. A story, since a start takes 8 s."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import psutil
import pytest
from typer.testing import CliRunner

from linernotes.cli import node as cli
from linernotes.node import config, process, service, status
from linernotes.node.state import LOOPBACK, Layout, NodeState
from linernotes.node.status import NodeStatus
from mappings.errors import InputError, LinernotesError
from tests.conftest import MAJOR, RELEASE

HEAP = "256m"


def ours(home: Path) -> list[int]:
    return [one.pid for one in process.find_processes(Layout(home)).all]


@pytest.mark.slow
def test_the_life_of_a_node(home: Path, distribution: Path) -> None:
    said: list[str] = []

    def start(heap: str | None = HEAP) -> NodeStatus:
        return service.start(home, heap=heap, version=MAJOR, distribution=distribution, report=said.append)

    # Two at once: one starts it, the other waits and finds it.
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: start(), range(2))
    assert first == second
    node = first.nodes[0]
    assert (node.state, node.version, first.secure) == ("running", RELEASE.version, False)
    assert status.url_of(home) == node.url
    assert [node.pid] == ours(home), "the launcher is gone, and only the server is left"
    assert psutil.Process(node.pid).uids().real != 0
    with urllib.request.urlopen(f"{node.url}/_cluster/health") as answer:
        assert orjson.loads(answer.read())["status"] == "green"

    # Again: the same node, and a heap that it hasn't got is told.
    said.clear()
    assert start("512m") == first
    assert said == [
        f"Elasticsearch runs already at {node.url} (process {node.pid}).",
        f"It keeps its heap of {HEAP}. To change it to 512m, run `linernotes node stop` first.",
    ]

    # Killed from outside, and its port taken meanwhile: it comes back on another one, which it keeps.
    server = psutil.Process(node.pid)
    server.kill()
    while not process.has_ended(server):
        time.sleep(0.01)
    assert status.read_status(home).nodes[0].state == "dead"
    with socket.create_server((LOOPBACK, int(node.url.rpartition(":")[2]))):
        again = start().nodes[0]
    assert (again.state, again.url == node.url) == ("running", False)

    # Stopped: no process, no port, and once more changes nothing.
    assert service.stop(home, said.append).nodes[0].state == "stopped"
    assert ours(home) == []
    assert config.is_free(int(again.url.rpartition(":")[2]))
    assert service.stop(home) == status.read_status(home)
    assert status.url_of(home) is None


@pytest.mark.slow
def test_a_start_that_is_killed_is_finished_by_the_next(home: Path, distribution: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from linernotes.node import service; "
        "service.start(Path(sys.argv[1]), heap=sys.argv[2], distribution=Path(sys.argv[3]), version=int(sys.argv[4]))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(home), HEAP, str(distribution), str(MAJOR)]) as starter:
        while not process.find_processes(Layout(home)).servers:
            time.sleep(0.05)
        time.sleep(2)
        starter.kill()
    assert status.read_status(home).nodes[0].state == "starting"
    node = service.start(home, distribution=distribution).nodes[0]
    assert node.state == "running"
    assert [node.pid] == ours(home)
    # A log that is there now, and the JSON of the contract, through the command line.
    for arguments in (["logs", "--lines", "3"], ["logs", "--json"], ["status"], ["start"], ["stop", "--json"]):
        result = CliRunner().invoke(cli.app, arguments, env={"LINERNOTES_HOME": str(home)})
        assert result.exit_code == 0, result.output
    told = orjson.loads(result.stdout)
    assert told == status.read_status(home).as_dict()
    assert list(told) == ["nodes", "secure"]
    assert list(told["nodes"][0]) == ["name", "url", "pid", "version", "state"]
    assert ours(home) == []


def test_a_start_that_fails_leaves_nothing(home: Path, distribution: Path) -> None:
    here = Layout(home)
    broken = home / "elasticsearch" / RELEASE.version
    with pytest.raises(InputError, match="isn't a complete Elasticsearch"):
        service.start(home, heap=HEAP, version=MAJOR, distribution=broken)
    # Something in the data's place: Elasticsearch itself must find out.
    here.data.mkdir(parents=True, exist_ok=True)
    (here.data / "node.lock").mkdir()
    with pytest.raises(LinernotesError, match="Elasticsearch didn't start"):
        service.start(home, heap=HEAP, version=MAJOR, distribution=distribution)
    assert ours(home) == []
    assert status.read_status(home).nodes[0].state == "stopped"


def test_a_home_without_a_node(home: Path) -> None:
    assert status.read_status(home).as_dict() == {"nodes": [], "secure": False}
    assert status.url_of(home) is None
    assert service.stop(home) == NodeStatus(())
    for arguments in (["status", "--json"], ["stop", "--json"]):
        result = CliRunner().invoke(cli.app, arguments, env={"LINERNOTES_HOME": str(home)})
        assert orjson.loads(result.stdout) == {"nodes": [], "secure": False}


@pytest.mark.parametrize("heap", ["9999g", "lots", "1m"])
def test_a_heap_that_cannot_be(home: Path, heap: str) -> None:
    with pytest.raises(InputError, match="heap"):
        service.start(home, heap=heap)
    assert not (home / "elasticsearch").exists()


def test_a_colon_is_told_before_anything_is_fetched(home: Path) -> None:
    with pytest.raises(InputError, match="colon"):
        service.start(home / "a:b", heap=HEAP)


def test_logs(home: Path) -> None:
    """The log that was written to last, and what is written next though the log is rotated meanwhile."""
    with pytest.raises(InputError, match="no logs"):
        cli.log_path(home)
    here = Layout(home)
    here.logs.mkdir(parents=True)
    here.console.write_text("printed\n")
    assert cli.log_path(home) == here.console
    here.log.write_text("".join(f"{n}\n" for n in range(10)))
    os.utime(here.console, (1, 1))
    environment = {**os.environ, "LINERNOTES_HOME": str(home)}
    last = CliRunner().invoke(cli.app, ["logs", "--lines", "2"], env=environment)
    assert last.stdout == "8\n9\n"
    command = [sys.executable, "-m", "linernotes", "node", "logs", "--follow", "--lines", "1"]
    with subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    ) as follower:
        assert follower.stdout
        assert follower.stdout.readline() == "9\n"
        here.log.rename(here.logs / "old")
        here.log.write_text("10\n")
        assert follower.stdout.readline() == "10\n"
        os.killpg(follower.pid, signal.SIGINT)
    assert follower.returncode == 130


def known(version: str = "8.19.13", *, secure: bool = False) -> NodeState:
    return NodeState(version, "1g", 1, 2, secure=secure)


def test_a_first_start_is_one_open_node_of_the_current_release() -> None:
    first = service.plan([])
    assert (first.nodes, first.heap, first.secure, first.release.version) == (1, "1g", False, "8.19.13")


def test_what_is_not_given_stays_as_it_was() -> None:
    again = service.plan([known("9.4.3", secure=True)] * 3)
    assert (again.nodes, again.secure, again.release.version) == (3, True, "9.4.3")


@pytest.mark.parametrize(
    ("before", "given"),
    [([known()] * 3, {"nodes": 1}), ([], {"nodes": 10}), ([], {"version": 7}), ([], {"heap": "9999g"})],
)
def test_what_cannot_be(before: list[NodeState], given: dict[str, object]) -> None:
    with pytest.raises(InputError):
        service.plan(before, **given)  # type: ignore[arg-type]


def test_the_folder_of_snapshots_is_remembered_and_can_be_another(tmp_path: Path) -> None:
    first = service.plan([], snapshots=tmp_path / "a")
    assert (service.plan([]).snapshots, first.snapshots) == ("", str(tmp_path / "a"))
    before = [NodeState("8.19.13", "1g", 1, 2, snapshots=first.snapshots)]
    assert service.plan(before).snapshots == first.snapshots
    assert service.plan(before, snapshots=tmp_path / "b").snapshots == str(tmp_path / "b")


@pytest.mark.parametrize(
    "given", [{"nodes": 3}, {"is_secure": True}, {"version": 9}, {"snapshots": Path("/srv/snapshots")}]
)
def test_what_runs_is_not_changed_silently(given: dict[str, object]) -> None:
    before = [known()]
    service.need_same(before, service.plan(before))
    with pytest.raises(InputError, match="node stop"):
        service.need_same(before, service.plan(before, **given))  # type: ignore[arg-type]
