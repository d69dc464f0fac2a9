"""Faults, planted one by one on a real Elasticsearch: `doctor` finds each, and nothing where there is none."""

import time
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from indexer.cluster.lease import LOAD, UPDATE, Lease
from indexer.cluster.ledger import BUILDING, Ledger
from linernotes.doctor.checks import CHECKS, diagnose, unreachable
from linernotes.doctor.finding import ERROR, FOUND, UNKNOWN, WARNING, Finding
from linernotes.doctor.snapshot import ABSENT, DENIED, SILENT, SURVEYS, Missing, Snapshot, gather
from mappings.index_names import Generation, alias, history, locks
from mappings.index_names import ledger as ledger_index
from tests.indexer.test_generations import begun, build
from tests.indexer.test_lease import elsewhere, here

DATASET = "made"
Plant = Callable[[Elasticsearch, str, str], object]

NODE_CHECKS = frozenset({"version", "licence", "health", "disks", "heap", "clock", "access", "blocks"})
"""These judge the machine that the tests run on, which may be short of something indeed."""


def found(client: Elasticsearch, prefix: str) -> dict[str, Finding]:
    """Return what is wrong with our own data: kind to finding."""
    done = diagnose(gather(client, prefix, "here"))
    return {finding.kind: finding for check, finding in done.findings if check not in NODE_CHECKS}


def index_of(prefix: str, number: int = 1) -> str:
    return Generation(prefix, DATASET, number).index


def dead_lock(client: Elasticsearch, prefix: str, index: str) -> None:
    elsewhere(client, prefix, 5, **here())


def silent(client: Elasticsearch, prefix: str, index: str) -> None:
    elsewhere(client, prefix, 30)


def half_a_load(client: Elasticsearch, prefix: str, index: str) -> None:
    begun(client, prefix, 2)


def gone(client: Elasticsearch, prefix: str, index: str) -> None:
    build(client, prefix, "b")
    client.indices.delete(index=index)


def foreign_mapping(client: Elasticsearch, prefix: str, index: str) -> None:
    properties = {"dataset": {"type": "keyword"}, "title": {"type": "keyword"}, "lyrics": {"type": "text"}}
    client.indices.create(index=index_of(prefix, 9), mappings={"properties": properties})


def old_mapping(client: Elasticsearch, prefix: str, index: str) -> None:
    meta = client.indices.get_mapping(index=index)[index]["mappings"]["_meta"]
    client.indices.put_mapping(index=index, meta=meta | {"mapping": "0123456789abcdef"})


def filtered(client: Elasticsearch, prefix: str, index: str) -> None:
    client.indices.put_alias(index=index, name=alias(prefix, DATASET), filter={"ids": {"values": [f"{DATASET}:1"]}})


def astray(client: Elasticsearch, prefix: str, index: str) -> None:
    client.indices.create(index=f"{prefix}-diary", aliases={alias(prefix): {}})


def two_generations(client: Elasticsearch, prefix: str, index: str) -> None:
    build(client, prefix, "b")
    client.indices.put_alias(index=index, name=alias(prefix, DATASET))


def lost_document(client: Elasticsearch, prefix: str, index: str) -> None:
    client.delete_by_query(index=index, query={"match_all": {}}, max_docs=1, refresh=True)


def settings(**given: object) -> Plant:
    return lambda client, prefix, index: client.indices.put_settings(index=index, settings={"index": given})


FAULTS: dict[str, tuple[Plant, str]] = {
    "name_taken": (lambda c, p, i: c.indices.create(index=alias(p, "free-music-archive")), ERROR),
    "closed": (lambda c, p, i: c.indices.close(index=i), ERROR),
    "read_only": (settings(blocks={"read_only_allow_delete": True}), ERROR),
    "alias_on_two": (two_generations, ERROR),
    "alias_missing": (lambda c, p, i: c.indices.delete_alias(index=i, name="*"), ERROR),
    "aliases_differ": (lambda c, p, i: c.indices.delete_alias(index=i, name=p), ERROR),
    "alias_narrowed": (filtered, ERROR),
    "alias_astray": (astray, ERROR),
    "lock_of_the_dead": (dead_lock, WARNING),
    "holder_silent": (silent, WARNING),
    "builder_dead": (half_a_load, WARNING),
    "generation_gone": (gone, WARNING),
    "orphan": (foreign_mapping, WARNING),
    "mapping_foreign": (foreign_mapping, ERROR),
    "mapping_old": (old_mapping, WARNING),
    "documents_differ": (lost_document, ERROR),
    "load_settings": (settings(refresh_interval="-1"), WARNING),
    "replica_unplaced": (settings(number_of_replicas=3), WARNING),
    "book_missing": (lambda c, p, i: c.indices.delete(index=history(p)), ERROR),
    "book_closed": (lambda c, p, i: c.indices.close(index=ledger_index(p)), ERROR),
    "unsurveyed": (lambda c, p, i: c.indices.close(index=locks(p)), ERROR),
}


def test_nothing_is_found_where_nothing_is_wrong(client: Elasticsearch, prefix: str) -> None:
    assert found(client, prefix) == {}
    build(client, prefix)
    build(client, prefix, "b")
    assert found(client, prefix) == {}


TOGETHER = (
    (
        "mapping_old",
        "documents_differ",
        "alias_narrowed",
        "aliases_differ",
        "lock_of_the_dead",
        "load_settings",
        "replica_unplaced",
        "read_only",
    ),
    ("alias_missing", "name_taken", "book_missing", "alias_astray"),
    ("alias_on_two",),
    ("closed", "orphan"),
    ("mapping_foreign",),
    ("builder_dead",),
    ("generation_gone", "holder_silent"),
    ("book_closed",),
    ("unsurveyed",),
)
"""Faults of one index that don't hide each other: a generation is built for each group, which is what takes time."""


@pytest.mark.parametrize("kinds", TOGETHER, ids=lambda kinds: kinds[0])
def test_planted_faults_are_found(client: Elasticsearch, prefix: str, kinds: tuple[str, ...]) -> None:
    index = build(client, prefix).generation
    for kind in kinds:
        FAULTS[kind][0](client, prefix, index)
    after = found(client, prefix)
    assert set(kinds) <= after.keys()
    for kind in kinds:
        assert after[kind].severity == FAULTS[kind][1]
        assert len(after[kind].evidence) > 20
        assert len(after[kind].remedy) > 10


def test_each_fault_is_planted() -> None:
    assert sorted(kind for kinds in TOGETHER for kind in kinds) == sorted(FAULTS)


def test_the_evidence_is_what_was_seen(client: Elasticsearch, prefix: str) -> None:
    index = build(client, prefix).generation
    client.indices.put_settings(index=index, settings={"index": {"number_of_replicas": 3}})
    lost_document(client, prefix, index)
    after = found(client, prefix)
    assert (after["replica_unplaced"].subject, after["documents_differ"].subject) == (index, index)
    assert "not enough nodes in the cluster" in after["replica_unplaced"].evidence
    assert "56 documents, and 57 were recorded" in after["documents_differ"].evidence
    nodes = client.cluster.health()["number_of_data_nodes"]
    assert f'"index.number_of_replicas": {nodes - 1}' in after["replica_unplaced"].remedy


def test_a_living_load_is_no_fault(client: Elasticsearch, prefix: str) -> None:
    """A lock whose holder lives, and whose process is this one."""
    from indexer.cluster import lease

    build(client, prefix)
    with lease.hold(client, prefix, DATASET, UPDATE):
        assert found(client, prefix) == {}


def changed(snapshot: Snapshot, part: str, **values: object) -> Snapshot:
    return replace(snapshot, parts={**snapshot.parts, part: {**snapshot.part(part), **values}})


def told(snapshot: Snapshot) -> dict[str, str]:
    return {finding.kind: finding.severity for _, finding in diagnose(snapshot).findings}


@pytest.fixture(scope="module")
def snapshot(client: Elasticsearch) -> Snapshot:
    return gather(client, f"t{uuid.uuid4().hex[:10]}", "here")


@pytest.mark.parametrize(("stage", "severity"), [("flood_stage", ERROR), ("high", ERROR), ("low", WARNING)])
def test_a_disk_below_a_watermark(snapshot: Snapshot, stage: str, severity: str) -> None:
    (node,) = [node for node in snapshot.nodes.values() if node["stats"]][:1]
    (disk,) = node["stats"]["fs"]["data"]
    free, fields = disk["available_in_bytes"], ("low_watermark", "high_watermark", "flood_stage")
    limits = {f"{one}_free_space_in_bytes": 1 for one in fields}
    assert disk.keys() >= limits.keys(), "Elasticsearch tells where its watermarks are"
    for one in fields:
        limits[f"{one}_free_space_in_bytes"] = free + 1
        if one.startswith(stage):
            break
    full = node_with(snapshot, facts={}, stats={"fs": {"data": [disk | limits]}})
    assert told(full)[f"disk_{stage}"] == severity


@pytest.mark.parametrize(("seconds", "severity"), [(20.0, WARNING), (-20.0, WARNING), (90.0, ERROR)])
def test_a_clock_that_is_wrong(client: Elasticsearch, prefix: str, seconds: float, severity: str) -> None:
    skewed = gather(client, prefix, "here", clock=lambda: time.time() + seconds)
    assert told(skewed)["clock_skew"] == severity
    way = "behind" if seconds > 0 else "ahead of"
    assert any(way in finding.evidence for _, finding in diagnose(skewed).findings if finding.kind == "clock_skew")


def test_cluster_wide_faults(snapshot: Snapshot) -> None:
    keys = {
        "cluster.blocks.read_only": "true",
        "cluster.routing.allocation.enable": "primaries",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    seen = told(changed(snapshot, "settings", transient=keys))
    assert {"cluster_read_only", "allocation_off", "disk_unwatched"} <= seen.keys()


def _report(client: Elasticsearch, indicator: str) -> dict[str, Any]:
    """Return the health report once an indicator is no longer green; it learns of settings a moment later."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        report: dict[str, Any] = client.health_report().body
        if report["indicators"][indicator]["status"] != "green":
            return report
        time.sleep(0.1)
    raise AssertionError(f"{indicator} stays green")


def test_what_elasticsearch_reports_of_its_own_health(client: Elasticsearch, snapshot: Snapshot) -> None:
    """So few shards are allowed that the node is nearly full."""
    client.cluster.put_settings(persistent={"cluster.max_shards_per_node": 1})
    try:
        full = replace(snapshot, parts={**snapshot.parts, "report": _report(client, "shards_capacity")})
    finally:
        client.cluster.put_settings(persistent={"cluster.max_shards_per_node": None})
    (one,) = [finding for _, finding in diagnose(full).findings if finding.kind == "shards_full"]
    assert one.severity == ERROR
    assert "max_shards_per_node" in one.evidence + one.remedy or "room" in one.evidence


def test_a_master_that_changes(snapshot: Snapshot) -> None:
    indicator = {"status": "yellow", "symptom": "The elected master node has changed 4 times in the last 30m."}
    seen = told(changed(snapshot, "report", indicators={"master_is_stable": indicator}))
    assert seen["master_is_stable"] == WARNING


@pytest.mark.parametrize(
    ("body", "kind", "severity"),
    [
        ({"type": "trial", "status": "expired"}, "licence_inactive", ERROR),
        ({"type": "trial", "status": "active", "expiry_date_in_millis": 0}, "licence_ends", WARNING),
        ({"type": "gold", "status": "active", "expiry_date_in_millis": 4e12}, "licence_ends", "note"),
    ],
)
def test_a_licence_that_ends(snapshot: Snapshot, body: dict[str, object], kind: str, severity: str) -> None:
    assert told(changed(snapshot, "licence", license=body))[kind] == severity


@pytest.mark.parametrize(("number", "kind"), [("7.17.9", "version_old"), ("8.1.0", "version_untested")])
def test_a_version_that_is_not_ours(snapshot: Snapshot, number: str, kind: str) -> None:
    assert kind in told(replace(snapshot, info={"version": {"number": number}}))


def node_with(snapshot: Snapshot, *, facts: dict[str, object], stats: dict[str, object]) -> Snapshot:
    (one,) = list(snapshot.part("nodes")["nodes"])[:1]
    nodes = {one: {**snapshot.part("nodes")["nodes"][one], **facts}}
    measured = {one: {**snapshot.part("stats")["nodes"][one], **stats}}
    return changed(changed(snapshot, "nodes", nodes=nodes), "stats", nodes=measured)


def test_a_heap_that_is_full_small_or_too_large(snapshot: Snapshot) -> None:
    memory = {"heap_used_percent": 97, "heap_max_in_bytes": 256 * 1024**2}
    pointers = {"using_compressed_ordinary_object_pointers": "false"}
    seen = told(node_with(snapshot, facts={"jvm": pointers}, stats={"jvm": {"mem": memory}}))
    assert {"heap_full", "heap_small", "heap_large"} <= seen.keys()


@pytest.mark.parametrize(
    ("address", "there"), [("192.0.2.7:9200", True), ("es/192.0.2.7:9200", True), ("[::1]:9200", False)]
)
def test_a_door_that_is_open(snapshot: Snapshot, address: str, there: bool) -> None:
    parts = {name: part for name, part in snapshot.parts.items() if name != "me"}
    unguarded = replace(snapshot, parts=parts, missing={**snapshot.missing, "me": Missing(ABSENT, "500 off")})
    seen = told(node_with(unguarded, facts={"http": {"publish_address": address}}, stats={}))
    assert ("open_to_all" in seen) is there


def test_what_may_not_be_asked_is_unknown_and_nothing_else_suffers(snapshot: Snapshot) -> None:
    hidden = [*snapshot.parts, *snapshot.missing, SURVEYS]
    done = diagnose(replace(snapshot, parts={}, missing=dict.fromkeys(hidden, Missing(DENIED, "not allowed"))))
    states = {check.name: check for check in done.checks}
    assert states["disks"].state == UNKNOWN
    assert str(states["disks"].unknown).startswith("not allowed: ")
    assert states["version"].state != UNKNOWN
    findings = [finding for _, finding in done.findings]
    assert {(finding.kind, finding.severity) for finding in findings} == {("not_allowed", UNKNOWN)}
    assert len({finding.subject for finding in findings}) == len(findings), "each is told once"
    assert done.well, "not to be allowed to look is no fault of the system"
    unchecked = ", ".join(finding.evidence for finding in findings)
    assert all(check.name in unchecked for check in done.checks if check.state == UNKNOWN)


def test_a_question_that_is_not_answered_is_a_fault(snapshot: Snapshot) -> None:
    parts = {name: part for name, part in snapshot.parts.items() if name != "stats"}
    slow = replace(snapshot, parts=parts, missing={**snapshot.missing, "stats": Missing(SILENT, "no answer (late)")})
    (one,) = [finding for _, finding in diagnose(slow).findings if finding.kind == "unanswered"]
    assert one.severity == WARNING
    assert "no answer (late)" in one.evidence
    assert not diagnose(slow).well


def test_nobody_answers() -> None:
    done = unreachable("http://here", "No answer.", "Start it.")
    assert (done.well, done.checks[0].state) == (False, FOUND)
    assert {check.state for check in done.checks[1:]} == {UNKNOWN}
    assert len(done.checks) == len(CHECKS) + 1


def test_a_builder_that_lives_is_no_fault(client: Elasticsearch, prefix: str) -> None:
    generation = begun(client, prefix)
    loader = Lease(client, prefix, DATASET, LOAD, generation=generation.index)
    loader.take()
    assert found(client, prefix) == {}
    loader.release()
    assert found(client, prefix).keys() == {"builder_dead"}
    assert Ledger(client, prefix).loads(DATASET)[0].state == BUILDING
