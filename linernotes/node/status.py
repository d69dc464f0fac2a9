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


def status(home: Path) -> NodeStatus:
    """Return how the node of `home` is; no node when none was ever started there."""
    layout = layouts.of(home)
    state = states.load(layout)
    return NodeStatus((node_of(layout, state),)) if state else NodeStatus(())


def url_of(home: Path) -> str | None:
    """Return the address of the running node, else None. Asks the system, not the node: below a millisecond."""
    layout = layouts.of(home)
    state = states.load(layout)
    return state.url if state and state.phase == "running" and states.alive(state.server, layout) else None


def node_of(layout: Layout, state: NodeState) -> Node:
    """Return a noted node as it is now; asks it, for two seconds at most."""
    server = states.alive(state.server, layout)
    return Node(state.name, state.url, server.pid if server else None, state.version, _word(layout, state, server))


def _word(layout: Layout, state: NodeState, server: psutil.Process | None) -> str:
    if server:
        return "running" if probe.is_node(state.url, layout.cluster, state.version) else "starting"
    if states.alive(state.launcher, layout):
        return "starting"
    return "stopped" if state.phase == "stopped" else "dead"
