"""What a node is configured with, and its ports."""

import json
import socket
from pathlib import Path

import pytest

from linernotes.node import config
from linernotes.node.config import Peers, Ports
from linernotes.node.java import Jdk
from linernotes.node.state import LOOPBACK, Layout
from mappings.errors import InputError, LinernotesError

HERE = Layout(Path("/srv/a home"))
SHIPPED = """## comment
-XX:+UseG1GC
20-:--add-modules=jdk.incubator.vector
-Xlog:gc*,gc+age=trace,safepoint:file=gc.log:utctime,level,pid,tags:filecount=32,filesize=64m
"""


def jdk(*modules: str) -> Jdk:
    return Jdk(Path("/jdk"), 21, frozenset(modules))


def settings(*modules: str, secure: bool = False) -> dict[str, config.Setting]:
    return config.settings(HERE, Ports(20_000, 20_001), modules, secure=secure)


def test_it_listens_on_the_loopback_address_alone_and_never_joins_another_cluster() -> None:
    table = settings()
    assert (table["network.host"], table["http.port"], table["transport.port"]) == ("127.0.0.1", 20_000, 20_001)
    assert table["discovery.type"] == "single-node"
    assert table["cluster.name"] != config.settings(Layout(Path("/other")), Ports(1, 2), ())["cluster.name"]
    assert table["xpack.security.enabled"] is False
    assert settings(secure=True)["xpack.security.enabled"] is True


def test_snapshots_may_be_in_the_folder_that_was_given_and_nowhere_else() -> None:
    assert "path.repo" not in settings()
    table = config.settings(HERE, Ports(1, 2), (), snapshots="/srv/snapshots")
    assert table["path.repo"] == ["/srv/snapshots"]


def test_a_module_that_is_not_there_is_not_configured() -> None:
    assert not any("geoip" in name or "ml" in name.split(".") for name in settings("reindex"))
    assert (
        settings("ingest-geoip", "x-pack-ml").items()
        > {
            "ingest.geoip.downloader.enabled": False,
            "xpack.ml.enabled": False,
        }.items()
    )


def test_yaml_keeps_paths_as_they_are() -> None:
    table = settings()
    lines = dict(line.split(": ", 1) for line in config.as_yaml(table).splitlines())
    assert {name: json.loads(value) for name, value in lines.items()} == table
    assert json.loads(lines["path.data"]) == "/srv/a home/node/node-1/data"


def test_the_vector_module_goes_only_where_the_jdk_lacks_it() -> None:
    assert "jdk.incubator.vector" in config.jvm_options(SHIPPED, jdk("jdk.incubator.vector"))
    assert "jdk.incubator.vector" not in config.jvm_options(SHIPPED, jdk("java.base"))
    assert "jdk.incubator.vector" in config.jvm_options(SHIPPED, Jdk(Path("/jdk"), 21, None))


def test_the_collectors_log_is_short() -> None:
    options = config.jvm_options(SHIPPED, jdk())
    assert "filecount=2,filesize=8m" in options
    assert "filecount=32" not in options


def test_nothing_is_lost_of_the_shipped_files(distribution: Path) -> None:
    """The lines that are changed are there to be changed, in the real distribution too."""
    options = (distribution / "config" / "jvm.options").read_text()
    assert config.jvm_options(options, jdk()) != config.jvm_options(options, jdk(config.VECTOR))
    assert "64m" not in config.jvm_options(options, jdk())
    log = (distribution / "config" / "log4j2.properties").read_text()
    assert "2GB" not in config.log_options(log)
    assert "= 64MB" in config.log_options(log)


@pytest.mark.parametrize(("text", "size"), [("512m", 512 << 20), ("2G", 2 << 30), (" 1gb ", 1 << 30)])
def test_heap(text: str, size: int) -> None:
    assert config.parse_heap(text) == size


@pytest.mark.parametrize("text", ["", "1", "-1g", "1.5g", "g", "1 tb", "32k", "63m"])
def test_no_heap(text: str) -> None:
    with pytest.raises(InputError, match="--heap"):
        config.parse_heap(text)


def test_founders_are_named_once() -> None:
    ports = {"node-1": 2, "node-2": 4}
    first = config.settings(HERE, Ports(1, 2), (), peers=Peers(ports, founding=True))
    later = config.settings(HERE, Ports(1, 2), (), peers=Peers(ports, founding=False))
    assert first["cluster.initial_master_nodes"] == ["node-1", "node-2"]
    assert first["discovery.seed_hosts"] == later["discovery.seed_hosts"] == ["127.0.0.1:2", "127.0.0.1:4"]
    assert "cluster.initial_master_nodes" not in later
    assert "discovery.type" not in first | later


def test_ports_stay_the_same_while_they_are_free() -> None:
    mine = config.choose_ports(None, "seed")
    assert mine == config.choose_ports(None, "seed") == config.choose_ports(mine, "another seed")
    assert config.FIRST <= mine.http < config.LAST
    assert mine.http != mine.transport


def test_a_taken_port_is_replaced_and_the_other_kept() -> None:
    mine = config.choose_ports(None, "seed")
    chosen = config.choose_ports(mine, "seed", {mine.http})
    assert chosen.http != mine.http
    assert chosen.transport == mine.transport
    with socket.create_server((LOOPBACK, mine.transport)):
        assert not config.is_free(mine.transport)
        chosen = config.choose_ports(mine, "seed")
    assert (chosen.http, chosen.transport == mine.transport) == (mine.http, False)
    with pytest.raises(LinernotesError, match="No port between"):
        config.choose_ports(None, "seed", range(config.FIRST, config.LAST))
