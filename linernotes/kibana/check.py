"""Checks that each thing that a saved object names exists, with the right type, before Kibana imports it.

Three kinds of problem, each a sentence with its place: a reference that leads nowhere, a panel whose parts don't fit
together, and a field that the mapping lacks or that can't be used so. Kibana itself imports all three, and shows an
error where the panel should be.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from linernotes.kibana.columns import RECORDS
from linernotes.kibana.sources import BY_ID, SeenField
from mappings.errors import InputError

Json = Mapping[str, Any]
Fields = Mapping[str, Mapping[str, SeenField]]

OPERATIONS: Mapping[str, frozenset[str]] = {
    "terms": frozenset({"string", "number", "boolean"}),
    "unique_count": frozenset({"string", "number", "boolean", "date"}),
    "sum": frozenset({"number"}),
    "min": frozenset({"number", "date"}),
    "max": frozenset({"number", "date"}),
    "range": frozenset({"number"}),
    "date_histogram": frozenset({"date"}),
}
"""Kinds of field that each operation of Lens takes: `getPossibleOperationForField` of each definition."""

_NAMED = re.compile(r"([A-Za-z_@][\w.]*)\s*(?::|<=?|>=?)")
"""Fields in a query of Kibana's language: what stands before a colon or a comparison."""

_SUMMARY = "exportedCount"


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: in which object, at which place of it, and what."""

    object: str
    place: str
    sentence: str

    def __str__(self) -> str:
        """Return all three."""
        return f"{self.object}, {self.place}: {self.sentence}"


def parse(data: bytes, name: str) -> list[dict[str, Any]]:
    """Return the objects of an export file without its summary; raises InputError for what is none."""
    objects: list[dict[str, Any]] = []
    for number, line in enumerate(data.splitlines(), 1):
        try:
            entry = orjson.loads(line) if line.strip() else {_SUMMARY: 0}
        except orjson.JSONDecodeError as error:
            raise InputError(
                f"Line {number} of {name} is no JSON ({error}).", "Export it from Kibana again."
            ) from error
        if not isinstance(entry, dict) or (_SUMMARY not in entry and not {"type", "id", "attributes"} <= entry.keys()):
            raise InputError(f"Line {number} of {name} is no saved object.", "Export it from Kibana again.")
        if _SUMMARY not in entry:
            objects.append(entry)
    if not objects:
        raise InputError(f"{name} has no saved object in it.", "Write it with: python -m linernotes.kibana")
    return objects


def check(objects: Sequence[Json], fields: Fields | None = None) -> list[Problem]:
    """Return the problems of some objects; `fields` are those of each data view, by default as our tables declare."""
    fields = fields if fields is not None else {name: source.fields for name, source in BY_ID.items()}
    present = {(entry["type"], entry["id"]) for entry in objects}
    problems: list[Problem] = []
    for entry in objects:
        name = f"{entry['type']} {entry['id']}"
        try:
            places = [*_references(entry, present), *_CHECKS.get(entry["type"], _unknown)(entry, fields)]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            places = [("as a whole", f"it isn't built as Kibana builds it ({type(error).__name__}: {error})")]
        problems += [Problem(name, place, sentence) for place, sentence in places]
    return problems


Problems = Iterator[tuple[str, str]]
"""A place in an object, and what is wrong there."""


def _references(entry: Json, present: set[tuple[str, str]]) -> Problems:
    for one in entry.get("references", ()):
        if (one["type"], one["id"]) not in present:
            yield f"reference {one['name']}", f"there is no {one['type']} {one['id']}"


def _unknown(entry: Json, _: Fields) -> Problems:
    yield "type", f"nobody checks objects of the type {entry['type']}"


def _data_view(entry: Json, fields: Fields) -> Problems:
    own, attributes = fields.get(entry["id"]), entry["attributes"]
    if own is None:
        yield "id", "it is no data view of ours"
        return
    time = attributes.get("timeFieldName")
    if time is not None:
        yield from _field(own, time, "time field", frozenset({"date"}))
    for part in ("fieldAttrs", "fieldFormatMap"):
        for name in orjson.loads(attributes.get(part) or "{}"):
            yield from _field(own, name, part)
    for entry in orjson.loads(attributes.get("sourceFilters") or "[]"):
        yield from _field(own, entry["value"], "sourceFilters")


def _search(entry: Json, fields: Fields) -> Problems:
    attributes = entry["attributes"]
    source = orjson.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"])
    target = _target(entry["references"], source["indexRefName"])
    own = fields.get(target or "")
    if own is None:
        yield "data view", f"{source['indexRefName']} names no data view of ours"
        return
    for name in attributes["columns"]:
        yield from _field(own, name, "column")
    for name, _ in attributes["sort"]:
        yield from _field(own, name, "sort", counted=True)
    yield from _queried(own, source.get("query", {}).get("query", ""), "query")


def _dashboard(entry: Json, fields: Fields) -> Problems:
    attributes = entry["attributes"]
    outer = {one["name"]: (one["type"], one["id"]) for one in entry["references"]}
    named: set[str] = set()
    for panel in orjson.loads(attributes["panelsJSON"]):
        named |= _names(panel)
        for where, sentence in _panel(panel, outer, fields):
            yield f"panel {panel['panelIndex']}{where}", sentence
    for one in orjson.loads(attributes["kibanaSavedObjectMeta"]["searchSourceJSON"]).get("filter", ()):
        named.add(name := one["meta"]["indexRefName"])
        if name in outer and (own := fields.get(outer[name][1])) is not None:
            yield from _field(own, one["meta"]["key"], f"filter {one['meta']['alias']}")
    for name in sorted(named - outer.keys()):
        yield f"reference {name}", "a panel or filter names it, and the dashboard doesn't"
    for name in sorted(outer.keys() - named):
        yield f"reference {name}", "the dashboard names it, and no panel or filter does"
    if not (attributes.get("timeRestore") and {"timeFrom", "timeTo"} <= attributes.keys()):
        yield "time", "it has none stored, so Kibana opens it with the last 15 minutes"


def _names(panel: Json) -> set[str]:
    """Return the references that a panel needs among those of its dashboard."""
    if "panelRefName" in panel:
        return {f"{panel['panelIndex']}:{panel['panelRefName']}"}
    inner = panel["embeddableConfig"].get("attributes", {})
    return {f"{panel['panelIndex']}:{one['name']}" for one in inner.get("references", ())}


def _panel(panel: Json, outer: Mapping[str, tuple[str, str]], fields: Fields) -> Problems:
    """Yield the problems of a panel; the place is what follows its name."""
    config = panel["embeddableConfig"]
    if "panelRefName" in panel:
        return
    if panel["type"] != "lens":
        if not config.get("savedVis", {}).get("params", {}).get("markdown", "another kind of panel"):
            yield "", "it is a text without words"
        return
    for one in config["attributes"]["references"]:
        name = f"{panel['panelIndex']}:{one['name']}"
        if outer.get(name, (one["type"], one["id"])) != (one["type"], one["id"]):
            yield "", f"reference {name} names another object than the dashboard's"
    for where, sentence in _lens(config["attributes"], fields):
        yield f", {where}", sentence


def _lens(inner: Json, fields: Fields) -> Problems:
    layers = inner["state"]["datasourceStates"]["formBased"]["layers"]
    for layer_id, layer in layers.items():
        target = _target(inner["references"], f"indexpattern-datasource-layer-{layer_id}")
        own = fields.get(target or "")
        if own is None:
            yield f"layer {layer_id}", "it names no data view of ours"
            continue
        if sorted(layer["columnOrder"]) != sorted(layer["columns"]):
            yield f"layer {layer_id}", "the order of its columns names others than it has"
        for name, column in layer["columns"].items():
            yield from _column(own, f"column {name}", column, layer["columns"])
        yield from _queried(own, inner["state"]["query"]["query"], "query")
    columns = {name for one in layers.values() for name in one["columns"]}
    for name in sorted(set(_shown(inner["state"]["visualization"])) - columns):
        yield "visualization", f"it shows the column {name}, which no layer has"


def _column(own: Mapping[str, SeenField], place: str, column: Json, columns: Json) -> Problems:
    operation, name = column["operationType"], column["sourceField"]
    if operation == "count" and name == RECORDS:
        kinds = None
    elif operation not in OPERATIONS:
        yield place, f"the operation {operation} is unknown"
    else:
        kinds = OPERATIONS[operation]
        yield from _field(own, name, place, kinds, counted=True)
        bucketed = operation in ("terms", "range", "date_histogram", "min", "max")
        if bucketed and name in own and column["dataType"] != own[name].kind:
            yield place, f"it takes {name} for a {column['dataType']}, which is a {own[name].kind}"
    order = column.get("params", {}).get("orderBy", {})
    if order.get("type") == "column" and order["columnId"] not in columns:
        yield place, f"it is ordered by the column {order['columnId']}, which the layer lacks"
    yield from _queried(own, column.get("filter", {}).get("query", ""), place)


def _shown(visualization: Any) -> Iterator[str]:
    """Yield each column that a visualization shows."""
    single = ("metricAccessor", "xAccessor", "splitAccessor", "columnId")
    several = ("accessors", "primaryGroups", "metrics")
    if isinstance(visualization, dict):
        for key, value in visualization.items():
            if key in single:
                yield value
            elif key in several:
                yield from value
            else:
                yield from _shown(value)
    elif isinstance(visualization, list):
        for value in visualization:
            yield from _shown(value)


def _queried(own: Mapping[str, SeenField], query: str, place: str) -> Problems:
    for name in _NAMED.findall(query):
        yield from _field(own, name, f"{place} ({query})")
        if name in own and not own[name].searchable:
            yield f"{place} ({query})", f"the field {name} can't be searched"


def _field(
    own: Mapping[str, SeenField],
    name: str,
    place: str,
    kinds: frozenset[str] | None = None,
    *,
    counted: bool = False,
) -> Problems:
    field = own.get(name)
    if field is None:
        yield place, f"the mapping has no field {name}"
    elif kinds is not None and field.kind not in kinds:
        yield place, f"the field {name} is a {field.kind}, and {' or '.join(sorted(kinds))} is needed"
    elif counted and not field.aggregatable:
        yield place, f"the field {name} can't be counted or sorted by"


def _target(references: Sequence[Json], name: str) -> str | None:
    return next((one["id"] for one in references if one["name"] == name and one["type"] == "index-pattern"), None)


_CHECKS: Mapping[str, Callable[[Json, Fields], Problems]] = {
    "index-pattern": _data_view,
    "search": _search,
    "dashboard": _dashboard,
}
