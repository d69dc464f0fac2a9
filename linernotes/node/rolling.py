"""Restart nodes one after the other, so that a cluster answers all the while: no copy is down before all are up.

green? -> one stops, writes what it holds, starts again -> green again -> the next; the elected master comes last
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from linernotes.node import launch, probe, raising
from linernotes.node import state as states
from linernotes.node.layout import Layout
from linernotes.node.probe import Access
from linernotes.node.state import NodeState
from linernotes.node.wanted import Wanted
from mappings.errors import CheckFailedError

Report = Callable[[str], None]
Nodes = Sequence[tuple[Layout, NodeState]]

GREEN_SECONDS = 600
"""How long copies may take to be whole again. Below 10 s measured for 80,000 tracks that nobody wrote meanwhile, 148 s
for 500,000 that were being written (three nodes on two cores with much other work)."""
LOOK_SECONDS = 30


def restart(nodes: Nodes, goal: Wanted, given: Path | None, report: Report) -> None:
    """Restart each node. Raises CheckFailedError, before a node is stopped, where a copy of something is missing."""
    every = [layout for layout, _ in nodes]
    way = probe.access(every[0].home, is_secure=goal.secure)
    if len(every) > 1 and (alone := probe.without_copy(nodes[0][1].url, way)):
        report(f"Without a replica, so not there while its node restarts: {', '.join(alone)}.")
    for layout, state in _master_last(nodes, way):
        _need_green(state.url, way, len(every), f"{layout.name} was not restarted", report)
        report(f"Restarting {layout.name}.")
        launch.end(states.processes(layout))
        states.save(layout, state.stopped())
        raising.start(every, [layout], goal, given, report)
    _need_green(nodes[0][1].url, way, len(every), "All nodes were restarted", report)


def _master_last(nodes: Nodes, way: Access) -> Nodes:
    """Return the nodes with the elected master at the end: so it changes once, and not with each restart."""
    master = probe.master(nodes[0][1].url, way)
    return sorted(nodes, key=lambda node: node[0].name == master)


def _need_green(url: str, way: Access, nodes: int, so_far: str, report: Report) -> None:
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
