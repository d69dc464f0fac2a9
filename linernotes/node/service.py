"""Restart nodes one after the other, so that a cluster answers all the while: no copy is down before all are up.

green? -> one stops, writes what it holds, starts again -> green again -> the next; the elected master comes last
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import psutil

from linernotes.node import config, process, startup
from linernotes.node import health as probe
from linernotes.node import state as states
from linernotes.node.config import Layout
from linernotes.node.health import Access, Node, NodeStatus, answers, noted, status, url_of, urls_of
from linernotes.node.startup import DEFAULT_HEAP, Wanted
from linernotes.node.state import NodeState, locked, told
from mappings.errors import CheckFailedError

RollingReport = Callable[[str], None]
Nodes = Sequence[tuple[Layout, NodeState]]

GREEN_SECONDS = 600
"""How long copies may take to be whole again. Below 10 s measured for 80,000 tracks that nobody wrote meanwhile, 148 s
for 500,000 that were being written (three nodes on two cores with much other work)."""
LOOK_SECONDS = 30


def restart_rolling(nodes: Nodes, goal: Wanted, given: Path | None, report: RollingReport) -> None:
    """Restart each node. Raises CheckFailedError, before a node is stopped, where a copy of something is missing."""
    every = [layout for layout, _ in nodes]
    way = probe.access(every[0].home, is_secure=goal.secure)
    if len(every) > 1 and (alone := probe.without_copy(nodes[0][1].url, way)):
        report(f"Without a replica, so not there while its node restarts: {', '.join(alone)}.")
    for layout, state in _master_last(nodes, way):
        _need_green(state.url, way, len(every), f"{layout.name} was not restarted", report)
        report(f"Restarting {layout.name}.")
        process.end(states.processes(layout))
        states.save(layout, state.stopped())
        startup.start(every, [layout], goal, given, report)
    _need_green(nodes[0][1].url, way, len(every), "All nodes were restarted", report)


def _master_last(nodes: Nodes, way: Access) -> Nodes:
    """Return the nodes with the elected master at the end: so it changes once, and not with each restart."""
    master = probe.master(nodes[0][1].url, way)
    return sorted(nodes, key=lambda node: node[0].name == master)


def _need_green(url: str, way: Access, nodes: int, so_far: str, report: RollingReport) -> None:
    """Wait until all copies of everything are there; a node that is alone has nowhere to put any."""
    if nodes == 1:
        return
    deadline = time.monotonic() + GREEN_SECONDS
    while (health := probe.health(url, LOOK_SECONDS, way, nodes, "green")) != "green":
        if time.monotonic() > deadline:
            raise CheckFailedError(
                f"{so_far}: the cluster's health is {health}, since a copy of something is missing.",
                "See: linernotes doctor",
            )
        report(f"The cluster's health is {health}: waiting until all copies are there.")


__all__ = ["DEFAULT_HEAP", "Node", "NodeStatus", "restart", "start", "status", "stop", "url_of", "urls_of"]

Report = Callable[[str], None]


def start(
    home: Path,
    *,
    heap: str | None = None,
    distribution: Path | None = None,
    nodes: int | None = None,
    is_secure: bool = False,
    version: int | None = None,
    report: Report = lambda _: None,
) -> NodeStatus:
    """Bring the nodes of `home` up, those that aren't, and return them when they answer.

    `heap` is the memory of each, like `1g`; `distribution` an Elasticsearch that is unpacked already, such as another
    home's `elasticsearch/8.19.13`. How many, whether secure, and the major version are what they were the last time
    if they aren't given. Raises `LinernotesError`, which says why not and what to do.
    """
    first = config.of(home)
    startup.sizes(heap, nodes or 1)
    with _alone(first, report):
        before = [state for _, state in noted(home)]
        goal = startup.decide(before, heap=heap, nodes=nodes, is_secure=is_secure, version=version)
        every = config.several(home, goal.nodes)
        missing = [layout for layout in every if not _found_running(layout, goal, heap, report)]
        if len(missing) < len(every):
            startup.need_same(before, goal)
        if missing:
            _clear_away(missing, report)
            startup.start(every, missing, goal, distribution, report)
    return status(home)


def stop(home: Path, report: Report = lambda _: None) -> NodeStatus:
    """End what `start` started, all of it and nothing else. Raises `LinernotesError` where it can't."""
    first = config.of(home)
    if not first.state.parent.is_dir():
        report("No node was ever started here.")
        return NodeStatus(())
    with _alone(first, report):
        known = noted(home)
        began = time.monotonic()
        if processes := _all_processes([first, *(layout for layout, _ in known)]):
            forced = "" if process.end(processes) else ", by force since it didn't end by itself"
            many = f"{len(known)} nodes were" if len(known) > 1 else "Elasticsearch was"
            report(f"{many} stopped in {time.monotonic() - began:.1f} s{forced}.")
        else:
            report("The node isn't running.")
        for layout, state in known:
            states.save(layout, state.stopped())
    return status(home)


def restart(
    home: Path, *, heap: str | None = None, distribution: Path | None = None, report: Report = lambda _: None
) -> NodeStatus:
    """Restart all nodes of `home`, one after the other: of several, all others answer meanwhile.

    `heap` changes the memory of each; `distribution` is as for `start`. Raises `CheckFailedError` when one of them
    doesn't run, or a copy of something is missing, so that a restart might take away the last one.
    """
    with _alone(config.of(home), report):
        known = noted(home)
        missing = [layout.name for layout, state in known if not _runs(layout, state)]
        if missing or not known:
            who = ", ".join(missing) or "Elasticsearch"
            raise CheckFailedError(f"Not running: {who}.", "Start it with: linernotes node start")
        before = [state for _, state in known]
        goal = startup.decide(before, heap=heap or before[0].heap)
        restart_rolling(known, goal, distribution, report)
    return status(home)


def _runs(layout: Layout, state: NodeState) -> bool:
    return states.alive(state.server, layout) is not None and answers(layout, state)


@contextmanager
def _alone(layout: Layout, report: Report) -> Iterator[None]:
    busy = partial(report, "Another start or stop of this node is at work: waiting for it.")
    with told(layout.home), locked(layout.lock, busy):
        yield


def _found_running(layout: Layout, goal: Wanted, heap: str | None, report: Report) -> bool:
    """Tell whether a node runs, after waiting for one that another start began."""
    state = states.load(layout)
    server = states.alive(state.server, layout) if state else None
    if not state or not server or not _comes_to_answer(layout, state, report):
        return False
    states.save(layout, replace(state, phase="running", launcher=None))
    report(f"Elasticsearch runs already at {state.url} (process {server.pid}).")
    if heap and goal.size != startup.sizes(state.heap, 1):
        report(f"It keeps its heap of {state.heap}. To change it to {heap}, run `linernotes node stop` first.")
    return True


def _comes_to_answer(layout: Layout, state: NodeState, report: Report) -> bool:
    """Tell whether a server that is there answers, or comes to answer before it ends or patience does."""
    deadline = time.monotonic() + process.PATIENCE
    waiting = False
    while states.alive(state.launcher, layout) or not answers(layout, state):
        if not states.alive(state.server, layout) or time.monotonic() > deadline:
            return False
        if not waiting:
            waiting = True
            report("The node is there, but doesn't answer yet: waiting for it.")
        time.sleep(process.LOOK)
    return True


def _clear_away(these: list[Layout], report: Report) -> None:
    """End what is left of nodes though they don't run: they would hold the data's lock, or the port."""
    strays = [process for layout in these for process in states.stray(layout)]
    if strays:
        report(f"A forgotten Elasticsearch of this folder is ended first (process {strays[0].pid}).")
    process.end(_all_processes(these))


def _all_processes(these: list[Layout]) -> list[psutil.Process]:
    found = [process for layout in these for process in states.processes(layout)]
    return list({process.pid: process for process in found}.values())
