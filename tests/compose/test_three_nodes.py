"""Three nodes: a data node dies in a load, the master and the first node die, certificates are renewed, all restart."""

import hashlib
import ssl
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from elasticsearch import ApiError, Elasticsearch, TransportError

from mappings.errors import LinernotesError
from tests.cluster import corpus
from tests.cluster.corpus import LAION
from tests.compose.stack import NODES, Stack, eventually
from tests.faults.digest import digest

RECORDS = 100_000
AT = 0.3
UNHEALTHY_S = 60.0


@pytest.fixture(scope="module")
def stack(new_stack: Callable[[int], Stack]) -> Stack:
    made = new_stack(3)
    corpus.laion(made.folder / "data", RECORDS)
    for path in (made.folder / "data").rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return made


@pytest.fixture(scope="module")
def whole(stack: Stack) -> tuple[int, str]:
    """Return number and digest of the documents that must be there."""
    return corpus.expected(LAION, stack.folder / "data" / LAION)


def request(stack: Stack, node: str, path: str) -> Any:
    """Return what a node answers to its superuser, in its own container; None as long as it doesn't."""
    command = (
        "printf 'machine localhost login elastic password %s' \"$(cat config/credentials/elastic_password)\" > /tmp/n;"
        f" curl -s --cacert config/credentials/ca.crt --netrc-file /tmp/n 'https://localhost:9200{path}'"
    )
    done = stack.compose("exec", "-T", node, "bash", "-c", command, check=False)
    return orjson.loads(done.stdout) if done.returncode == 0 and done.stdout else None


def master(stack: Stack, node: str) -> str:
    """Return the name of the elected master, as a node knows it; empty as long as it knows none."""
    rows = request(stack, node, "/_cat/master?format=json")
    return str(rows[0]["node"]) if isinstance(rows, list) and rows else ""


def is_green(stack: Stack, node: str = NODES[0]) -> bool:
    health = request(stack, node, "/_cluster/health?wait_for_status=green&timeout=30s") or {}
    return bool(health.get("status") == "green" and health["number_of_nodes"] == len(NODES))


def test_three_nodes_join_and_vote(stack: Stack) -> None:
    stack.up(*NODES)
    stack.compose("up", "-d", "security")
    for node in NODES:
        rows = request(stack, node, "/_cat/nodes?format=json&h=name")
        assert sorted(row["name"] for row in rows) == list(NODES)
    metadata = request(stack, NODES[0], "/_cluster/state/metadata?filter_path=metadata.cluster_coordination")
    assert len(metadata["metadata"]["cluster_coordination"]["last_committed_config"]) == len(NODES)
    eventually("users", lambda: "are there" in stack.compose("logs", "security").stdout)


def test_a_data_node_dies_in_a_load(stack: Stack, whole: tuple[int, str]) -> None:
    load = stack.started("linernotes", "load", LAION, f"/data/{LAION}", "--replicas", "1", "--json")
    with stack.client() as client:
        eventually("the load's documents", lambda: sent(client) > AT * RECORDS)
    # Neither the master, nor the one whose port these tests use.
    victim = next(node for node in reversed(NODES) if node not in (master(stack, NODES[0]), NODES[0]))
    stack.compose("kill", "--signal", "KILL", victim)
    assert load.poll() is None
    stack.compose("start", victim)
    out, err = load.communicate(timeout=600)
    assert load.returncode in (0, 4), err
    assert orjson.loads(out.splitlines()[-1])["indexed"] == whole[0]
    eventually("green", lambda: is_green(stack))
    with stack.client() as client:
        assert digest(client, f"linernotes-{LAION}") == whole[1]


def sent(client: Elasticsearch) -> int:
    """Return how many documents the primaries have taken."""
    try:
        stats = client.indices.stats(index=f"linernotes-{LAION}-g*", metric="indexing", expand_wildcards="all").body
    except (ApiError, TransportError, LinernotesError):
        return 0
    return int(stats.get("_all", {}).get("primaries", {}).get("indexing", {}).get("index_total", 0))


@pytest.mark.parametrize("which", ["the master", "the first node"])
def test_searches_go_on_without(stack: Stack, whole: tuple[int, str], which: str) -> None:
    victim = master(stack, NODES[0]) if which == "the master" else NODES[0]
    left = next(node for node in NODES if node != victim)
    stack.compose("kill", "--signal", "KILL", victim)
    eventually("another master", lambda: master(stack, left) not in ("", victim), 90)
    assert stack.total(LAION) == whole[0]
    stack.compose("start", victim)
    eventually("green", lambda: is_green(stack, left))


def test_a_node_without_a_cluster_is_not_healthy(stack: Stack, whole: tuple[int, str]) -> None:
    stack.compose("stop", *NODES[:2])
    eventually("an unhealthy node", lambda: stack.state(NODES[2]) == "unhealthy", UNHEALTHY_S)
    stack.compose("start", *NODES[:2])  # `up --wait` ends at once where a container is unhealthy
    eventually("green", lambda: is_green(stack))
    eventually("three healthy nodes", lambda: {stack.state(node) for node in NODES} == {"healthy"}, UNHEALTHY_S)
    assert stack.total(LAION) == whole[0]


def test_certificates_are_renewed_by_the_same_authority(stack: Stack, whole: tuple[int, str]) -> None:
    before, authority = [fingerprint(stack, node) for node in NODES], stack.authority().read_text()
    renew = stack.start("bash", "compose/renew.sh")
    out, err = renew.communicate(timeout=600)
    assert renew.returncode == 0, out + err
    after = [fingerprint(stack, node) for node in NODES]
    assert not set(before) & set(after)
    served = ssl.get_server_certificate(("127.0.0.1", stack.port), ca_certs=str(stack.authority()), timeout=30)
    assert hashlib.sha256(served.strip().encode()).hexdigest() == after[0]
    assert stack.compose("exec", "-T", NODES[0], "cat", "config/credentials/ca.crt").stdout == authority
    eventually("green", lambda: is_green(stack))
    assert stack.total(LAION) == whole[0]


def fingerprint(stack: Stack, node: str) -> str:
    """Return a digest of the certificate that a node has."""
    certificate = stack.compose("exec", "-T", node, "cat", "config/credentials/tls.crt").stdout
    return hashlib.sha256(certificate.strip().encode()).hexdigest()


def test_all_down_and_up_again(stack: Stack, whole: tuple[int, str]) -> None:
    stack.compose("--profile", "cluster", "--profile", "tools", "down", "--remove-orphans")
    stack.up(*NODES)
    eventually("green", lambda: is_green(stack))
    with stack.client() as client:
        assert digest(client, f"linernotes-{LAION}") == whole[1]
    assert stack.total(LAION) == whole[0]
