"""What Kibana looks at: an index or alias of ours for each data view, with its fields as Kibana sees them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from indexer.cluster import audit_log, ledger, rejects
from mappings import index_names
from mappings.languages import UNDETERMINED
from mappings.track import FIELDS, FINGERPRINT, LANGUAGE, LICENCE_URL, URL, YEAR, mapping

KINDS: Mapping[str, str] = {
    **dict.fromkeys(("keyword", "text"), "string"),
    **dict.fromkeys(("byte", "short", "integer", "long", "float", "double"), "number"),
    **dict.fromkeys(("date", "date_nanos"), "date"),
    "boolean": "boolean",
}
"""Elasticsearch's types and what Kibana calls them: `packages/kbn-field-types` of its source."""


@dataclass(frozen=True)
class SeenField:
    """A field as Kibana sees it: its kind, and whether it can be counted and searched (a column is enough for both)."""

    name: str
    kind: str
    aggregatable: bool
    searchable: bool


@dataclass(frozen=True)
class Source:
    """A data view: its id, which index it is of, its time field, its fields, and what its fields mean."""

    id: str
    name: str
    index: Callable[[str], str]
    mapping: Callable[[], Mapping[str, Any]]
    time: str | None = None
    meanings: Mapping[str, str] | None = None
    formats: Mapping[str, Mapping[str, Any]] | None = None
    """How Kibana shows a field: https://www.elastic.co/guide/en/kibana/8.19/managing-data-views.html"""
    hidden: tuple[str, ...] = ()
    """Fields that Discover leaves out of documents."""

    @property
    def fields(self) -> dict[str, SeenField]:
        """Return all fields by name."""
        return fields_of(self.mapping())


TRACKS = Source(
    "linernotes-tracks",
    "linernotes: tracks",
    index_names.alias,
    mapping,
    meanings={name: entry.meaning for name, entry in FIELDS.items() if not entry.search_only},
    formats={
        YEAR: {"id": "number", "params": {"pattern": "0"}},  # a name, so without a comma in it
        LANGUAGE: {
            "id": "static_lookup",
            "params": {"lookupEntries": [{"key": UNDETERMINED, "value": f"undetermined ({UNDETERMINED})"}]},
        },
        LICENCE_URL: {"id": "url", "params": {}},
        URL: {"id": "url", "params": {}},
    },
    hidden=(FINGERPRINT,),  # more digits than JavaScript's numbers have
)
LEDGER = Source("linernotes-ledger", "linernotes: ledger", index_names.ledger, lambda: ledger.MAPPING)
REJECTED = Source("linernotes-rejected", "linernotes: rejected records", index_names.rejected, lambda: rejects.MAPPING)
HISTORY = Source("linernotes-history", "linernotes: history", index_names.history, lambda: audit_log.MAPPING, time="at")

SOURCES: tuple[Source, ...] = (TRACKS, LEDGER, REJECTED, HISTORY)
BY_ID: Mapping[str, Source] = {source.id: source for source in SOURCES}


def fields_of(body: Mapping[str, Any]) -> dict[str, SeenField]:
    """Return the fields of a mapping as Kibana sees them, subfields too; what is only stored is no field.

    >>> fields_of({"properties": {"a": {"type": "text", "fields": {"b": {"type": "keyword"}}}}})["a.b"]
    SeenField(name='a.b', kind='string', aggregatable=True, searchable=True)
    """
    return {field.name: field for field in _fields(body.get("properties", {}))}


def common_fields(mappings: Iterable[Mapping[str, Any]]) -> dict[str, SeenField]:
    """Return what the mappings of several indices have in common: an alias is as good as the least of its indices.

    >>> both = [{"properties": {"a": {"type": "keyword", **more}}} for more in ({}, {"doc_values": False})]
    >>> common_fields(both)["a"].aggregatable, common_fields([both[0], {}])
    (False, {})
    """
    each = [fields_of(mapping) for mapping in mappings]
    names = set.intersection(*(set(fields) for fields in each)) if each else set()
    seen = {name: [fields[name] for fields in each] for name in sorted(names)}
    return {
        name: replace(
            fields[0],
            aggregatable=all(field.aggregatable for field in fields),
            searchable=all(field.searchable for field in fields),
        )
        for name, fields in seen.items()
        if len({field.kind for field in fields}) == 1
    }


def _fields(properties: Mapping[str, Any], path: str = "") -> Iterator[SeenField]:
    for name, options in properties.items():
        here, kind = f"{path}{name}", KINDS.get(options.get("type", ""))
        if kind:
            counted = options["type"] != "text" and options.get("doc_values", True)
            yield SeenField(here, kind, counted, options.get("index", True) or counted)
        yield from _fields(options.get("fields", {}), f"{here}.")
        yield from _fields(options.get("properties", {}), f"{here}.")
