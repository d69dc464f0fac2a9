"""What Elasticsearch is told."""

import json
from pathlib import Path

import pytest

from linernotes.node import config
from linernotes.node.config import Ports
from linernotes.node.java import Jdk
from mappings.errors import InputError

HERE = config.of(Path("/srv/a home"))
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
    assert table["cluster.name"] != config.settings(config.of(Path("/other")), Ports(1, 2), ())["cluster.name"]
    assert table["xpack.security.enabled"] is False
    assert settings(secure=True)["xpack.security.enabled"] is True


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
