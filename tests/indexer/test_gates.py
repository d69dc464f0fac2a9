"""Each gate is made to fail, one by one, and each stops the swap: the alias stays where it was."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pytest
from elasticsearch import Elasticsearch

from indexer.checks import GateError, Thresholds, index
from indexer.checks.gate import Candidate, Gate, IndexStats, change
from indexer.cluster import audit_log
from indexer.cluster.status import dataset_status
from indexer.load import load as loading
from indexer.load.load import LoadContext, LoadResult
from indexer.records import RawBatch, SourceFile, Totals, TrackBatch
from mappings.cards import CARDS
from mappings.index_names import Generation
from tests.indexer import made
from tests.indexer.test_load import DATASET, load

ROWS = 400


@dataclass(frozen=True)
class Changed(made.MadeSource):
    """The made tracks, but without a field, or with other ids."""

    without: str = ""
    shift: int = 0

    def normalise(self, raw: RawBatch, file: SourceFile) -> TrackBatch:
        batch = super().normalise(raw, file)
        other = {"source_id": (pl.col("source_id").cast(pl.Int64) + self.shift).cast(pl.String)}
        empty = {self.without: pl.lit(None, batch.tracks.schema[self.without])} if self.without else {}
        return replace(batch, tracks=batch.tracks.with_columns(**other, **empty))


Tamper = Callable[[Elasticsearch, Generation], Any]


def _delete_document(client: Elasticsearch, generation: Generation) -> None:
    client.delete(index=generation.index, id=f"{generation.dataset}:7", refresh=True)


def _delete_rejected(client: Elasticsearch, generation: Generation) -> None:
    query = {"bool": {"filter": [{"term": {"generation": generation.index}}, {"term": {"row": 100}}]}}
    client.delete_by_query(index=f"{generation.prefix}-rejected", query=query, refresh=True)


def _add_field(client: Elasticsearch, generation: Generation) -> None:
    client.indices.put_mapping(index=generation.index, properties={"surprise": {"type": "keyword"}})


def _change_documents(client: Elasticsearch, generation: Generation) -> None:
    client.update(index=generation.index, id=f"{generation.dataset}:8", doc={"title": "Another Title"}, refresh=True)


def _nothing(client: Elasticsearch, generation: Generation) -> None:
    pass


@pytest.mark.parametrize(
    ("name", "rows", "source", "tamper"),
    [
        ("totals", ROWS, Changed(), _delete_rejected),
        ("documents", ROWS, Changed(), _delete_document),
        ("change", ROWS // 2, Changed(), _nothing),
        ("change", ROWS, Changed(shift=ROWS // 2), _nothing),
        ("fill rates", ROWS, Changed(without="year"), _nothing),
        ("mapping", ROWS, Changed(), _add_field),
        ("sample", ROWS, Changed(), _change_documents),
    ],
)
def test_a_closed_gate_stops_the_swap(
    client: Elasticsearch,
    prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    rows: int,
    source: Any,
    tamper: Tamper,
) -> None:
    first = load(client, prefix, made.plan(made.MadeReader("a", ROWS, 150, damaged=100)))
    finish = loading._finish

    def tampered(context: LoadContext, generation: Generation) -> Any:
        client.indices.refresh(index=f"{prefix}-*")
        tamper(client, generation)
        return finish(context, generation)

    monkeypatch.setattr(loading, "_finish", tampered)
    with pytest.raises(GateError) as raised:
        load(client, prefix, made.plan(made.MadeReader("b", rows, 150, damaged=100), source=source))
    assert [gate.name for gate in raised.value.gates if not gate.passed] == [name], raised.value.gates
    assert list(client.indices.get_alias(name=prefix).body) == [first.generation]
    assert client.count(index=f"{prefix}-{DATASET}")["count"] == first.indexed
    states = [view.state for view in dataset_status(client, prefix, DATASET).views]
    assert states == ["current", "failed"]
    assert [event.event for event in audit_log.read(client, prefix, DATASET, 1)] == ["failed"]


def test_golden_queries_stop_the_swap(client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = "free-music-archive"
    monkeypatch.setattr(index, "CARDS", {dataset: replace(CARDS[dataset], rows=100)})
    with pytest.raises(GateError, match="not found: AWOL, Food; Kurt Vile, Freeway"):
        load(client, prefix, made.plan(made.MadeReader("a", 100, 50), source=made.MadeSource(dataset)))
    assert not client.indices.exists_alias(name=prefix)
    monkeypatch.setattr(index, "CARDS", {dataset: replace(CARDS[dataset], rows=1_000)})
    result = load(client, prefix, made.plan(made.MadeReader("a", 100, 50), source=made.MadeSource(dataset)))
    assert result.alias_moved  # a part of the data set need not have them, and the same generation is asked again
    assert result.generation.endswith("g000001")


def smaller(client: Elasticsearch, prefix: str, **options: Any) -> LoadResult:
    return load(client, prefix, made.plan(made.MadeReader("b", 100, 50)), **options)


def test_a_reason_forces_and_is_written_down(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.plan(made.MadeReader("a", ROWS, 150)))
    with pytest.raises(GateError, match="400 to 100 documents"):
        smaller(client, prefix)
    result = smaller(client, prefix, force="the release was cut")
    assert result.alias_moved
    assert result.generation.endswith("g000002")  # what was built is asked again, not built again
    assert result.resumed == 100
    meta = client.indices.get_mapping(index=result.generation)[result.generation]["mappings"]["_meta"]
    assert meta["forced"] == {"reason": "the release was cut", "gates": ["change"]}
    assert [event.event for event in audit_log.read(client, prefix, DATASET, 2)] == ["swapped", "forced"]


def test_a_wider_bound_lets_it_through(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.plan(made.MadeReader("a", ROWS, 150)))
    result = smaller(client, prefix, thresholds=replace(made.LENIENT, max_change=75))
    assert all(gate.passed for gate in result.gates)


def test_lost_records_cant_be_forced(client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = loading._finish

    def steal(context: LoadContext, generation: Generation) -> Any:
        client.indices.refresh(index=generation.index)
        _delete_document(client, generation)
        return finish(context, generation)

    monkeypatch.setattr(loading, "_finish", steal)
    with pytest.raises(GateError, match="does not add up"):
        load(client, prefix, made.plan(made.MadeReader("a", 100, 50)), force="I want it")
    assert not client.indices.exists_alias(name=prefix)


def test_what_is_known_to_be_a_part_may_grow_but_not_shrink(client: Elasticsearch, prefix: str) -> None:
    load(client, prefix, made.plan(made.MadeReader("a", 100, 50)), sample=True)
    grown = load(client, prefix, made.plan(made.MadeReader("b", ROWS, 150)), sample=True)
    assert next(gate for gate in grown.gates if gate.name == "change").seen.endswith("is a part (sample rows)")
    with pytest.raises(GateError, match="change"):
        smaller(client, prefix)


def test_a_sample_is_full_where_most_records_are_duplicates(client: Elasticsearch, prefix: str) -> None:
    source = made.MadeSource(across=1_100)  # rows 1,101 to 2,200 repeat the ids of the first 1,100
    result = load(client, prefix, made.plan(made.MadeReader("a", 2_200, 100), source=source))
    seen = next(gate for gate in result.gates if gate.name == "sample").seen
    assert 1_000 <= int(seen.split()[0].replace(",", "")) <= 1_100
    assert result.duplicates == 1_100


BEFORE = IndexStats(Generation("ln", DATASET, 1), 1_000, {}, ids=tuple("abc"))


@pytest.mark.parametrize(
    ("documents", "touched", "gone", "passed"),
    [
        (1_100, None, 0.0, True),
        (1_101, None, 0.0, False),
        (900, None, 10.0, True),
        (899, None, 10.0, False),
        (1_000, None, 10.1, False),
        (1_000, 100, 99.0, True),  # the exact difference counts, not the sample
        (1_000, 101, 0.0, False),
    ],
)
def test_the_bound_of_change(documents: int, touched: int | None, gone: float, passed: bool) -> None:
    candidate = Candidate(Generation("ln", DATASET, 2), Totals(), documents, 0, touched=touched)
    gate: Gate = change(candidate, BEFORE, gone, Thresholds(max_change=10.0))
    assert gate.passed is passed, gate


def test_too_many_rejected_records_stop_the_alias(client: Elasticsearch, prefix: str) -> None:
    plan = made.plan(made.MadeReader("a", ROWS, 150, damaged=20))
    with pytest.raises(GateError, match=r"rejected: 20 of 400 records \(5 %\).*--max-rejected N.*or with --force"):
        load(client, prefix, plan, thresholds=Thresholds())
    assert not client.indices.exists_alias(name=prefix)
    result = load(client, prefix, plan, thresholds=Thresholds(max_rejected=5))
    assert (result.alias_moved, result.rejected, result.resumed) == (True, 20, ROWS)


@pytest.mark.parametrize("more", [{"thresholds": made.LENIENT}, {"force": "an experiment"}])
def test_nothing_but_rejected_records_never_goes_live(client: Elasticsearch, prefix: str, more: dict[str, Any]) -> None:
    plan = made.plan(made.MadeReader("a", 50, 20, damaged=1))
    with pytest.raises(GateError, match=r"none: all of 50 records were rejected.*rejected list made") as problem:
        load(client, prefix, plan, **more)
    assert str(problem.value).count(". ") <= 3
    assert not client.indices.exists_alias(name=prefix)
