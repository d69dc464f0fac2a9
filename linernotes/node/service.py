"""Start, stop and ask after the local node. Each is safe to repeat, and mends what a crash has left.

start: distribution there? -> a Java? -> a user? -> ports -> config -> launcher -> server answers -> noted
stop:  noted or marked processes -> SIGTERM -> SIGKILL -> noted as stopped, with its ports for the next time
"""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from linernotes.node import account as accounts
from linernotes.node import config, fetch, jdk, launch, ports, probe
from linernotes.node import layout as layouts
from linernotes.node import state as states
from linernotes.node.account import Account
from linernotes.node.config import Ports
from linernotes.node.files import locked, make, need_room, room, told
from linernotes.node.layout import Layout
from linernotes.node.releases import CURRENT
from linernotes.node.state import NodeState
from linernotes.node.status import Node, NodeStatus, node_of, status
from mappings.problems import CheckProblem, InputProblem

__all__ = ["DEFAULT_HEAP", "Node", "NodeStatus", "start", "status", "stop", "url_of"]

Report = Callable[[str], None]

DEFAULT_HEAP = "1g"
# Seconds to wait for the indices of a node that answers already.
HEALTH_SECONDS = 60
# Free bytes below which a start is refused: config, logs and the cluster state must fit.
SMALLEST_ROOM = 200 << 20


def start(
    home: Path,
    *,
    heap: str | None = None,
    distribution: Path | None = None,
    report: Report = lambda _: None,
) -> NodeStatus:
    """Bring the node of `home` up, if it isn't, and return it when it answers.

    `heap` is its memory, like `1g` (the default); `distribution` an Elasticsearch that is unpacked already, such as
    another home's `elasticsearch/8.19.13`. Raises `Problem`, which says why not and what to do.
    """
    size = _heap(heap or DEFAULT_HEAP)
    layout = layouts.of(home)
    with _alone(layout, report):
        if found := _found_running(layout, heap, report):
            return found
        _clear_away(layout, report)
        return _start(layout, distribution, heap or DEFAULT_HEAP, size, report)


def stop(home: Path, report: Report = lambda _: None) -> NodeStatus:
    """End what `start` started, all of it and nothing else. Raises `Problem` where it can't."""
    layout = layouts.of(home)
    if not layout.state.parent.is_dir():
        report("No node was ever started here.")
        return NodeStatus(())
    with _alone(layout, report):
        state = states.load(layout)
        began = time.monotonic()
        if processes := _processes(layout, state):
            forced = "" if launch.end(processes) else ", by force since it didn't end by itself"
            report(f"Elasticsearch was stopped in {time.monotonic() - began:.1f} s{forced}.")
        else:
            report("The node isn't running.")
        if state:
            states.save(layout, state.stopped())
    return status(home)


def url_of(home: Path) -> str | None:
    """Return the address of the running node, else None. Asks the system and not the node: 0.1 ms."""
    layout = layouts.of(home)
    state = states.load(layout)
    return state.url if state and state.phase == "running" and states.alive(state.server, layout) else None


@contextmanager
def _alone(layout: Layout, report: Report) -> Iterator[None]:
    busy = partial(report, "Another start or stop of this node is at work: waiting for it.")
    with told(layout.home), locked(layout.lock, busy):
        yield


def _start(layout: Layout, given: Path | None, heap: str, size: int, report: Report) -> NodeStatus:
    account = accounts.current()
    java = jdk.find(CURRENT, usable=lambda home: account.may(home / "bin" / "java", os.X_OK))
    _prepare(layout, account, report)
    # The download comes after all that may be in the way of a start.
    unpacked = _distribution(layout, given, account, report)
    began = time.monotonic()
    chosen = _ports(layout)
    launch.configure(layout, unpacked, chosen, java, size)
    report(f"Starting Elasticsearch {CURRENT.version} with Java {java.major}.")
    launcher = launch.launch(layout, unpacked, java, account)
    state = _see_through(layout, _first_note(layout, chosen, heap, launcher), launcher)
    _check(layout, state, report)
    report(f"Elasticsearch answers at {state.url} after {time.monotonic() - began:.1f} s, with a heap of {heap}.")
    return NodeStatus((node_of(layout, state),))


def _distribution(layout: Layout, given: Path | None, account: Account, report: Report) -> Path:
    """Return the folder of an Elasticsearch that the node's user can read."""
    if ":" in str(given or layout.home):
        # Java parts its module path there (tried: "Module org.elasticsearch.server not found").
        raise InputProblem(
            f"{given or layout.home} has a colon in it, which Java can't read.", "Choose another folder."
        )
    if given and not fetch.is_whole(given, CURRENT):
        raise InputProblem(f"{given} isn't a whole Elasticsearch {CURRENT.version}.")
    found = (given or fetch.distribution(layout.home, report)).resolve()
    accounts.need_entry(found / "modules", account)
    return found


def _prepare(layout: Layout, account: Account, report: Report) -> None:
    """Make the folders; see that there is room in them, and that the node's user gets there."""
    make(layout.folder)
    # Each start leaves libraries there that it unpacked; one that was killed can't take them away.
    shutil.rmtree(layout.tmp, ignore_errors=True)
    accounts.give(layout.folders, account)
    accounts.need_entry(layout.data, account)
    need_room(layout.data, SMALLEST_ROOM, "Starting Elasticsearch")
    if (free := room(layout.data)) < config.NO_NEW_INDEX:
        report(
            f"The disk of {layout.data} has only {free / 1e6:,.0f} MB left: Elasticsearch takes no new index below "
            f"{config.NO_NEW_INDEX / 1e6:,.0f} MB and no record below {config.NO_RECORD / 1e6:,.0f} MB."
        )


def _found_running(layout: Layout, heap: str | None, report: Report) -> NodeStatus | None:
    """Return the node if it runs, after waiting for one that another start began; None if there is none."""
    state = states.load(layout)
    if not state or not states.alive(state.server, layout) or not _answers(layout, state, report):
        return None
    state = replace(state, phase="running", launcher=None)
    states.save(layout, state)
    node = node_of(layout, state)
    report(f"Elasticsearch runs already at {node.url} (process {node.pid}).")
    if heap and _heap(heap) != _heap(state.heap):
        report(f"It keeps its heap of {state.heap}. To change it to {heap}, run `linernotes node stop` first.")
    return NodeStatus((node,))


def _answers(layout: Layout, state: NodeState, report: Report) -> bool:
    """Tell whether a server that is there answers, or comes to answer before it ends or patience does."""
    deadline = time.monotonic() + launch.PATIENCE
    waiting = False
    while states.alive(state.launcher, layout) or not probe.is_node(state.url, layout.cluster, state.version):
        if not states.alive(state.server, layout) or time.monotonic() > deadline:
            return False
        if not waiting:
            waiting = True
            report("The node is there, but doesn't answer yet: waiting for it.")
        time.sleep(launch.LOOK)
    return True


def _clear_away(layout: Layout, report: Report) -> None:
    """End what is left of this node though it doesn't run: it would hold the data's lock, or the port."""
    if strays := states.stray(layout):
        report(f"A forgotten Elasticsearch of this folder is ended first (process {strays[0].pid}).")
    launch.end(_processes(layout, states.load(layout)))


def _first_note(layout: Layout, chosen: Ports, heap: str, launcher: subprocess.Popen[bytes]) -> NodeState:
    """Note the launcher at once, so that whatever happens to us, `stop` and the next `start` know of it."""
    state = NodeState(
        name=layout.name,
        url=f"http://{ports.LOOPBACK}:{chosen.http}",
        version=CURRENT.version,
        heap=heap,
        http_port=chosen.http,
        transport_port=chosen.transport,
        phase="starting",
        launcher=states.noted(psutil.Process(launcher.pid)),
    )
    states.save(layout, state)
    return state


def _see_through(layout: Layout, state: NodeState, launcher: subprocess.Popen[bytes]) -> NodeState:
    """Wait for the server and note it; when that fails or is interrupted, leave no process behind."""
    try:
        server = launch.await_server(
            launcher,
            layout,
            seen=lambda found: states.save(layout, replace(state, server=states.noted(found))),
        )
        running = replace(state, phase="running", server=states.noted(server), launcher=None)
        states.save(layout, running)
    except BaseException:
        launch.end(_processes(layout, state))
        launcher.wait()
        states.save(layout, state.stopped())
        raise
    return running


def _check(layout: Layout, state: NodeState, report: Report) -> None:
    """See that what answers is the node that was just started, and that it can read its indices."""
    if not probe.is_node(state.url, layout.cluster, state.version):
        raise CheckProblem(f"The node doesn't answer at {state.url}.", "See `linernotes node logs`.")
    if (health := probe.health(state.url, HEALTH_SECONDS)) not in {"green", "yellow"}:
        report(f"It answers, but its health is {health}: an index can't be read, see `linernotes node logs`.")


def _processes(layout: Layout, state: NodeState | None) -> list[psutil.Process]:
    """Return what runs of a node: what was noted, and whatever else carries its mark."""
    noted = [states.present(one, layout) for one in state.processes] if state else []
    return list({one.pid: one for one in [*noted, *states.stray(layout)] if one}.values())


def _ports(layout: Layout) -> Ports:
    state = states.load(layout)
    remembered = Ports(state.http_port, state.transport_port) if state else None
    return ports.choose(remembered, str(layout.home))


def _heap(text: str) -> int:
    """Return a heap in bytes if this machine has that much memory at all. Raises `InputProblem`."""
    size, memory = config.parse_heap(text), psutil.virtual_memory().total
    if size > memory:
        raise InputProblem(
            f"A heap of {text} is more than this machine's {memory / 2**30:.1f} GB of memory.",
            "Give it at most half of that.",
        )
    return size
