"""The ledger's documents say what they are of and of which data set; those of earlier versions are read as before."""

from typing import Any

from elasticsearch import Elasticsearch

from indexer.cluster.ledger import CHUNK, LOAD, SKETCH, Ledger
from indexer.cluster.rejects import MAPPING as REJECTED
from indexer.load.load import LoadResult
from indexer.maintenance.prune import prune_generations
from indexer.maintenance.rollback import roll_back
from indexer.records import ChunkId
from mappings.index_names import Generation
from mappings.index_names import ledger as ledger_index
from tests.indexer import made
from tests.indexer.test_load import DATASET, load

COUNTS = ("read", "indexed", "duplicates", "skipped", "rejected")


def documents(client: Elasticsearch, prefix: str) -> dict[str, dict[str, Any]]:
    client.indices.refresh(index=ledger_index(prefix))
    hits = client.search(index=ledger_index(prefix), size=1_000)["hits"]["hits"]
    return {hit["_id"]: hit["_source"] for hit in hits}


def build(client: Elasticsearch, prefix: str, file: str = "a") -> LoadResult:
    return load(client, prefix, made.plan(made.MadeReader(file, 60, 30, damaged=20)))


def test_every_document_names_its_data_set_and_what_it_is_of(client: Elasticsearch, prefix: str) -> None:
    result = build(client, prefix)
    written = documents(client, prefix).values()
    assert {document["entry"] for document in written} == {LOAD, CHUNK, SKETCH}
    assert {document["dataset"] for document in written} == {DATASET}
    shared = {"entry", "state"} & REJECTED["properties"].keys()  # else a filter by one empties the other
    assert shared == set()
    (whole,) = [document for document in written if document["entry"] == LOAD]
    assert {name: whole[name] for name in COUNTS} == {name: getattr(result, name) for name in COUNTS}


def as_before(client: Elasticsearch, prefix: str) -> None:
    """Rewrite the ledger as earlier versions wrote it: `kind`, and the data set on loads alone."""
    index, kept = ledger_index(prefix), documents(client, prefix)
    old = client.indices.get_mapping(index=index)[index]["mappings"]
    del old["properties"]["entry"]
    old["properties"]["kind"] = {"type": "keyword"}
    client.indices.delete(index=index)
    client.indices.create(index=index, mappings=old)
    for name, document in kept.items():
        entry = document.pop("entry")
        document["kind"] = {CHUNK: "stretch"}.get(entry, entry)
        for added in ("dataset",) if entry != LOAD else COUNTS:
            document.pop(added)
        client.index(index=index, id=name, document=document, refresh=True)


def test_a_ledger_of_an_earlier_version_is_read_and_gone_on_with(client: Elasticsearch, prefix: str) -> None:
    first = build(client, prefix)
    ledger, generation = Ledger(client, prefix), Generation(prefix, DATASET, 1)
    states, ids = ledger.states(generation), ledger.distinct_ids(generation)
    as_before(client, prefix)
    assert [(record.generation, record.state) for record in ledger.loads(DATASET)] == [(generation, "current")]
    assert ledger.states(generation) == states
    assert set(states) == {ChunkId(0, 0), ChunkId(0, 1)}
    assert ledger.distinct_ids(generation) == ids == first.indexed
    second = build(client, prefix, "b")
    assert second.generation.endswith("g000002")
    assert roll_back(client, prefix, DATASET).to == first.generation
    for file in ("c", "d"):
        build(client, prefix, file)
    prune_generations(client, prefix, DATASET, 1)
    left = {document["generation"][-1] for document in documents(client, prefix).values() if "sketch" in document}
    assert left.isdisjoint({"1", "2"})
