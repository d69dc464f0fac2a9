"""Saved objects as Kibana exports them: data views, searches, dashboards, a line of JSON each.

Deterministic: no time, no random id, one order; so the file in `kibana/` changes only when what it shows does.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from linernotes.kibana.boards import BOARDS, LAST_QUARTER, SEARCHES, Board, Search, Without
from linernotes.kibana.panels import GRID, PANEL_VERSION, Json, reference
from linernotes.kibana.sources import SOURCES, Source

CORE_MIGRATION = "8.8.0"
MIGRATIONS = {"index-pattern": "7.11.0", "search": "7.9.3", "dashboard": "8.7.0"}
"""The formats that these objects are written in, as the samples in Kibana 8.19's own source say. Kibana brings older
ones up to date while importing, and refuses newer ones."""

SEARCH_SOURCE = "kibanaSavedObjectMeta.searchSourceJSON"
SEARCH_HEIGHT = 15


def objects(prefix: str) -> list[Json]:
    """Return all objects for one prefix of index names, each after those that it names."""
    return [
        *(data_view(source, prefix) for source in SOURCES),
        *(search(entry) for entry in SEARCHES),
        *(dashboard(board) for board in BOARDS),
    ]


def ndjson(made: list[Json]) -> bytes:
    """Return objects as an export file: a line each, and the line that Kibana ends its exports with."""
    summary = {
        "excludedObjects": [],
        "excludedObjectsCount": 0,
        "exportedCount": len(made),
        "missingRefCount": 0,
        "missingReferences": [],
    }
    return b"".join(orjson.dumps(entry, option=orjson.OPT_SORT_KEYS) + b"\n" for entry in [*made, summary])


def data_view(source: Source, prefix: str) -> Json:
    """Return a data view; the fields themselves Kibana reads from Elasticsearch, so none can be out of date."""
    meanings = source.meanings or {}
    attributes = {
        "title": source.index(prefix),
        "name": source.name,
        "fields": "[]",
        "fieldAttrs": _text({name: {"customDescription": meaning} for name, meaning in meanings.items()}),
        "fieldFormatMap": _text(source.formats or {}),
        "runtimeFieldMap": "{}",
        "sourceFilters": _text([{"value": name} for name in source.hidden]),
        "typeMeta": "{}",
        "allowNoIndex": True,  # a ledger is there from the first load on
    }
    return _object("index-pattern", source.id, attributes | ({"timeFieldName": source.time} if source.time else {}))


def search(entry: Search) -> Json:
    """Return a saved search."""
    attributes = {
        "title": entry.title,
        "description": entry.description,
        "columns": list(entry.columns),
        "sort": [list(order) for order in entry.sort],
        "hits": 0,
        "version": 1,
        "kibanaSavedObjectMeta": _searched(entry.query, indexRefName=f"{SEARCH_SOURCE}.index"),
    }
    if entry.source.time:
        begin, end = LAST_QUARTER
        attributes |= {"timeRestore": True, "timeRange": {"from": begin, "to": end}}
    names = [reference(f"{SEARCH_SOURCE}.index", "index-pattern", entry.source.id)]
    return _object("search", entry.id, attributes, names)


def dashboard(board: Board) -> Json:
    """Return a dashboard with its panels, and all that they name among its own references."""
    panels, references = [], []
    for panel, x, y in _placed(board):
        panels.append(panel.as_json(x, y))
        references += [one | {"name": f"{panel.id}:{one['name']}"} for one in panel.references]
    below = max(one["gridData"]["y"] + one["gridData"]["h"] for one in panels)
    for row, name in enumerate(board.searches):
        panels.append(_embedded(name, below + row * SEARCH_HEIGHT))
        references.append(reference(f"{name}:panel_{name}", "search", name))
    filters = [_filter(entry, number) for number, entry in enumerate(board.filters)]
    references += [reference(one["meta"]["indexRefName"], "index-pattern", board.source.id) for one in filters]
    begin, end = board.time
    attributes = {
        "title": board.title,
        "description": board.description,
        "panelsJSON": _text(panels),
        "optionsJSON": _text({"useMargins": True, "hidePanelTitles": False, "syncColors": True}),
        "timeRestore": True,
        "timeFrom": begin,
        "timeTo": end,
        "version": 1,
        "kibanaSavedObjectMeta": _searched("", filters),
    }
    return _object("dashboard", board.id, attributes, references)


def _placed(board: Board) -> Iterator[tuple[Any, int, int]]:
    """Yield each panel with its place: from left to right, and down where the next doesn't fit."""
    x = y = height = 0
    for panel in board.panels:
        if x + panel.width > GRID:
            x, y, height = 0, y + height, 0
        yield panel, x, y
        x, height = x + panel.width, max(height, panel.height)


def _embedded(name: str, y: int) -> Json:
    grid = {"x": 0, "y": y, "w": GRID, "h": SEARCH_HEIGHT, "i": name}
    return {
        "version": PANEL_VERSION,
        "type": "search",
        "gridData": grid,
        "panelIndex": name,
        "embeddableConfig": {"enhancements": {}},
        "panelRefName": f"panel_{name}",
    }


def _filter(entry: Without, number: int) -> Json:
    """Return a filter that excludes a value, switched off."""
    meta = {
        "alias": entry.label,
        "disabled": True,
        "negate": True,
        "type": "phrase",
        "key": entry.field,
        "params": {"query": entry.value},
        "indexRefName": f"{SEARCH_SOURCE}.filter[{number}].meta.index",
    }
    query = {"match_phrase": {entry.field: entry.value}}
    return {"meta": meta, "query": query, "$state": {"store": "appState"}}


def _searched(query: str, filters: Sequence[Json] = (), **more: str) -> Json:
    return {
        "searchSourceJSON": _text({"query": {"query": query, "language": "kuery"}, "filter": list(filters), **more})
    }


def _object(kind: str, name: str, attributes: Json, references: list[dict[str, str]] | None = None) -> Json:
    return {
        "type": kind,
        "id": name,
        "attributes": attributes,
        "references": references or [],
        "coreMigrationVersion": CORE_MIGRATION,
        "typeMigrationVersion": MIGRATIONS[kind],
        "managed": False,
    }


def _text(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
