"""Is it the right Elasticsearch that answers, and is it well? Two small questions over HTTP."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
import psutil
import urllib3
from urllib3.exceptions import HTTPError

from linernotes.node import config, security
from linernotes.node.config import Layout
from linernotes.node.state import NodeState, alive, load
from linernotes.security.credentials import read_secret
from mappings.errors import LinernotesError

NO_CREDENTIALS = 401

# Seconds for an answer that a master gives, who may be busy: 0.01 measured.
SECONDS = 30.0


@dataclass(frozen=True, repr=False)
class Access:
    """How to get in: whose certificate to trust, and the password where this user may read it."""

    authority: Path | None = None
    password: str | None = None


OPEN = Access()


def access(home: Path, *, is_secure: bool) -> Access:
    """Return how to ask the nodes of a home."""
    if not is_secure:
        return OPEN
    own = security.of(home)
    try:
        return Access(own.authority, read_secret(own.password, "The password"))
    except LinernotesError:
        return Access(own.authority)


def is_node(url: str, cluster: str, version: str, way: Access = OPEN, seconds: float = 2.0) -> bool:
    """Tell whether the node of this cluster name and version answers there, and not something else.

    A user who may not read the password knows it by its certificate alone: no other home's authority signs it.
    """
    status, said = _get(url, seconds, way)
    if status == NO_CREDENTIALS and way.authority and not way.password:
        return True
    told = said.get("version")
    return said.get("cluster_name") == cluster and isinstance(told, dict) and told.get("number") == version


def health(url: str, seconds: int, way: Access = OPEN, nodes: int = 1, wish: str = "yellow") -> str:
    """Return green, yellow or red, having waited up to some seconds for all nodes, and for what is wished for."""
    wanted = f"wait_for_status={wish}&wait_for_nodes=>={nodes}&timeout={seconds}s"
    _, said = _get(f"{url}/_cluster/health?{wanted}", seconds + 5.0, way)
    if said.get("number_of_nodes", nodes) < nodes:
        return "incomplete"
    return str(said.get("status", "unknown"))


def master(url: str, way: Access = OPEN) -> str:
    """Return the name of the elected master, empty while there is none."""
    _, said = _get(f"{url}/_cluster/state/master_node,nodes?filter_path=master_node,nodes.*.name", SECONDS, way)
    return str(said.get("nodes", {}).get(said.get("master_node"), {}).get("name", ""))


def without_copy(url: str, way: Access = OPEN) -> list[str]:
    """Return the names of the indices that have no replica."""
    told = "filter_path=indices.*.number_of_replicas"
    _, said = _get(f"{url}/_cluster/health?level=indices&expand_wildcards=all&{told}", SECONDS, way)
    return sorted(name for name, index in said.get("indices", {}).items() if not index["number_of_replicas"])


def _get(url: str, seconds: float, way: Access) -> tuple[int, dict[str, Any]]:
    headers = urllib3.make_headers(basic_auth=f"{security.SUPERUSER}:{way.password}") if way.password else {}
    try:
        # A pool of its own, closed again: no proxy, no retry, no socket left behind.
        with urllib3.PoolManager(retries=False, ca_certs=str(way.authority) if way.authority else None) as pool:
            answer = pool.request("GET", url, headers=headers, timeout=seconds)
            said = orjson.loads(answer.data)
    except (HTTPError, OSError, orjson.JSONDecodeError):
        return 0, {}
    return answer.status, said if isinstance(said, dict) else {}


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
    count = len(list((config.of(home).home / "node").glob("node-*.json")))
    pairs = ((layout, load(layout)) for layout in config.several(home, count))
    return [(layout, state) for layout, state in pairs if state]


def status(home: Path) -> NodeStatus:
    """Return how the nodes of `home` are; none when none was ever started there."""
    found = noted(home)
    return NodeStatus(tuple(node_of(*one) for one in found), any(state.secure for _, state in found))


def urls_of(home: Path) -> list[str]:
    """Return the addresses of the running nodes. Asks the system, not the nodes: below a millisecond."""
    return [state.url for layout, state in noted(home) if state.phase == "running" and alive(state.server, layout)]


def url_of(home: Path) -> str | None:
    """Return the address of the first running node, else None."""
    return next(iter(urls_of(home)), None)


def node_of(layout: Layout, state: NodeState) -> Node:
    """Return a noted node as it is now; asks it, for two seconds at most."""
    server = alive(state.server, layout)
    return Node(state.name, state.url, server.pid if server else None, state.version, _word(layout, state, server))


def answers(layout: Layout, state: NodeState) -> bool:
    """Tell whether the node itself answers at its address."""
    way = access(layout.home, is_secure=state.secure)
    return is_node(state.url, layout.cluster, state.version, way)


def _word(layout: Layout, state: NodeState, server: psutil.Process | None) -> str:
    if server:
        return "running" if answers(layout, state) else "starting"
    if alive(state.launcher, layout):
        return "starting"
    return "stopped" if state.phase == "stopped" else "dead"
