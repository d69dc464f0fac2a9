"""The field table: what is declared once is what Elasticsearch, sources and queries are told."""

from typing import Any

import polars as pl
import pytest
from elasticsearch import BadRequestError, Elasticsearch

from mappings import index, track
from mappings.schema import SCHEMA
from mappings.track import FACETS, FIELDS, SEARCH_ONLY, SHOWN, TITLE_BY_LANGUAGE, Track, mapping
from queries.facets.table import FACETS as FACET_TABLE

_NO_FIELDS = {"FACET", "ARTIST_ROLE", "TITLE_ROLE", "LENGTH_ONLY"}


def constants() -> dict[str, str]:
    """Return the constants of the module that are texts."""
    return {
        name: value
        for name, value in vars(track).items()
        if name.isupper() and not name.startswith("_") and isinstance(value, str) and name not in _NO_FIELDS
    }


def test_constants_are_the_names_of_fields() -> None:
    assert set(constants().values()) == set(FIELDS) == set(Track.__annotations__)
    assert all(name.lower() == value for name, value in constants().items())


def test_every_field_says_what_it_means() -> None:
    assert all(info.name == name and info.meaning for name, info in FIELDS.items())
    assert {*SHOWN, *SEARCH_ONLY} == set(FIELDS)
    assert not set(SHOWN) & set(SEARCH_ONLY)


def test_the_mapping_is_that_of_the_document_and_strict() -> None:
    declared: dict[str, Any] = Track._doc_type.mapping.to_dict()
    assert mapping() == {"dynamic": "strict", **declared}


def test_a_field_that_is_not_declared_is_refused(client: Elasticsearch, prefix: str) -> None:
    client.indices.create(index=prefix, **index.body(shards=1, meta={"dataset": "x"}, index_settings={}))
    client.index(index=prefix, document={"dataset": "x", "title": "y"})
    with pytest.raises(BadRequestError, match="strict_dynamic_mapping_exception"):
        client.index(index=prefix, document={"dataset": "x", "lyrics": "y"})
    held = client.indices.get_mapping(index=prefix)[prefix]["mappings"]
    assert held["dynamic"] == "strict"
    assert held["properties"].keys() == FIELDS.keys()
    assert held["_meta"] == {"dataset": "x"}


def test_the_schema_has_every_field() -> None:
    assert set(SCHEMA) == set(FIELDS) - {TITLE_BY_LANGUAGE}
    assert all(isinstance(SCHEMA[name], pl.List) == FIELDS[name].multi for name in SCHEMA)


def test_facets_count_columns() -> None:
    for name, field in FACETS.items():
        whole, _, inner = field.partition(".")
        declared = FIELDS[whole].mapping
        counted = declared["fields"][inner] if inner else declared
        assert counted["type"] in ("keyword", "float", "boolean"), name
        assert counted.get("doc_values", True), name
    assert {*FACETS, "decade"} == set(FACET_TABLE)


def test_evidence_is_stored_and_no_more() -> None:
    for name in ("source_id", "album_id", "source_file", "language_source", "url"):
        assert FIELDS[name].mapping == {"type": "keyword", "index": False, "doc_values": False}
    assert FIELDS["release_date"].mapping.items() >= {"index": False, "doc_values": False}.items()


def test_the_hash_is_that_of_mapping_and_analysis(monkeypatch: pytest.MonkeyPatch) -> None:
    before = index.mapping_hash()
    assert before == index.mapping_hash()
    monkeypatch.setattr(index, "analysis", dict)
    assert index.mapping_hash() != before
