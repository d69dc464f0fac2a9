"""Is it the right Elasticsearch that answers, and is it well? Two small questions over HTTP."""

from typing import Any

import orjson
import urllib3
from urllib3.exceptions import HTTPError


def greeting(url: str, seconds: float = 2.0) -> dict[str, Any]:
    """Return what the root address says (`cluster_name`, `version`), an empty table when nothing sensible."""
    return _get(url, seconds)


def is_node(url: str, cluster: str, version: str) -> bool:
    """Tell whether the node of this cluster name and version answers there, and not something else."""
    said = greeting(url)
    told = said.get("version")
    return said.get("cluster_name") == cluster and isinstance(told, dict) and told.get("number") == version


def health(url: str, seconds: int) -> str:
    """Return green, yellow or red, having waited up to some seconds for better than red."""
    said = _get(f"{url}/_cluster/health?wait_for_status=yellow&timeout={seconds}s", seconds + 5.0)
    return str(said.get("status", "unknown"))


def _get(url: str, seconds: float) -> dict[str, Any]:
    try:
        # A pool of its own, closed again: no proxy, no retry, no socket left behind.
        with urllib3.PoolManager(retries=False) as pool:
            said = orjson.loads(pool.request("GET", url, timeout=seconds).data)
    except (HTTPError, orjson.JSONDecodeError):
        return {}
    return said if isinstance(said, dict) else {}
