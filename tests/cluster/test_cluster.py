"""Three real nodes on this machine: they form one cluster, survive the elected master's death, and take it back.

It takes minutes on a busy machine, so it runs only where LINERNOTES_TEST_CLUSTER is set: make test-cluster.
"""

import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from linernotes import settings
from linernotes.elastic import connect
from linernotes.node import config, download, service, status
from linernotes.node.process import find_processes
from linernotes.node.state import layouts
from mappings.errors import InputError

HEAP = "512m"
INDEX = "linernotes-cluster-test"


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="linernotes-cluster-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    service.stop(folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("is_secure", [False, True], ids=["open", "secure"])
def test_the_life_of_a_cluster(home: Path, is_secure: bool) -> None:
    distribution = download.distribution(settings.from_environment().home, print)
    started = service.start(home, heap=HEAP, nodes=3, is_secure=is_secure, distribution=distribution)
    assert [node.state for node in started.nodes] == ["running"] * 3
    assert started.secure is is_secure
    assert len({node.url for node in started.nodes}) == 3
    local = settings.from_environment({"LINERNOTES_HOME": str(home)})
    with connect(local) as client:
        assert client.cluster.health()["number_of_nodes"] == 3
        client.indices.create(index=INDEX, settings={"number_of_replicas": 1})
        client.index(index=INDEX, id="1", document={"title": "x"}, refresh=True)
        assert client.cluster.health(wait_for_status="green")["status"] == "green"
        # The elected master is killed; the others go on, and a search doesn't notice.
        master = str(client.cat.master(h="node")).strip()
        victim = next(node for node in started.nodes if node.name == master)
        # What a rolling restart asks.
        assert status.master(client) == master
        assert status.health(client, 5, 3, "green") == "green"
        assert INDEX not in status.without_replica(client)
        psutil.Process(victim.pid).kill()
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            assert client.search(index=INDEX)["hits"]["total"]["value"] == 1
            time.sleep(0.05)
    states = {node.name: node.state for node in status.read_status(home).nodes}
    assert states == {node.name: "dead" if node.name == master else "running" for node in started.nodes}
    # A start brings back the one that is missing, and leaves the others alone.
    again = service.start(home, heap=HEAP, distribution=distribution)
    assert [node.state for node in again.nodes] == ["running"] * 3
    assert {node.pid for node in again.nodes} & {node.pid for node in started.nodes} == {
        node.pid for node in started.nodes if node.name != master
    }
    with connect(local) as client:
        assert client.cluster.health(wait_for_status="green", timeout="60s")["status"] == "green"
    for wrong in ({"nodes": 1}, {"nodes": 4}):
        with pytest.raises(InputError):
            service.start(home, distribution=distribution, **wrong)  # type: ignore[arg-type]
    stopped = service.stop(home)
    assert [node.state for node in stopped.nodes] == ["stopped"] * 3
    assert not [process for one in layouts(home, 3) for process in find_processes(one).all]
    assert all(config.is_free(int(node.url.rpartition(":")[2])) for node in stopped.nodes)
