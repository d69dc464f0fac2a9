"""What a reader sees of the dashboards: nothing is left out unsaid, nothing is cut, a data set has one colour."""

from collections.abc import Iterator
from contextvars import copy_context
from dataclasses import replace
from typing import Any

import orjson
import pytest

from linernotes import cards
from linernotes.kibana.boards import BOARDS, SETS
from linernotes.kibana.columns import Column
from linernotes.kibana.objects import objects
from linernotes.kibana.panels import BARS, BARS_STACKED, BARS_UP, GRID, NUMBER, PIE, TABLE, Note, Panel
from linernotes.kibana.sources import TRACKS
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, SYNTHETIC_SAMPLE
from mappings.index_names import LONGEST_DATASET_ID, Generation
from mappings.track import DATASET, FINGERPRINT, LANGUAGE, LICENCE_URL, PLAYS, RECORDING_KEY, REVISION, YEAR

Json = dict[str, Any]

PANELS = [panel for board in BOARDS for panel in board.panels if isinstance(panel, Panel)]
CHARTS = [panel for panel in PANELS if panel.shape in (PIE, BARS, BARS_STACKED, BARS_UP)]
TABLES = [panel for panel in PANELS if panel.shape == TABLE]
STORED = {entry["id"]: entry["attributes"] for entry in objects("linernotes")}

SCREEN, BESIDE = 1280, 64
"""Pixels of a small screen, and of what stands beside the panels on it."""
CHARACTER, PADDING = 7, 24
"""Pixels of a character and around a text, in Kibana's tables."""


def visualization(panel: Panel) -> Json:
    stored: Json = panel.as_json(0, 0)["embeddableConfig"]["attributes"]["state"]["visualization"]
    return stored


def splits(panel: Panel) -> Iterator[Column]:
    yield from (column for column in panel.columns if column.operation == "terms")


@pytest.mark.parametrize("panel", CHARTS, ids=lambda panel: panel.id)
def test_a_chart_leaves_no_document_out_unsaid(panel: Panel) -> None:
    for column in splits(panel):
        params = column.as_json(panel.source)["params"]
        assert (params["missingBucket"], params["otherBucket"]) == (True, True)
    if any(column.operation == "range" for column in panel.columns):  # a histogram has no place for them
        assert "Without a year" in panel.title
        assert any(other.title == "Without a year" and other.shape == NUMBER for other in PANELS)


def test_pies_show_numbers_and_name_every_slice() -> None:
    pies = [visualization(panel)["layers"][0] for panel in PANELS if panel.shape == PIE]
    assert len(pies) == 4
    assert {pie["numberDisplay"] for pie in pies} == {"value"}
    assert {pie["legendDisplay"] for pie in pies} == {"show"}
    assert {pie["truncateLegend"] for pie in pies} == {False}


def test_the_caveat_and_what_is_synthetic_stand_on_top_of_the_board() -> None:
    first = SETS.panels[0]
    assert isinstance(first, Note)
    stored = next(
        one for one in orjson.loads(STORED[SETS.id]["panelsJSON"]) if one["gridData"]["y"] == 0 == one["gridData"]["x"]
    )
    text = stored["embeddableConfig"]["savedVis"]["params"]["markdown"]
    assert PRESENCE_IS_NO_PROOF in text
    assert SYNTHETIC_SAMPLE in text
    assert "linernotes overlap" in text


def test_a_filter_leaves_out_synthetic_tracks_and_is_off() -> None:
    (stored,) = orjson.loads(STORED[SETS.id]["kibanaSavedObjectMeta"]["searchSourceJSON"])["filter"]
    assert (stored["meta"]["disabled"], stored["meta"]["negate"]) == (True, True)
    assert stored["query"] == {"match_phrase": {REVISION: SYNTHETIC_SAMPLE}}
    assert stored["meta"]["alias"] in SETS.panels[0].text  # type: ignore[union-attr]
    artists = next(panel for panel in PANELS if panel.id == "over-represented")
    assert "synthetic tracks" in {column.label for column in artists.columns}


def test_a_data_set_has_one_colour_everywhere() -> None:
    seen: dict[str, set[str]] = {name: set() for name in CARDS}
    coloured = [
        panel for panel in CHARTS if any(column.source_field == DATASET for column in panel.columns if column.bucketed)
    ]
    for panel in coloured:
        (layer,) = visualization(panel)["layers"]
        for one in layer["colorMapping"]["assignments"]:
            (name,) = one["rule"]["values"]
            seen[name].add(one["color"]["colorCode"])
    assert {panel.id for panel in coloured} == {"datasets", "genres-by-set", "states", "rejected-by-set"}
    assert all(len(colours) == 1 for colours in seen.values())
    assert len(set.union(*seen.values())) == len(CARDS)
    for board in BOARDS:
        assert orjson.loads(STORED[board.id]["optionsJSON"])["syncColors"] is True


def test_declared_data_sets_have_colours_of_their_own() -> None:
    declared = {f"set-{number:02}": replace(CARDS["free-music-archive"], id=f"set-{number:02}") for number in range(20)}

    def colours() -> list[dict[str, str]]:
        cards.set_known({**CARDS, **declared})
        layers = [visualization(panel)["layers"][0] for panel in CHARTS]
        mappings = [layer["colorMapping"]["assignments"] for layer in layers if "colorMapping" in layer]
        return [{one["rule"]["values"][0]: one["color"]["colorCode"] for one in each} for each in mappings]

    panels = copy_context().run(colours)
    assert len(panels) == 4
    assert panels[0].keys() == CARDS.keys() | declared.keys()
    assert all(panel == panels[0] for panel in panels)
    assert len(set(panels[0].values())) == len(panels[0])
    for panel in CHARTS:
        for column in splits(panel):
            if column.source_field == DATASET:
                assert column.as_json(panel.source)["params"]["size"] >= len(panels[0])


def test_no_panel_invites_to_subtract_estimates() -> None:
    for panel in PANELS:
        estimated = [column for column in panel.columns if column.source_field == RECORDING_KEY]
        assert not (estimated and panel.buckets), panel.id


def test_a_board_has_one_source_so_no_filter_empties_a_panel() -> None:
    searches = {entry["id"]: entry for entry in objects("linernotes") if entry["type"] == "search"}
    for board in BOARDS:
        sources = {panel.source.id for panel in board.panels if isinstance(panel, Panel)}
        sources |= {one["id"] for name in board.searches for one in searches[name]["references"]}
        assert sources == {board.source.id}


def test_every_panel_of_loads_is_of_load_documents() -> None:
    board = next(board for board in BOARDS if board.id == "linernotes-board-system")
    assert {panel.query.split(" and ")[0] for panel in board.panels if isinstance(panel, Panel)} == {"entry : load"}


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_a_board_opens_with_a_stored_time(board: Any) -> None:
    attributes = STORED[board.id]
    expected = "now-90d" if board.source.time else "now-100y"
    assert (attributes["timeRestore"], attributes["timeFrom"], attributes["timeTo"]) == (True, expected, "now")
    if not board.source.time:
        assert "selects nothing" in board.panels[0].text


def test_a_saved_search_over_time_has_a_stored_time() -> None:
    for entry in objects("linernotes"):
        if entry["type"] == "search":
            over_time = any(one["id"] == "linernotes-history" for one in entry["references"])
            assert entry["attributes"].get("timeRestore", False) is over_time
            assert entry["attributes"].get("timeRange") == ({"from": "now-90d", "to": "now"} if over_time else None)


@pytest.mark.parametrize("panel", TABLES, ids=lambda panel: panel.id)
def test_names_are_not_cut_on_a_small_screen(panel: Panel) -> None:
    longest = "x" * LONGEST_DATASET_ID
    revisions = [card.revision for card in CARDS.values()]
    texts = {
        "dataset": longest,
        "generation": Generation("linernotes", longest, 1).index,
        "revision": max([*revisions, SYNTHETIC_SAMPLE], key=len),
        "at": "Nov 22, 2026 @ 10:00:00.000",
    }
    room = panel.width * (SCREEN - BESIDE) // GRID
    free = room - sum(column.width or 0 for column in panel.columns)
    others = [column for column in panel.columns if not column.width]
    assert free >= sum(len(column.label) * CHARACTER + PADDING for column in others)
    for column in panel.columns:
        text = texts.get(column.source_field)
        if text and column.operation != "unique_count":
            assert column.width
            assert len(text) * CHARACTER + PADDING <= column.width, column.label
    widths = {one["columnId"]: one.get("width") for one in visualization(panel)["columns"]}
    assert widths == {column.id: column.width for column in panel.columns}


def test_legends_are_whole_and_each_state_is_labelled() -> None:
    for panel in (panel for panel in CHARTS if panel.shape != PIE):
        assert visualization(panel)["legend"]["shouldTruncate"] is False
    states = next(panel for panel in PANELS if panel.id == "states")
    assert states.shape == BARS_STACKED
    assert [column.source_field for column in states.columns if column.bucketed] == ["state", "dataset"]


def test_no_heading_is_doubled() -> None:
    for panel in PANELS:
        stored = panel.as_json(0, 0)["embeddableConfig"]
        assert stored["hidePanelTitles"] is (panel.shape == NUMBER)
        if panel.shape == NUMBER:
            assert [column.label for column in panel.columns] == [panel.title]
        elif panel.shape not in (PIE, TABLE):
            assert visualization(panel)["axisTitlesVisibilitySettings"]["x"] is False
    plays = [panel.title for panel in PANELS if any(column.source_field == PLAYS for column in panel.columns)]
    assert plays == ["Data sets in numbers"]


def test_a_stored_zero_is_shown_and_an_unknown_number_is_not_zero() -> None:
    empty = {
        column.source_field: column.params["emptyAsNull"]
        for panel in PANELS
        for column in panel.columns
        if column.operation in ("sum", "count", "unique_count")
    }
    assert empty.pop(PLAYS) is True  # most data sets have none: 0 would be wrong
    assert set(empty.values()) == {False}
    assert {"read", "indexed", "duplicates", "skipped", "rejected"} <= empty.keys()


def test_fields_are_shown_as_what_they_are() -> None:
    stored = STORED[TRACKS.id]
    formats = orjson.loads(stored["fieldFormatMap"])
    assert formats[LICENCE_URL]["id"] == formats["url"]["id"] == "url"
    assert formats[YEAR] == {"id": "number", "params": {"pattern": "0"}}
    (und,) = formats[LANGUAGE]["params"]["lookupEntries"]
    assert und == {"key": "und", "value": "undetermined (und)"}
    assert orjson.loads(stored["sourceFilters"]) == [{"value": FINGERPRINT}]
