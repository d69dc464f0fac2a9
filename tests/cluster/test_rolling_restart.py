"""All nodes are restarted, one after the other, under 20 searches a second: no user notices."""

import time

import pytest
from elasticsearch import Elasticsearch

import queries
from linernotes.elastic import connect
from linernotes.node import status
from mappings.errors import CheckFailedError, UnreachableError
from queries import Searcher, export, retry
from tests.cluster import corpus
from tests.cluster.corpus import LAION, SPOTIFY
from tests.cluster.drill import PREFIX, Cluster
from tests.cluster.searching import searching

RECORDS = 20_000
RATE, THREADS = 20, 16
CHECK_FAILED = 5


@pytest.fixture(scope="module")
def searched(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Cluster:
    """Return the cluster with two data sets, each with a replica."""
    folder = tmp_path_factory.mktemp("corpus")
    for dataset, files in ((LAION, corpus.laion(folder, RECORDS)), (SPOTIFY, corpus.spotify(folder, RECORDS))):
        cluster.run("load", dataset, files, "--replicas", "1")
    cluster.wait_for_green()
    return cluster


def test_searches_go_on(searched: Cluster, capsys: pytest.CaptureFixture[str]) -> None:
    cluster = searched
    before = status.read_status(cluster.home).nodes
    with cluster.client() as client:
        tracks = int(client.count(index=PREFIX)["count"])
    with searching(cluster, RATE, THREADS) as searches:
        began = time.monotonic()
        cluster.run("node", "restart")
        seconds = time.monotonic() - began
        cluster.wait_for_green()
    after = status.read_status(cluster.home).nodes
    with capsys.disabled():
        print(f"\nrolling restart: {seconds:.1f} s; {searches.told()}")  # noqa: T201 - the figures of the drill
    assert [node.state for node in after] == ["running"] * 3
    assert [node.url for node in after] == [node.url for node in before]
    assert not {node.pid for node in after} & {node.pid for node in before}
    assert not searches.errors
    assert set(searches.totals) == {tracks}
    # As many as were due: the loop is open, so none was put off because others took long.
    assert len(searches.made) >= 0.9 * RATE * seconds


def with_open_context(client: Elasticsearch) -> str:
    """Return the name of a node that holds a part of a point in time."""
    nodes = client.nodes.stats(metric="indices", index_metric="search")["nodes"].values()
    return next(str(node["name"]) for node in nodes if node["indices"]["search"]["open_contexts"])


def test_while_a_node_is_missing(searched: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    """No other is restarted, since it might have the last copy of something; an export tells that it lost its node."""
    cluster = searched
    before = status.read_status(cluster.home).nodes
    monkeypatch.setattr(export, "PAGE_BYTES", 100_000)
    monkeypatch.setattr(retry, "LONG_DELAY_S", 10.0)
    with cluster.client() as client, connect(cluster.settings) as asking:
        client.indices.create(index="alone", settings={"number_of_replicas": 0})
        assert status.without_replica(client) == ["alone"]
        assert status.master(client) == cluster.master()
        with export.open_scan(Searcher(asking, PREFIX), queries.request("")) as found:
            frames = found.frames(1)
            next(frames)
            name = with_open_context(client)
            cluster.kill(name)
            with pytest.raises((CheckFailedError, UnreachableError)) as told:
                for _ in frames:
                    pass
        assert "lost the point in time" in str(told.value)
    refused = cluster.begin("node", "restart")
    assert refused.code() == CHECK_FAILED
    assert f"Not running: {name}. Start it with: linernotes node start" in refused.err.read_text()
    after = {node.name: node.pid for node in status.read_status(cluster.home).nodes}
    assert after == {node.name: node.pid if node.name != name else None for node in before}
    cluster.bring_back()
