"""What a node is started with: elasticsearch.yml, JVM options, command line, environment, ports."""

import json
import re
import socket
import zlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from linernotes.node.java import Jdk
from linernotes.node.releases import CURRENT, Release
from linernotes.node.state import LOOPBACK, Layout
from mappings.errors import InputError, LinernotesError

Setting = str | int | bool | list[str]

# A setting of a module that isn't there keeps Elasticsearch from starting, so each is bound to its module.
OF_MODULES: dict[str, dict[str, Setting]] = {
    "ingest-geoip": {"ingest.geoip.downloader.enabled": False},
    "x-pack-ml": {"xpack.ml.enabled": False},
    "x-pack-deprecation": {"cluster.deprecation_indexing.enabled": False},
}

# Free room, not per cents: the default stops new indices at 85 % full, when a laptop with a 1 TB disk has
# 150 GB left. An index of 12 million tracks takes 3 GB, and merging needs up to the size of its largest segments.
NO_NEW_INDEX = 2 << 30
NO_RECORD = 1 << 30
WATERMARKS: dict[str, Setting] = {
    "cluster.routing.allocation.disk.watermark.low": f"{NO_NEW_INDEX}b",
    "cluster.routing.allocation.disk.watermark.high": f"{NO_NEW_INDEX}b",
    "cluster.routing.allocation.disk.watermark.flood_stage": f"{NO_RECORD}b",
}

# Both channels speak TLS with the home's own authority, and a node must show a certificate of it to join. There is no
# enrolment of others (`autoconfiguration`): access is given by `linernotes keys`.
SECURITY: dict[str, Setting] = {
    "xpack.security.autoconfiguration.enabled": False,
    "xpack.security.http.ssl.enabled": True,
    "xpack.security.http.ssl.key": "node.key",
    "xpack.security.http.ssl.certificate": "node.crt",
    "xpack.security.http.ssl.certificate_authorities": ["ca.crt"],
    "xpack.security.transport.ssl.enabled": True,
    "xpack.security.transport.ssl.verification_mode": "full",
    "xpack.security.transport.ssl.client_authentication": "required",
    "xpack.security.transport.ssl.key": "node.key",
    "xpack.security.transport.ssl.certificate": "node.crt",
    "xpack.security.transport.ssl.certificate_authorities": ["ca.crt"],
}


@dataclass(frozen=True)
class Ports:
    """Where a node listens, on the loopback address."""

    http: int
    transport: int


@dataclass(frozen=True)
class Peers:
    """The nodes of one cluster: transport ports by name. `founding` while they have not yet met."""

    ports: Mapping[str, int]
    founding: bool


def settings(
    layout: Layout,
    ports: Ports,
    modules: Iterable[str],
    *,
    secure: bool = False,
    peers: Peers | None = None,
    snapshots: str = "",
) -> dict[str, Setting]:
    """Return elasticsearch.yml as a table; without peers for a node that is a cluster by itself.

    `snapshots` is a folder below which Elasticsearch may have snapshot repositories; without one nowhere.
    """
    table: dict[str, Setting] = {
        "cluster.name": layout.cluster,
        "node.name": layout.name,
        "node.roles": ["master", "data", "ingest"],
        "path.data": str(layout.data),
        "path.logs": str(layout.logs),
        "network.host": LOOPBACK,
        "http.port": ports.http,
        "transport.port": ports.transport,
        "xpack.security.enabled": secure,
    }
    if peers is None:
        table["discovery.type"] = "single-node"
    else:
        table["discovery.seed_hosts"] = [f"{LOOPBACK}:{port}" for port in peers.ports.values()]
        if peers.founding:  # named only once: a second time they could split in two
            table["cluster.initial_master_nodes"] = list(peers.ports)
    if snapshots:
        table["path.repo"] = [snapshots]
    table |= (SECURITY if secure else {}) | WATERMARKS
    for module in sorted(set(modules) & OF_MODULES.keys()):
        table |= OF_MODULES[module]
    return table


def as_yaml(table: Mapping[str, Setting]) -> str:
    r"""Write a flat table as YAML: JSON values are YAML too, whatever a path has in it.

    >>> as_yaml({"path.data": "/a: b", "http.port": 1})
    'path.data: "/a: b"\nhttp.port: 1\n'
    """
    return "".join(f"{name}: {json.dumps(value)}\n" for name, value in table.items())


VECTOR = "jdk.incubator.vector"
GC_LOG = "-Xlog:gc*,gc+age=trace,safepoint:file=gc.log:utctime,level,pid,tags:filecount=2,filesize=8m"


def jvm_options(shipped: str, jdk: Jdk) -> str:
    """Return the distribution's own jvm.options, fitted to this JDK.

    The garbage collector's log is kept short (2 files of 8 MB instead of 32 of 64), and the vector module is
    left out where the JDK says that it hasn't got it, since Java doesn't start with an unknown module.
    """
    text = re.sub(r"^-Xlog:gc.*$", GC_LOG, shipped, flags=re.MULTILINE)
    if jdk.modules is not None and VECTOR not in jdk.modules:
        text = re.sub(rf"^.*--add-modules={re.escape(VECTOR)}\s*$\n?", "", text, flags=re.MULTILINE)
    return text


def own_options(layout: Layout, heap: int) -> str:
    """Return the node's own JVM options: the heap, no dump of it when it overflows (gigabytes), and the node's mark."""
    return f"-Xms{heap}\n-Xmx{heap}\n-XX:-HeapDumpOnOutOfMemoryError\n{layout.mark}\n"


def log_options(shipped: str) -> str:
    """Return the distribution's own log4j2.properties, with logs of 16 MB and 64 MB in all instead of 2 GB."""
    return shipped.replace("= 128MB", "= 16MB").replace("= 2GB", "= 64MB")


UNITS = {"k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
# The smallest tried: it started and took 120,000 small records from three senders. Facets over many want more.
SMALLEST_HEAP = 64 << 20


def parse_heap(text: str) -> int:
    """Return a heap like `1g`, `512m` in bytes. Raises `InputError`.

    >>> parse_heap("512m")
    536870912
    """
    match = re.fullmatch(r"(\d+)([kmg])b?", text.strip().lower())
    if not match:
        raise InputError(f"--heap {text!r} is not a size.", "Write it like 512m or 2g.")
    size = int(match[1]) * UNITS[match[2]]
    if size < SMALLEST_HEAP:
        raise InputError(f"--heap {text} is too small for Elasticsearch.", "Give it 256m or more.")
    return size


# The class path is below the working directory, since a colon in the distribution's path would part it here.
CLI = ("-cp", "lib/*:lib/cli-launcher/*", "org.elasticsearch.launcher.CliToolLauncher")
SERVER = ("-cp", "lib/tools/server-launcher/*", "org.elasticsearch.server.launcher.ServerLauncher")


def start_command(distribution: Path, layout: Layout, jdk: Jdk, release: Release) -> list[str]:
    """Return the launcher's command line; `-d` lets the server live on alone once it answers."""
    if release.launcher == "server":
        return [*_java(jdk, layout), *SERVER, "-d"]
    tool = _tool("server", "bin/elasticsearch", "server-cli", distribution, layout)
    return [*_java(jdk, layout), *tool, *CLI, "-d"]


def keystore_command(distribution: Path, layout: Layout, jdk: Jdk) -> list[str]:
    """Return the command that makes a keystore with the password that it reads from standard input."""
    tool = _tool("keystore", "bin/elasticsearch-keystore", "keystore-cli", distribution, layout)
    return [*_java(jdk, layout), *tool, *CLI, "add", "--stdin", "--force", "bootstrap.password"]


def _java(jdk: Jdk, layout: Layout) -> list[str]:
    # Launchers write there too, and leave it: in the node's own folder it is gone with the next start.
    own_tmp = f"-Djava.io.tmpdir={layout.tmp}"
    return [str(jdk.home / "bin" / "java"), "-Xms4m", "-Xmx64m", "-XX:+UseSerialGC", own_tmp, layout.mark]


def _tool(name: str, script: str, libs: str, distribution: Path, layout: Layout) -> list[str]:
    return [
        f"-Dcli.name={name}",
        f"-Dcli.script={script}",
        f"-Dcli.libs=lib/tools/{libs}",
        f"-Des.path.home={distribution}",
        f"-Des.path.conf={layout.config}",
        "-Des.distribution.type=tar",
        "-Des.java.type=JAVA_HOME",
    ]


def environment(layout: Layout, jdk: Jdk, distribution: Path, release: Release = CURRENT) -> dict[str, str]:
    """Return all of the environment: nothing of the caller's, whose ES_JAVA_OPTS could undo what is set here."""
    table = {
        "ES_JAVA_HOME": str(jdk.home),
        "ES_TMPDIR": str(layout.tmp),
        "HOME": str(layout.folder),
        "LANG": "C.UTF-8",
        "PATH": "/usr/bin:/bin",
    }
    if release.launcher == "server":
        table |= {
            "JAVA": str(jdk.home / "bin" / "java"),
            "ES_HOME": str(distribution),
            "ES_PATH_CONF": str(layout.config),
            "ES_DISTRIBUTION_TYPE": "tar",
            "JAVA_TYPE": "ES_JAVA_HOME",
            "CLI_JAVA_OPTS": layout.mark,
        }
    return table


# Below 32768, where Linux takes the ports of outgoing connections from: one of those could take ours between two
# starts, or in the seconds between choosing a port and Elasticsearch's listening there.
FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Tell whether a port of the loopback address can be listened on."""
    with socket.socket() as probe:
        # As Elasticsearch does: a connection of the last run that is just timing out doesn't count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
        except OSError:
            return False
    return True


def choose_ports(before: Ports | None, seed: str, taken: Collection[int] = ()) -> Ports:
    """Return the ports from before where free, else the first free ones from a place that `seed` sets; none `taken`."""
    remembered = (before.http, before.transport) if before else (0, 0)
    reusable = [port if port not in taken and is_free(port) else 0 for port in remembered]
    unavailable = {*taken, *reusable}
    # Even numbers to begin with: two homes are then less likely to meet.
    begin = zlib.crc32(seed.encode()) % ((LAST - FIRST) // 2) * 2
    candidates = (FIRST + (begin + step) % (LAST - FIRST) for step in range(LAST - FIRST))
    others = (port for port in candidates if port not in unavailable and is_free(port))
    http, transport = (port or next(others, 0) for port in reusable)
    if not (http and transport):
        raise LinernotesError(f"No port between {FIRST} and {LAST} is free.", "End what occupies them.")
    return Ports(http, transport)
