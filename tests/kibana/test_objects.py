"""What is shipped for Kibana is what the code makes, and all that it names is there."""

import copy
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from linernotes.kibana import __main__
from linernotes.kibana.boards import BOARDS
from linernotes.kibana.check import check, parse
from linernotes.kibana.objects import ndjson, objects
from linernotes.kibana.panels import GRID, Panel
from linernotes.kibana.sources import SOURCES, TRACKS, Source, fields_of
from mappings import index
from mappings.errors import InputError
from mappings.track import FIELDS, mapping

Json = dict[str, Any]


@pytest.fixture
def made() -> list[Json]:
    return copy.deepcopy(objects("linernotes"))


def test_the_file_is_what_the_code_makes_twice_the_same() -> None:
    assert ndjson(objects("linernotes")) == ndjson(objects("linernotes"))
    assert __main__.FILE.read_bytes() == ndjson(objects(__main__.PREFIX)), "run: python -m linernotes.kibana"


def test_there_are_four_views_four_searches_and_four_dashboards(made: list[Json]) -> None:
    kinds = [entry["type"] for entry in made]
    assert {kind: kinds.count(kind) for kind in kinds} == {"index-pattern": 4, "search": 4, "dashboard": 4}
    assert orjson.loads(ndjson(made).splitlines()[-1])["exportedCount"] == len(made) == 12
    assert parse(ndjson(made), "it") == made


def test_the_prefix_is_in_each_data_view() -> None:
    titles = [one["attributes"]["title"] for one in objects("mine") if one["type"] == "index-pattern"]
    assert titles == ["mine", "mine-ledger", "mine-rejected", "mine-history"]


def test_all_that_they_name_is_there(made: list[Json]) -> None:
    assert check(made) == []


def test_no_panel_lies_on_another_or_beyond_the_edge(made: list[Json]) -> None:
    for board in (entry for entry in made if entry["type"] == "dashboard"):
        cells: set[tuple[int, int]] = set()
        for panel in orjson.loads(board["attributes"]["panelsJSON"]):
            place = panel["gridData"]
            own = {
                (x, y)
                for x in range(place["x"], place["x"] + place["w"])
                for y in range(place["y"], place["y"] + place["h"])
            }
            assert not own & cells
            assert max(x for x, _ in own) < GRID
            cells |= own


def test_the_dashboards_show_what_was_asked_for() -> None:
    panels = [panel for board in BOARDS for panel in board.panels if isinstance(panel, Panel)]
    shown = {column.source_field for panel in panels for column in panel.columns}
    wanted = {"dataset", "genre", "licence_family", "year", "language", "artists.facet", "recording_key"}
    assert wanted | {"generation", "state", "rejected", "event"} <= shown


def test_fields_are_those_of_the_field_table() -> None:
    seen = TRACKS.fields
    assert {name for name, entry in FIELDS.items() if "properties" not in entry.mapping} <= seen.keys()
    assert (seen["title"].aggregatable, seen["artists.facet"].aggregatable) == (False, True)
    assert (seen["url"].searchable, seen["url"].aggregatable) == (False, False)
    assert (seen["revision"].searchable, seen["revision"].aggregatable) == (True, True)


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.id)
def test_fields_are_as_elasticsearch_says_they_are(client: Elasticsearch, prefix: str, source: Source) -> None:
    made = index.body(shards=1, meta={}, index_settings={}) if source is TRACKS else {"mappings": source.mapping()}
    client.indices.create(index=prefix, **made)
    said = client.field_caps(index=prefix, fields="*")["fields"]
    for name, field in source.fields.items():
        (caps,) = said[name].values()
        assert (caps["searchable"], caps["aggregatable"]) == (field.searchable, field.aggregatable), name


def panel_of(made: list[Json], name: str) -> tuple[Json, list[Json], Json]:
    board = next(entry for entry in made if entry["id"] == "linernotes-board-sets")
    panels = orjson.loads(board["attributes"]["panelsJSON"])
    return board, panels, next(panel for panel in panels if panel["panelIndex"] == name)


def changing(name: str, change: Callable[[Json], object]) -> Callable[[list[Json]], object]:
    """Return what changes one panel's attributes, wherever they are kept as text."""

    def changed(made: list[Json]) -> None:
        board, panels, panel = panel_of(made, name)
        change(panel["embeddableConfig"]["attributes"])
        board["attributes"]["panelsJSON"] = orjson.dumps(panels).decode()

    return changed


def column(attributes: Json, name: str) -> Json:
    found: Json = attributes["state"]["datasourceStates"]["formBased"]["layers"]["layer"]["columns"][name]
    return found


def searched(made: list[Json], query: str) -> None:
    search = next(entry for entry in made if entry["id"] == "linernotes-search-prohibited")
    source = orjson.loads(search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])
    source["query"]["query"] = query
    search["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"] = orjson.dumps(source).decode()


def filtered(made: list[Json], key: str) -> None:
    meta = by_id(made, "linernotes-board-sets")["attributes"]["kibanaSavedObjectMeta"]
    source = orjson.loads(meta["searchSourceJSON"])
    source["filter"][0]["meta"]["key"] = key
    meta["searchSourceJSON"] = orjson.dumps(source).decode()


def by_id(made: list[Json], name: str) -> Json:
    return next(entry for entry in made if entry["id"] == name)


FLAWS: dict[str, tuple[Callable[[list[Json]], object], str]] = {
    "a field that the mapping lacks": (
        changing("genres", lambda it: column(it, "top-genre").update(sourceField="mood")),
        "has no field mood",
    ),
    "text, which can't be counted": (
        changing("genres", lambda it: column(it, "top-genre").update(sourceField="title")),
        "title can't be counted",
    ),
    "a keyword as a number": (
        changing("years", lambda it: column(it, "steps-year").update(sourceField="genre")),
        "genre is a string, and number is needed",
    ),
    "a kind that it isn't": (
        changing("genres", lambda it: column(it, "top-genre").update(dataType="number")),
        "takes genre for a number",
    ),
    "an operation that nobody knows": (
        changing("genres", lambda it: column(it, "top-genre").update(operationType="topmost")),
        "operation topmost is unknown",
    ),
    "a column that is shown and isn't there": (
        changing("genres", lambda it: it["state"]["visualization"]["layers"][0].update(xAccessor="gone")),
        "shows the column gone",
    ),
    "an order by a column that isn't there": (
        changing("genres", lambda it: column(it, "top-genre")["params"]["orderBy"].update(columnId="gone")),
        "ordered by the column gone",
    ),
    "a panel's query": (
        changing("genres", lambda it: it["state"]["query"].update(query="mood : sad")),
        "has no field mood",
    ),
    "a metric's condition": (
        changing("prohibited", lambda it: column(it, "count-some")["filter"].update(query="mood : sad")),
        "has no field mood",
    ),
    "a panel's own data view": (
        changing("genres", lambda it: it["references"][0].update(id="elsewhere")),
        "no data view of ours",
    ),
    "a reference that leads nowhere": (
        lambda made: made.remove(by_id(made, "linernotes-ledger")),
        "there is no index-pattern linernotes-ledger",
    ),
    "a search that a dashboard shows": (
        lambda made: made.remove(by_id(made, "linernotes-search-tracks")),
        "there is no search linernotes-search-tracks",
    ),
    "a reference that the dashboard forgot": (
        lambda made: by_id(made, "linernotes-board-sets")["references"].pop(),
        "a panel or filter names it, and the dashboard doesn't",
    ),
    "a filter by a field that isn't there": (
        lambda made: filtered(made, "mood"),
        "has no field mood",
    ),
    "a dashboard that opens with the last minutes": (
        lambda made: by_id(made, "linernotes-board-history")["attributes"].update(timeRestore=False),
        "it has none stored",
    ),
    "a hidden field that isn't there": (
        lambda made: by_id(made, "linernotes-tracks")["attributes"].update(sourceFilters='[{"value": "mood"}]'),
        "has no field mood",
    ),
    "a search's column": (
        lambda made: by_id(made, "linernotes-search-tracks")["attributes"]["columns"].append("mood"),
        "has no field mood",
    ),
    "a search's order": (
        lambda made: by_id(made, "linernotes-search-tracks")["attributes"]["sort"].append(["title", "asc"]),
        "title can't be counted or sorted by",
    ),
    "a search's query": (lambda made: searched(made, "mood : sad and year >= 1990"), "has no field mood"),
    "a search by what isn't indexed": (lambda made: searched(made, "url : x"), "url can't be searched"),
    "a time field": (
        lambda made: by_id(made, "linernotes-history")["attributes"].update(timeFieldName="dataset"),
        "dataset is a string, and date is needed",
    ),
    "an object that isn't whole": (
        lambda made: by_id(made, "linernotes-board-sets")["attributes"].pop("panelsJSON"),
        "isn't built as Kibana builds it",
    ),
    "an object of another type": (
        lambda made: made.append({"type": "canvas-workpad", "id": "x", "attributes": {}, "references": []}),
        "nobody checks",
    ),
}


@pytest.mark.parametrize("name", FLAWS)
def test_a_flaw_is_found(made: list[Json], name: str) -> None:
    plant, said = FLAWS[name]
    plant(made)
    told = [str(flaw) for flaw in check(made)]
    assert any(said in sentence for sentence in told), told


@pytest.mark.parametrize("lost", ["genre", "year", "artists", "recording_key", "commercial_use"])
def test_a_field_that_the_mapping_loses_is_missed(made: list[Json], lost: str) -> None:
    body = mapping()
    del body["properties"][lost]
    told = check(made, {source.id: source.fields for source in SOURCES} | {TRACKS.id: fields_of(body)})
    assert any(f"has no field {lost}" in flaw.sentence for flaw in told)


@pytest.mark.parametrize("data", [b"", b"no json", b"[1]", b'{"type": "search"}\n', b'{"exportedCount": 0}'])
def test_a_file_that_is_no_export(data: bytes) -> None:
    with pytest.raises(InputError):
        parse(data, "file")
