"""What can be wrong with the cluster itself: version, licence, disks, heap, blocks, shards, clock, open doors."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.cluster.lease import LEASE_S
from linernotes.doctor.finding import ERROR, NOTE, WARNING, Finding
from linernotes.doctor.snapshot import DENIED, Snapshot, Waiting, unassigned
from linernotes.node.releases import RELEASES

TESTED = frozenset(".".join(version.split(".")[:2]) for version in RELEASES)
OLDEST_MAJOR = 8
"""The client library speaks to the servers of its own major version, and to newer ones in its own dialect."""

DAY_MS = 86_400_000.0
LICENCE_ENDS_SOON_DAYS = 30

HEAP_FULL_PERCENT = 90
"""The parent circuit breaker refuses requests at 95 % (`indices.breaker.total.limit`)."""
LEAST_HEAP = 512 * 1024**2
"""768 MB is what a node of a local cluster gets; below 512 MB a load of 100,000 rows was throttled by breakers."""

SKEW_S = 5.0
SHARDS_FULL = 0.9
_BYTES = {"": 1, "b": 1, "kb": 1024, "mb": 1024**2, "gb": 1024**3, "tb": 1024**4, "pb": 1024**5}
_DISK = "cluster.routing.allocation.disk"

_STAGES = (
    ("flood_stage", "95%", ERROR, "Elasticsearch makes its indices read-only"),
    ("high", "90%", ERROR, "Elasticsearch moves shards away"),
    ("low", "85%", WARNING, "Elasticsearch puts no new shard there"),
)


def version(snapshot: Snapshot) -> Iterator[Finding]:
    """Is it a version that linernotes was tested with, and the same on all nodes?"""
    number = snapshot.version or "0"
    if int(number.split(".")[0]) < OLDEST_MAJOR:
        remedy = f"Use one of {', '.join(sorted(TESTED))}."
        yield Finding("version_old", ERROR, number, f"Elasticsearch is {number}.", remedy)
    elif ".".join(number.split(".")[:2]) not in TESTED:
        remedy = f"Nothing is to be done; tested are {', '.join(sorted(TESTED))}."
        yield Finding("version_untested", NOTE, number, f"linernotes was not tested with {number}.", remedy)
    versions = {name: node.get("version") for name, node in snapshot.nodes.items()}
    if len(set(versions.values())) > 1:
        told = ", ".join(f"{name} {one}" for name, one in sorted(versions.items()))
        yield Finding("versions_mixed", WARNING, "cluster", f"Its nodes differ: {told}.", "Finish the upgrade.")


def licence(snapshot: Snapshot) -> Iterator[Finding]:
    """Is the licence active, and will it be? Basic is enough for all that linernotes does."""
    body = snapshot.part("licence")["license"]
    kind, status = body["type"], body["status"]
    if status != "active":
        evidence = f"The {kind} licence is {status}: parts of Elasticsearch refuse to work."
        yield Finding("licence_inactive", ERROR, kind, evidence, "Go to basic, free: POST /_license/start_basic")
    ends = body.get("expiry_date_in_millis")
    if status == "active" and ends is not None:
        days = (ends - snapshot.asked_ms[1]) / DAY_MS
        severity = WARNING if days < LICENCE_ENDS_SOON_DAYS else NOTE
        remedy = "Renew it, or go to basic, which is enough: POST /_license/start_basic"
        yield Finding("licence_ends", severity, kind, f"The {kind} licence ends in {days:,.0f} days.", remedy)


def disks(snapshot: Snapshot) -> Iterator[Finding]:
    """Has each node's disk the room that Elasticsearch wants?"""
    settings = flat_settings(snapshot.part("settings"))
    if settings.get(f"{_DISK}.threshold_enabled") == "false":
        remedy = f'Switch it on: PUT /_cluster/settings {{"persistent": {{"{_DISK}.threshold_enabled": null}}}}'
        yield Finding("disk_unwatched", WARNING, "cluster", "Elasticsearch doesn't watch its disks.", remedy)
    for name, node in snapshot.nodes.items():
        total = node["stats"].get("fs", {}).get("total", {})
        if "available_in_bytes" in total:
            yield from _disk(name, total["available_in_bytes"], total["total_in_bytes"], settings)


def _disk(name: str, free: int, total: int, settings: Mapping[str, str]) -> Iterator[Finding]:
    for stage, usual, severity, what in _STAGES:
        value = settings.get(f"{_DISK}.watermark.{stage}", usual)
        room = settings.get(f"{_DISK}.watermark.{stage}.max_headroom") if value == usual else None
        wanted = least_free(value, total, room)
        if free < wanted:
            evidence = f"{_gb(free)} of {_gb(total)} are free; below {_gb(wanted)} ({stage}, {value}) {what}."
            remedy = "Free the disk (linernotes prune DATASET deletes old generations), or add a node."
            yield Finding(f"disk_{stage}", severity, name, evidence, remedy)
            return


def least_free(watermark: str, total: int, headroom: str | None = None) -> int:
    """Return the bytes that must stay free: a watermark is a share that may be used, or bytes that must be free.

    >>> least_free("90%", 1000), least_free("0.9", 1000), least_free("2kb", 1000), least_free("90%", 1000, "50b")
    (100, 100, 2048, 50)
    """
    text = watermark.strip().lower()
    if text.endswith("%") or re.fullmatch(r"0?\.\d+|1\.0*", text):
        share = float(text[:-1]) / 100 if text.endswith("%") else float(text)
        free = round(total * (1 - share))
        return min(free, _bytes(headroom)) if headroom else free
    return _bytes(text)


def _bytes(text: str) -> int:
    number, unit = re.fullmatch(r"([\d.]+)\s*([a-z]*)", text.strip().lower()).groups()  # type: ignore[union-attr]
    return round(float(number) * _BYTES[unit])


def _gb(count: float) -> str:
    return f"{count / 1e9:,.1f} GB"


def heap(snapshot: Snapshot) -> Iterator[Finding]:
    """Has each node the heap that it needs?"""
    for name, node in snapshot.nodes.items():
        memory, jvm = node["stats"].get("jvm", {}).get("mem", {}), node.get("jvm", {})
        used, most = memory.get("heap_used_percent", 0), memory.get("heap_max_in_bytes", LEAST_HEAP)
        if used >= HEAP_FULL_PERCENT:
            evidence = f"{used} % of {_gb(most)} heap are in use; from 95 % on requests are refused."
            yield Finding(
                "heap_full", WARNING, name, evidence, "Look again in a minute; if it stays, give it more heap."
            )
        if most < LEAST_HEAP:
            evidence = f"The heap is {most / 1e6:,.0f} MB."
            yield Finding(
                "heap_small", WARNING, name, evidence, "Give it 1 GB or more: linernotes node start --heap 1g"
            )
        if str(jvm.get("using_compressed_ordinary_object_pointers", "true")) == "false":
            evidence = (
                f"The heap of {_gb(most)} is too large for compressed pointers, and holds less than one of 30 GB."
            )
            yield Finding(
                "heap_large", WARNING, name, evidence, "Give it 30 GB or less, and leave the rest to the cache."
            )
        tripped = node["stats"].get("breakers", {}).get("parent", {}).get("tripped", 0)
        if tripped:
            evidence = f"Since its start it refused {tripped:,} requests for want of heap."
            yield Finding("heap_refused", NOTE, name, evidence, "Give it more heap, or load with fewer --workers.")


def blocks(snapshot: Snapshot) -> Iterator[Finding]:
    """Is the cluster writable, and free to place shards?"""
    settings = flat_settings(snapshot.part("settings"))
    for key in ("cluster.blocks.read_only", "cluster.blocks.read_only_allow_delete"):
        if settings.get(key) == "true":
            remedy = f'Lift it: PUT /_cluster/settings {{"persistent": {{"{key}": null}}}}'
            yield Finding("cluster_read_only", ERROR, "cluster", f"The whole cluster is read-only ({key}).", remedy)
    key = "cluster.routing.allocation.enable"
    if (value := settings.get(key, "all")) != "all":
        evidence = f"Shards are placed only so far: {key} is {value}, as it is for the time of a restart."
        remedy = f'Set it back: PUT /_cluster/settings {{"persistent": {{"{key}": null}}}}'
        yield Finding("allocation_off", WARNING, "cluster", evidence, remedy)
    yield from _shard_limit(snapshot, settings)


def _shard_limit(snapshot: Snapshot, settings: Mapping[str, str]) -> Iterator[Finding]:
    health = snapshot.parts.get("cluster", {})
    per_node = int(settings.get("cluster.max_shards_per_node", 1000))
    most = per_node * health.get("number_of_data_nodes", 0)
    there = health.get("active_shards", 0) + health.get("unassigned_shards", 0)
    if most and there >= SHARDS_FULL * most:
        evidence = f"{there:,} of at most {most:,} shards are there: soon no index can be made."
        yield Finding("shards_full", WARNING, "cluster", evidence, "Prune old generations, or add a node.")


def shards(snapshot: Snapshot) -> Iterator[Finding]:
    """Is each shard and each replica on a node?"""
    nodes = snapshot.part("health")["number_of_data_nodes"]
    waiting: dict[str, list[Waiting]] = {}
    for one in unassigned(snapshot.part("health")):
        waiting.setdefault(one.index, []).append(one)
    for name, ones in waiting.items():
        why = f" Elasticsearch says: {snapshot.explained.rstrip('.')}." if snapshot.explained else ""
        if any(one.primary for one in ones):
            evidence = f"{len(ones)} shards of it are on no node.{why}"
            remedy = "Bring back the node that held them; without one: load the data set again."
            yield Finding("shard_lost", ERROR, name, evidence, remedy)
        else:
            copies = sum(one.copies for one in ones)
            evidence = f"{copies} replicas can't be placed on {nodes} data nodes.{why}"
            remedy = f'Add a node, or ask for fewer: PUT /{name}/_settings {{"index.number_of_replicas": {nodes - 1}}}'
            yield Finding("replica_unplaced", WARNING, name, evidence, remedy)


def clock(snapshot: Snapshot) -> Iterator[Finding]:
    """Do the nodes' clocks agree with this machine's?"""
    before, after = snapshot.asked_ms
    for name, node in snapshot.nodes.items():
        told = node["stats"].get("timestamp")
        if told is None:
            continue
        skew = (max(before - told, told - after, 0.0)) / 1000
        if skew > SKEW_S:
            way = "ahead of" if told > after else "behind"
            severity = ERROR if skew >= LEASE_S else WARNING
            evidence = (
                f"Its clock is {skew:,.0f} s {way} this machine's: the history is out of order, leases misjudged."
            )
            yield Finding("clock_skew", severity, name, evidence, "Set both by NTP: timedatectl set-ntp true")


def doors(snapshot: Snapshot) -> Iterator[Finding]:
    """Can only those write who shall?"""
    asked = snapshot.lacks("me")
    if asked is None or asked.kind == DENIED:
        return
    for name, node in snapshot.nodes.items():
        address = str(node.get("http", {}).get("publish_address", ""))
        if address and not _is_loopback(address):
            evidence = f"It answers at {address} without asking who it is: whoever reaches it can delete everything."
            remedy = "Bind it to 127.0.0.1, or switch security on: linernotes node start --secure"
            yield Finding("open_to_all", ERROR, name, evidence, remedy)


def _is_loopback(address: str) -> bool:
    host = address.rsplit("/", 1)[-1].rsplit(":", 1)[0].strip("[]")
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def flat_settings(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the settings in force: transient ones over persistent ones over defaults.

    >>> flat_settings({"defaults": {"a": "1", "b": "1"}, "persistent": {"a": "2"}, "transient": {}})
    {'a': '2', 'b': '1'}
    """
    layers = (body.get(layer, {}) for layer in ("defaults", "persistent", "transient"))
    return {key: str(value) for layer in layers for key, value in layer.items()}
