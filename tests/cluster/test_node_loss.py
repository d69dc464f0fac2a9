"""A node of three is killed in the middle of a load: it ends well, nothing is lost or doubled, and searches go on."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from tests.cluster import corpus
from tests.cluster.corpus import LAION, SPOTIFY
from tests.cluster.drill import PREFIX, Cluster
from tests.cluster.searching import searching
from tests.faults.digest import digest

RECORDS, SEARCHED = 500_000, 20_000
AT = 0.4
RATE, THREADS = 5, 4
FEWER = 100_000
CHECK_FAILED = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return corpus.laion(tmp_path_factory.mktemp("corpus"), RECORDS)


@pytest.fixture(scope="module")
def whole(folder: Path) -> tuple[int, str]:
    """Return number and digest of the documents that must be there afterwards."""
    return corpus.expected(LAION, folder)


@pytest.fixture(scope="module")
def searched(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """Return the cluster with a data set that is searched meanwhile."""
    files = corpus.spotify(tmp_path_factory.mktemp("searched"), SEARCHED)
    cluster.run("load", SPOTIFY, files, "--replicas", "1")
    cluster.wait_for_green()
    return cluster


def building(client: Elasticsearch) -> str:
    """Return the index that is being written."""
    return next(iter(client.indices.get_alias(name=f"{PREFIX}-{LAION}-g*-building").body), "")


def sent(client: Elasticsearch, index: str) -> int:
    """Return how many documents the primary has taken; a moment after its creation not all nodes know an index."""
    found: Any = client.options(ignore_status=404).indices.stats(index=index, metric="indexing").body
    primaries = found.get("_all", {}).get("primaries")
    return int(primaries["indexing"]["index_total"]) if primaries else 0


def a_data_node(cluster: Cluster, index: str) -> str:
    """Return the node that has the primary of what is being written; it is not the elected master."""
    name = cluster.primary_of(index)
    if name == cluster.master():
        cluster.let_another_be_master()
    return name


def the_master(cluster: Cluster, index: str) -> str:
    return cluster.master()


@pytest.mark.parametrize(("victim", "back_after_s"), [(a_data_node, 8.0), (the_master, None)])
def test_a_load_outlives_a_node(
    searched: Cluster,
    folder: Path,
    whole: tuple[int, str],
    capsys: pytest.CaptureFixture[str],
    victim: Callable[[Cluster, str], str],
    back_after_s: float | None,
) -> None:
    """One comes back while the load goes on, the other after its end."""
    cluster = searched
    with cluster.client() as client, searching(cluster, RATE, THREADS) as searches:
        before = int(client.count(index=PREFIX)["count"])
        began = time.monotonic()
        load = cluster.begin("load", LAION, folder, "--replicas", "1", "--fresh", "--json")
        index = load.until("an index to write to", lambda: building(client))
        load.until("so much of it", lambda: sent(client, index) >= AT * RECORDS)
        name = victim(cluster, index)
        had = sent(client, index)
        primary = cluster.primary_of(index)
        cluster.kill(name)
        killed = time.monotonic() - began
        assert load.process.poll() is None
        green = 0.0
        if back_after_s:
            time.sleep(back_after_s)
            assert load.process.poll() is None
            green = cluster.bring_back()
        assert load.code() == 0, load.err.read_text()
        result = load.result()
        green = green or cluster.bring_back()
        cluster.wait_for_green()
        served = list(client.indices.get_alias(name=f"{PREFIX}-{LAION}").body)
        after = int(client.count(index=PREFIX)["count"])
        found = digest(client, result["generation"])
        documents = int(client.count(index=result["generation"])["count"])
    with capsys.disabled():
        print(  # noqa: T201 - the figures of the drill
            f"\n{victim.__name__}: {name} (primary on {primary}) killed {killed:.1f} s after the load began, at "
            f"{had:,} of {RECORDS:,}; load {result['seconds']:.1f} s, {result['retries']} retries; "
            f"green {green:.1f} s after the return began; {searches.told()}"
        )
    known = sum(result[kind] for kind in ("indexed", "duplicates", "skipped", "rejected"))
    assert (result["read"], known, result["rejected"]) == (RECORDS, RECORDS, 0)
    assert result["alias_moved"]
    assert served == [index] == [result["generation"]]
    assert (result["indexed"], documents, found) == (whole[0], *whole)
    assert not searches.errors
    assert set(searches.totals) == {before, after}
    assert len(searches.made) > 0.8 * RATE * result["seconds"]


def test_without_a_replica_what_is_lost_is_told(
    searched: Cluster, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The node had taken documents that it had not written to its disk: the sums don't hold, and nothing is shown."""
    cluster = searched
    with cluster.client() as client:
        served = client.indices.get_alias(name=f"{PREFIX}*").body
        load = cluster.begin("load", LAION, folder, "--limit", str(FEWER), "--max-change", "100", "--fresh", "--json")
        index = load.until("an index to write to", lambda: building(client))
        load.until("so much of it", lambda: sent(client, index) >= AT * FEWER)
        cluster.kill(a_data_node(cluster, index))
        cluster.bring_back()
        code, told = load.code(), load.err.read_text()
        with capsys.disabled():
            print(f"\nwithout a replica: exit code {code}; {told.splitlines()[-1]}")  # noqa: T201
        assert code == CHECK_FAILED
        assert "does not add up" in told
        left = client.indices.get_alias(name=f"{PREFIX}*").body
        assert {name: body for name, body in left.items() if name != index} == served
        assert not set(left.get(index, {}).get("aliases", {})) & {PREFIX, f"{PREFIX}-{LAION}"}
