"""What is remembered, and whose a process is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from linernotes.node import config, service, state
from linernotes.node.state import NodeState, Process

PROCESSES = st.none() | st.builds(Process, st.integers(1, 2**22), st.floats(0, 2e9))
STATES = st.builds(
    NodeState,
    name=st.text(),
    url=st.text(),
    version=st.text(),
    heap=st.text(),
    http_port=st.integers(1, 65_535),
    transport_port=st.integers(1, 65_535),
    phase=st.sampled_from(["starting", "running", "stopped"]),
    server=PROCESSES,
    launcher=PROCESSES,
)


def note(home: Path, **changes: object) -> NodeState:
    fields = {"name": "node-1", "url": "http://127.0.0.1:1", "version": "8.19.13", "heap": "1g"}
    numbers = {"http_port": 1, "transport_port": 2, "phase": "running"}
    found = NodeState(**(fields | numbers | changes))  # type: ignore[arg-type]
    config.of(home).state.parent.mkdir()
    state.save(config.of(home), found)
    return found


@given(STATES)
def test_what_is_noted_is_read_back(found: NodeState) -> None:
    assert state.parse(state.dump(found)) == found


@given(st.binary() | st.sampled_from([b"{}", b"[]", b"null", b'{"server": 1, "launcher": null}']))
def test_a_broken_note_is_none(data: bytes) -> None:
    assert state.parse(data) is None


def test_a_number_that_was_used_again_is_not_ours(home: Path) -> None:
    me = psutil.Process()
    note(home, server=Process(me.pid, me.create_time() - 60))
    found = service.status(home).nodes[0]
    assert (found.state, found.pid) == ("dead", None)
    assert service.url_of(home) is None
    said: list[str] = []
    assert service.stop(home, said.append).nodes[0].state == "stopped"
    assert said == ["The node isn't running."], "and this test is still here to see it"


def test_a_process_with_the_mark_is_ours_though_the_clock_was_set(home: Path) -> None:
    here = config.of(home)
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", here.mark]) as marked:
        process = psutil.Process(marked.pid)
        while here.mark not in process.cmdline():
            time.sleep(0.01)
        assert state.alive(Process(marked.pid, process.create_time() - 3600), here) == process
        assert process in state.stray(here)
        assert state.stray(config.of(home / "other")) == []
        note(home)
        service.stop(home)
        assert state.ended(process)


def test_a_zombie_is_not_alive(home: Path) -> None:
    zombie = os.posix_spawn("/bin/true", ["true"], {})
    try:
        while psutil.Process(zombie).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert state.alive(state.noted(psutil.Process(zombie)), config.of(home)) is None
    finally:
        os.waitpid(zombie, 0)


@pytest.mark.parametrize("content", [b"", b"{", b'{"name": "node-1"}'])
def test_a_home_with_a_broken_note_has_no_node(home: Path, content: bytes) -> None:
    note(home)
    config.of(home).state.write_bytes(content)
    assert service.status(home).as_dict() == {"nodes": [], "secure": False}
    assert service.url_of(home) is None
