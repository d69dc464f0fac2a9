"""Is it the right Elasticsearch that answers, and is it well? Two small questions over HTTP."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import urllib3
from urllib3.exceptions import HTTPError

from linernotes.node import secure
from linernotes.security.files import read_secret
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
    own = secure.of(home)
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
    headers = urllib3.make_headers(basic_auth=f"{secure.SUPERUSER}:{way.password}") if way.password else {}
    try:
        # A pool of its own, closed again: no proxy, no retry, no socket left behind.
        with urllib3.PoolManager(retries=False, ca_certs=str(way.authority) if way.authority else None) as pool:
            answer = pool.request("GET", url, headers=headers, timeout=seconds)
            said = orjson.loads(answer.data)
    except (HTTPError, OSError, orjson.JSONDecodeError):
        return 0, {}
    return answer.status, said if isinstance(said, dict) else {}
