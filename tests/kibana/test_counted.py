"""What each panel counts, a real Elasticsearch can count: the same aggregations, over the indices that a load makes."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from indexer.cluster import audit_log
from linernotes.kibana.boards import BOARDS, SEARCHES
from linernotes.kibana.columns import RECORDS, Column
from linernotes.kibana.panels import Panel
from mappings.index_names import Generation
from tests.indexer.test_generations import build

PANELS = [panel for board in BOARDS for panel in board.panels]
OPERATIONS = {"unique_count": "cardinality", "sum": "sum", "min": "min", "max": "max"}


def lucene(query: str) -> dict[str, Any]:
    """Return a query of Kibana's language, as simple as ours are, as Elasticsearch takes it."""
    text = query.replace(" : ", ":").replace(" and ", " AND ")
    return {"query_string": {"query": text}} if query else {"match_all": {}}


def counted(column: Column) -> dict[str, Any]:
    name = column.source_field
    if column.operation in OPERATIONS:
        return {OPERATIONS[column.operation]: {"field": name}}
    return {
        "terms": {"terms": {"field": name, "size": column.params.get("size", 10)}},
        "range": {"histogram": {"field": name, "interval": 10}},
        "date_histogram": {"date_histogram": {"field": name, "fixed_interval": "1d"}},
        "count": {"filter": lucene(column.only or "")},
    }[column.operation]


def body(panel: Panel) -> dict[str, Any]:
    aggregations = {column.id: counted(column) for column in panel.columns if not column.bucketed}
    for column in reversed([column for column in panel.columns if column.bucketed]):
        aggregations = {column.id: counted(column) | {"aggs": aggregations}}
    return {"query": lucene(panel.query), "aggs": aggregations, "size": 0}


@pytest.fixture(scope="module")
def loaded(client: Elasticsearch) -> Iterator[str]:
    prefix = f"t{uuid.uuid4().hex[:10]}"
    result = build(client, prefix)
    audit_log.write(client, Generation(prefix, "made", 1), "started", result.generation)
    client.indices.refresh(index=f"{prefix}-*")
    yield prefix
    for index in client.indices.get(index=f"{prefix}*", features="aliases").body:
        client.indices.delete(index=index)


@pytest.mark.parametrize("panel", PANELS, ids=lambda panel: panel.id)
def test_a_panel_counts(client: Elasticsearch, loaded: str, panel: Panel) -> None:
    found = client.search(index=panel.source.index(loaded), **body(panel))
    assert found["_shards"]["failed"] == 0
    assert found["hits"]["total"]["value"] > 0 or panel.id == "leased"  # nobody loads any more
    first = found["aggregations"][next(column.id for column in panel.columns if column.bucketed or not panel.buckets)]
    filled = bool(first.get("buckets")) or first.get("value", first.get("doc_count", 0)) is not None
    sparse = {"platforms", "genres", "genres-by-set", "licences", "commercial", "derivatives"}
    assert filled or panel.id in sparse  # made tracks have none of these


@pytest.mark.parametrize("entry", SEARCHES, ids=lambda entry: entry.id)
def test_a_search_searches(client: Elasticsearch, loaded: str, entry: Any) -> None:
    sort = [{name: order} for name, order in entry.sort]
    found = client.search(index=entry.source.index(loaded), query=lucene(entry.query), sort=sort, size=1)
    assert found["_shards"]["failed"] == 0
    source = found["hits"]["hits"][0]["_source"] if found["hits"]["hits"] else {}
    assert entry.query or set(entry.columns) & source.keys()


def test_only_documents_are_counted_without_a_field() -> None:
    for panel in PANELS:
        for column in panel.columns:
            assert (column.operation == "count") == (column.source_field == RECORDS)
