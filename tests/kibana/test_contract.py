"""The objects keep to what Kibana's sources say of their form (`saved_objects.schema.json`)."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import Draft202012Validator

from linernotes.kibana.objects import objects

Json = dict[str, Any]

SCHEMA = orjson.loads(Path(__file__).with_name("saved_objects.schema.json").read_bytes())
VALIDATOR = Draft202012Validator(SCHEMA)

AS_TEXT = {
    *("panelsJSON", "optionsJSON", "searchSourceJSON"),
    *("fields", "fieldAttrs", "fieldFormatMap", "runtimeFieldMap", "sourceFilters", "typeMeta"),
}


def parsed(value: Any) -> Any:
    """Return an object with the JSON in its texts parsed; texts that are no JSON stay and fail the schema."""
    if isinstance(value, dict):
        return {
            key: parsed(orjson.loads(inner)) if key in AS_TEXT and isinstance(inner, str) else parsed(inner)
            for key, inner in value.items()
        }
    return [parsed(inner) for inner in value] if isinstance(value, list) else value


def problems(entry: Json) -> list[str]:
    return [f"{error.json_path}: {error.message[:200]}" for error in VALIDATOR.iter_errors(parsed(entry))]


OBJECTS = {entry["id"]: entry for entry in objects("linernotes")}


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("name", OBJECTS)
def test_an_object_keeps_to_it(name: str) -> None:
    assert problems(OBJECTS[name]) == []


def panel(board: Json, name: str) -> Json:
    """Return a panel of a parsed dashboard."""
    found: Json = next(one for one in board["attributes"]["panelsJSON"] if one["panelIndex"] == name)
    return found


def visualization(board: Json, name: str) -> Json:
    found: Json = panel(board, name)["embeddableConfig"]["attributes"]["state"]["visualization"]
    return found


BROKEN: dict[str, tuple[str, Callable[[Json], object]]] = {
    "an attribute that Kibana forbids": (
        "linernotes-board-sets",
        lambda it: it["attributes"].update(timeFilter="now"),
    ),
    "a stored time without its end": ("linernotes-board-history", lambda it: it["attributes"].pop("timeTo")),
    "a panel beyond the edge": (
        "linernotes-board-sets",
        lambda it: panel(it, "genres")["gridData"].update(x=48),
    ),
    "a format without a version": ("linernotes-board-sets", lambda it: it.pop("typeMigrationVersion")),
    "a way to show numbers that isn't one": (
        "linernotes-board-sets",
        lambda it: visualization(it, "datasets")["layers"][0].update(numberDisplay="share"),
    ),
    "a colour by its name": (
        "linernotes-board-sets",
        lambda it: visualization(it, "datasets")["layers"][0]["colorMapping"]["assignments"][0]["color"].update(
            colorCode="blue"
        ),
    ),
    "a width in words": (
        "linernotes-board-system",
        lambda it: visualization(it, "loads")["columns"][0].update(width="wide"),
    ),
    "a text without words": (
        "linernotes-board-sets",
        lambda it: panel(it, "about")["embeddableConfig"]["savedVis"]["params"].update(markdown=""),
    ),
    "a description that is too long": (
        "linernotes-tracks",
        lambda it: it["attributes"]["fieldAttrs"]["title"].update(customDescription="x" * 301),
    ),
    "an order that isn't one": (
        "linernotes-search-rejected",
        lambda it: it["attributes"].update(sort=[["at", "down"]]),
    ),
    "a range of time without its end": (
        "linernotes-search-history",
        lambda it: it["attributes"]["timeRange"].pop("to"),
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_kibana_would_refuse_is_refused(name: str) -> None:
    target, break_it = BROKEN[name]
    entry = parsed(copy.deepcopy(OBJECTS[target]))
    break_it(entry)
    assert problems(entry), name
