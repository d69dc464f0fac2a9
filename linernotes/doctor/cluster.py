"""Checks of the cluster itself: version, licence, health report, disks, heap, blocks, shards, clock, access."""

import ipaddress
from collections.abc import Iterator, Mapping
from typing import Any

from indexer.cluster.lease import LEASE_S
from linernotes.doctor.finding import ERROR, NOTE, WARNING, Finding
from linernotes.doctor.snapshot import DENIED, Snapshot
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
_WATERMARKS = (
    ("flood_stage", "flood_stage", ERROR, "Elasticsearch makes its indices read-only"),
    ("high", "high_watermark", ERROR, "Elasticsearch moves shards away"),
    ("low", "low_watermark", WARNING, "Elasticsearch puts no new shard there"),
)
"""Name, prefix of the field in a node's statistics, severity and effect; the gravest first."""

_READ_ONLY = "The whole cluster is read-only ({key})."
_NO_ALLOCATION = "Not all shards may be placed: {key} is {value}, as during a restart."
_UNWATCHED = "Elasticsearch doesn't watch its disks."
_SETTINGS = (
    ("cluster_read_only", ERROR, "cluster.blocks.read_only", "false", _READ_ONLY),
    ("cluster_read_only", ERROR, "cluster.blocks.read_only_allow_delete", "false", _READ_ONLY),
    ("allocation_off", WARNING, "cluster.routing.allocation.enable", "all", _NO_ALLOCATION),
    ("disk_unwatched", WARNING, "cluster.routing.allocation.disk.threshold_enabled", "true", _UNWATCHED),
)
"""Kind, severity, setting of the cluster, its usual value, and what another value means."""

_SEVERITIES = {"red": ERROR, "yellow": WARNING}
_KINDS = {"shards_capacity": "shards_full"}
_JUDGED_HERE = ("disk", "shards_availability")
"""Indicators of the health report that say less than the node statistics and the health of each index do."""


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
        differing = ", ".join(f"{name} {one}" for name, one in sorted(versions.items()))
        yield Finding("versions_mixed", WARNING, "cluster", f"Its nodes differ: {differing}.", "Finish the upgrade.")


def licence(snapshot: Snapshot) -> Iterator[Finding]:
    """Is the licence active, and will it be? Basic is enough for all that linernotes does."""
    body = snapshot.part("licence")["license"]
    kind, status = body["type"], body["status"]
    if status != "active":
        evidence = f"The {kind} licence is {status}: parts of Elasticsearch refuse to work."
        yield Finding("licence_inactive", ERROR, kind, evidence, "Go to basic, free: POST /_license/start_basic")
    ends = body.get("expiry_date_in_millis")
    if status == "active" and ends is not None:
        days = (ends - snapshot.clock_ms[1]) / DAY_MS
        severity = WARNING if days < LICENCE_ENDS_SOON_DAYS else NOTE
        remedy = "Renew it, or go to basic, which is enough: POST /_license/start_basic"
        yield Finding("licence_ends", severity, kind, f"The {kind} licence ends in {days:,.0f} days.", remedy)


def health(snapshot: Snapshot) -> Iterator[Finding]:
    """Is the health report of Elasticsearch clear: on the master, room for shards, snapshots?"""
    for name, indicator in snapshot.part("report")["indicators"].items():
        severity = _SEVERITIES.get(indicator["status"])
        if severity is None or name in _JUDGED_HERE:
            continue
        for diagnosis in indicator.get("diagnosis") or [{}]:
            evidence = f"{indicator['symptom']} {diagnosis.get('cause', '')}".strip()
            remedy = diagnosis.get("action") or "Look into the log: linernotes node logs"
            yield Finding(_KINDS.get(name, name), severity, "cluster", evidence, remedy)


def disks(snapshot: Snapshot) -> Iterator[Finding]:
    """Is there enough room on each node's disk?"""
    for name, node in snapshot.nodes.items():
        for disk in node["stats"].get("fs", {}).get("data", ()):
            yield from _disk(name, disk)


def _disk(name: str, disk: Mapping[str, Any]) -> Iterator[Finding]:
    free, total = disk.get("available_in_bytes", 0), disk.get("total_in_bytes", 0)
    for stage, field, severity, effect in _WATERMARKS:
        limit = disk.get(f"{field}_free_space_in_bytes")
        if limit is not None and free < limit:
            evidence = f"{_gb(free)} of {_gb(total)} are free; below {_gb(limit)} ({stage}) {effect}."
            remedy = "Free the disk (linernotes prune DATASET deletes old generations), or add a node."
            yield Finding(f"disk_{stage}", severity, name, evidence, remedy)
            return


def _gb(count: float) -> str:
    return f"{count / 1e9:,.1f} GB"


def heap(snapshot: Snapshot) -> Iterator[Finding]:
    """Is each node's heap of the right size?"""
    for name, node in snapshot.nodes.items():
        memory = node["stats"].get("jvm", {}).get("mem", {})
        used, most = memory.get("heap_used_percent", 0), memory.get("heap_max_in_bytes", LEAST_HEAP)
        if used >= HEAP_FULL_PERCENT:
            evidence = f"{used} % of {_gb(most)} heap are in use; from 95 % on requests are refused."
            remedy = "Look again in a minute; if it stays, give it more heap."
            yield Finding("heap_full", WARNING, name, evidence, remedy)
        if most < LEAST_HEAP:
            remedy = "Give it 1 GB or more: linernotes node start --heap 1g"
            yield Finding("heap_small", WARNING, name, f"The heap is {most / 1e6:,.0f} MB.", remedy)
        if str(node.get("jvm", {}).get("using_compressed_ordinary_object_pointers", "true")) == "false":
            evidence = f"The heap of {_gb(most)} is too large for compressed pointers, and has less room than 30 GB."
            remedy = "Give it 30 GB or less, and leave the rest to the cache."
            yield Finding("heap_large", WARNING, name, evidence, remedy)
        if tripped := node["stats"].get("breakers", {}).get("parent", {}).get("tripped", 0):
            evidence = f"Since its start it refused {tripped:,} requests for lack of heap."
            yield Finding("heap_refused", NOTE, name, evidence, "Give it more heap, or load with fewer --workers.")


def blocks(snapshot: Snapshot) -> Iterator[Finding]:
    """Is the cluster writable, and free to place shards?"""
    settings = flat_settings(snapshot.part("settings"))
    for kind, severity, key, usual, evidence in _SETTINGS:
        if (value := settings.get(key, usual)) != usual:
            remedy = f'Reset it: PUT /_cluster/settings {{"persistent": {{"{key}": null}}}}'
            yield Finding(kind, severity, "cluster", evidence.format(key=key, value=value), remedy)


def shards(snapshot: Snapshot) -> Iterator[Finding]:
    """Is each shard and each replica on a node?"""
    health = snapshot.part("health")
    nodes, causes = health["number_of_data_nodes"], _causes(snapshot)
    for name, index in sorted(health.get("indices", {}).items()):
        count, cause = index["unassigned_shards"], causes.get(name, "")
        if count and index["status"] == "red":
            remedy = "Bring back the node that held them; without one: load the data set again."
            yield Finding("shard_lost", ERROR, name, f"{count} shards of it are on no node.{cause}", remedy)
        elif count:
            evidence = f"{count} replicas can't be placed on {nodes} data nodes.{cause}"
            remedy = f'Add a node, or ask for fewer: PUT /{name}/_settings {{"index.number_of_replicas": {nodes - 1}}}'
            yield Finding("replica_unplaced", WARNING, name, evidence, remedy)


def _causes(snapshot: Snapshot) -> dict[str, str]:
    """Return why shards of an index are on no node, as the health report says, where it could be read."""
    indicator = snapshot.parts.get("report", {}).get("indicators", {}).get("shards_availability", {})
    return {
        index: f" Elasticsearch says: {diagnosis['cause']}"
        for diagnosis in indicator.get("diagnosis", ())
        for index in diagnosis.get("affected_resources", {}).get("indices", ())
    }


def clock(snapshot: Snapshot) -> Iterator[Finding]:
    """Do the nodes' clocks agree with this machine's?"""
    before, after = snapshot.clock_ms
    for name, node in snapshot.nodes.items():
        time = node["stats"].get("timestamp")
        if time is None:
            continue
        skew = max(before - time, time - after, 0.0) / 1000
        if skew > SKEW_S:
            direction = "ahead of" if time > after else "behind"
            severity = ERROR if skew >= LEASE_S else WARNING
            evidence = (
                f"Its clock is {skew:,.0f} s {direction} this machine's: the history is out of order, leases misjudged."
            )
            yield Finding("clock_skew", severity, name, evidence, "Set both by NTP: timedatectl set-ntp true")


def access(snapshot: Snapshot) -> Iterator[Finding]:
    """Is the cluster closed to anonymous users?"""
    lack = snapshot.lacks("me")
    if lack is None or lack.kind == DENIED:
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
