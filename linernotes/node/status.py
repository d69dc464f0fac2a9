"""How a node is, for people and programs: from its notes, its processes, and its own answer."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from linernotes.node import layout as layouts
from linernotes.node import probe
from linernotes.node import state as states
from linernotes.node.layout import Layout
from linernotes.node.state import NodeState


@dataclass(frozen=True)
class Node:
    """One node for people and programs. `state`: running, starting, stopped (by us) or dead (by something else)."""

    name: str
    url: str
    pid: int | None
    version: str
    state: str


@dataclass(frozen=True)
class NodeStatus:
    """The local cluster: its nodes, and whether it asks for a password."""

    nodes: tuple[Node, ...]
    secure: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON of the contract."""
        return {"nodes": [asdict(node) for node in self.nodes], "secure": self.secure}


def noted(home: Path) -> list[tuple[Layout, NodeState]]:
    """Return the nodes of a home that were ever started, in order, with their notes."""
    count = len(list((layouts.of(home).home / "node").glob("node-*.json")))
    pairs = ((layout, states.load(layout)) for layout in layouts.several(home, count))
    return [(layout, state) for layout, state in pairs if state]


def status(home: Path) -> NodeStatus:
    """Return how the nodes of `home` are; none when none was ever started there."""
    found = noted(home)
    return NodeStatus(tuple(node_of(*one) for one in found), any(state.secure for _, state in found))


def urls_of(home: Path) -> list[str]:
    """Return the addresses of the running nodes. Asks the system, not the nodes: below a millisecond."""
    return [
        state.url for layout, state in noted(home) if state.phase == "running" and states.alive(state.server, layout)
    ]


def url_of(home: Path) -> str | None:
    """Return the address of the first running node, else None."""
    return next(iter(urls_of(home)), None)


def node_of(layout: Layout, state: NodeState) -> Node:
    """Return a noted node as it is now; asks it, for two seconds at most."""
    server = states.alive(state.server, layout)
    return Node(state.name, state.url, server.pid if server else None, state.version, _word(layout, state, server))


def answers(layout: Layout, state: NodeState) -> bool:
    """Tell whether the node itself answers at its address."""
    way = probe.access(layout.home, is_secure=state.secure)
    return probe.is_node(state.url, layout.cluster, state.version, way)


def _word(layout: Layout, state: NodeState, server: psutil.Process | None) -> str:
    if server:
        return "running" if answers(layout, state) else "starting"
    if states.alive(state.launcher, layout):
        return "starting"
    return "stopped" if state.phase == "stopped" else "dead"
