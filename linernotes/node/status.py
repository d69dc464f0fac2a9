"""Does the local Elasticsearch run, where, and is it well? From its processes, its state file, and its answers."""

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from elastic_transport import TransportError
from elasticsearch import ApiError, AuthenticationException, Elasticsearch

from linernotes.node import security
from linernotes.node.process import NodeProcesses, find_processes
from linernotes.node.state import Layout, NodeState, known_nodes

# Seconds for an answer that a master gives, who may be busy: 0.01 measured.
SECONDS = 30.0


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


def read_status(home: Path) -> NodeStatus:
    """Return how the nodes of `home` are; none when none was ever started there."""
    known = known_nodes(home)
    return NodeStatus(tuple(_read_node(*one) for one in known), any(state.secure for _, state in known))


def urls_of(home: Path) -> list[str]:
    """Return the addresses of the running nodes. Asks the system, not the nodes: 2 ms for 100 processes."""
    return [state.url for layout, state in known_nodes(home) if find_processes(layout).started]


def url_of(home: Path) -> str | None:
    """Return the address of the first running node, else None."""
    return next(iter(urls_of(home)), None)


def _read_node(layout: Layout, state: NodeState) -> Node:
    processes = find_processes(layout)
    return Node(layout.name, state.url, processes.pid, state.version, _word(layout, state, processes))


def _word(layout: Layout, state: NodeState, processes: NodeProcesses) -> str:
    if processes.all:
        return "running" if processes.servers and answers(layout, state) else "starting"
    return "stopped" if state.phase == "stopped" else "dead"


def answers(layout: Layout, state: NodeState) -> bool:
    """Tell, within two seconds, whether the node itself answers at its address, and not something else.

    A user who may not read the password knows it by its certificate alone: no other home's authority signs it.
    """
    try:
        with client_of(layout, state, 2.0) as client:
            info = client.info().body
    except AuthenticationException:
        return state.secure
    except (ApiError, TransportError, OSError):
        return False
    return (info["cluster_name"], info["version"]["number"]) == (layout.cluster, state.version)


def client_of(layout: Layout, state: NodeState, seconds: float = SECONDS) -> Elasticsearch:
    """Return a client for one node alone, which sends nothing twice."""
    options: dict[str, Any] = {"request_timeout": seconds, "max_retries": 0}
    if state.secure:
        files = security.of(layout.home)
        options["ca_certs"] = str(files.authority)
        if password := files.password_if_readable():
            options["basic_auth"] = (security.SUPERUSER, password)
    return Elasticsearch(state.url, **options)


def health(client: Elasticsearch, seconds: int, nodes: int, wish: str = "yellow") -> str:
    """Return green, yellow or red, having waited up to some seconds for all nodes, and for what is wished for.

    It is `incomplete` while nodes are missing, `unknown` while nobody answers.
    """
    patient = client.options(request_timeout=seconds + 5.0, ignore_status=408)
    try:
        body = patient.cluster.health(wait_for_status=wish, wait_for_nodes=f">={nodes}", timeout=f"{seconds}s").body
    except (ApiError, TransportError):
        return "unknown"
    return "incomplete" if body["number_of_nodes"] < nodes else str(body["status"])


def master(client: Elasticsearch) -> str:
    """Return the name of the elected master, empty while there is none."""
    try:
        rows: Any = client.cat.master(format="json", h="node").body
    except (ApiError, TransportError):
        return ""
    return str(rows[0]["node"]) if rows else ""


def without_replica(client: Elasticsearch) -> list[str]:
    """Return the names of the indices that have no replica."""
    indices = client.cluster.health(level="indices", expand_wildcards="all").get("indices", {})
    return sorted(name for name, index in indices.items() if not index["number_of_replicas"])
