"""What Kibana asks for each panel, a real Elasticsearch answers, with the figures that the command line gives too."""

from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from linernotes.kibana.boards import BOARDS, SEARCHES
from linernotes.kibana.objects import objects
from linernotes.kibana.panels import Panel
from mappings.cards import SYNTHETIC_SAMPLE
from mappings.track import DATASET, REVISION
from tests.cli.conftest import Run
from tests.kibana import kibana_requests

Json = dict[str, Any]

RECORDED = orjson.loads(Path(__file__).with_name("requests.json").read_bytes())["panels"]
STORED = {entry["id"]: entry for entry in objects("linernotes") if entry["type"] == "dashboard"}
PANELS = {panel.id: (board, panel) for board in BOARDS for panel in board.panels if isinstance(panel, Panel)}
SYNTHETIC = ("laion-disco-12m", "sleeping-disco-9m")
LAST_QUARTER = {"at": {"gte": "now-90d", "lte": "now", "format": "strict_date_optional_time"}}


@pytest.mark.parametrize("recorded", RECORDED, ids=lambda recorded: recorded["what"])
def test_requests_are_made_as_kibana_made_them(recorded: Json) -> None:
    layer = {"columnOrder": recorded["columnOrder"], "columns": recorded["columns"]}
    states = {"formBased": {"layers": {"layer": layer}}}
    state = {"query": {"query": recorded["query"]}, "datasourceStates": states}
    assert kibana_requests.request({"embeddableConfig": {"attributes": {"state": state}}}) == recorded["request"]


class Answers:
    """The answers to what Kibana asks, over the sample rows."""

    def __init__(self, client: Elasticsearch, prefix: str) -> None:
        self.client, self.prefix = client, prefix

    def __call__(self, name: str, filters: list[Json] | None = None) -> Json:
        board, panel = PANELS[name]
        stored = STORED[board.id]
        time = LAST_QUARTER if board.source.time else None
        active = kibana_requests.filters(stored) if filters is None else filters
        request = kibana_requests.request(kibana_requests.panels(stored)[name], active, time)
        index = panel.source.index(self.prefix)
        answer = self.client.search(index=index, size=0, track_total_hits=True, **request)
        assert answer["_shards"]["failed"] == 0
        return dict(answer.body)

    def total(self, name: str, filters: list[Json] | None = None) -> int:
        """Return the number of documents that a panel shows."""
        answer = self(name, filters)
        condition = answer.get("aggregations", {}).get("0-bucket")
        return int(condition["doc_count"] if condition else answer["hits"]["total"]["value"])

    def buckets(self, name: str, filters: list[Json] | None = None) -> list[Json]:
        found: list[Json] = self(name, filters)["aggregations"]["0"]["buckets"]
        return found

    def counts(self, name: str) -> dict[Any, int]:
        return {bucket["key"]: bucket["doc_count"] for bucket in self.buckets(name)}


@pytest.fixture(scope="module")
def kibana(client: Elasticsearch, loaded: str) -> Answers:
    client.indices.refresh(index=f"{loaded}-*")
    return Answers(client, loaded)


def asked(run: Run, *arguments: str) -> Json:
    """Return what a command answers in JSON."""
    ran = run(*arguments, "--json")
    assert ran.code == 0, ran.err
    answer: Json = orjson.loads(ran.out)
    return answer


def test_every_panel_is_answered(kibana: Answers) -> None:
    for name in PANELS:
        assert kibana.total(name) > 0 or name in ("building", "failed"), name  # nobody loads, and no load failed


@pytest.mark.usefixtures("on_samples")
def test_numbers_are_those_of_searches(kibana: Answers, run: Run) -> None:
    everything = asked(run, "search", "--size", "0", "--facets", "licence_family,year")
    missing = {name: facet["missing"] for name, facet in everything["facets"].items()}
    assert kibana.total("tracks") == everything["total"]["value"]
    assert kibana.total("unlicensed") == missing["licence_family"] > 0
    assert kibana.total("undated") == missing["year"] > 0
    prohibited = asked(run, "search", "--size", "0", "--commercial-use", "prohibited")
    assert kibana.total("prohibited") == prohibited["total"]["value"] > 0
    synthetic = asked(run, "search", "--size", "0", "--dataset", ",".join(SYNTHETIC))
    assert kibana.total("synthetic") == synthetic["total"]["value"] > 0


FACETS = {
    "datasets": "dataset",
    "platforms": "platform",
    "genres": "genre",
    "genres-by-set": "genre",
    "licences": "licence_family",
    "languages": "language",
    "commercial": "commercial_use",
    "derivatives": "derivatives",
}


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize(("name", "facet"), FACETS.items())
def test_charts_are_the_facets_with_what_has_no_value(kibana: Answers, run: Run, name: str, facet: str) -> None:
    answer = asked(run, "search", "--size", "0", "--facets", facet)
    expected = answer["facets"][facet]
    shown = kibana.counts(name)
    assert shown.pop(kibana_requests.MISSING, 0) == expected["missing"]
    values = {bucket["value"]: bucket["count"] for bucket in expected["buckets"]}
    common = values.keys() & shown.keys()
    assert len(common) == min(len(values), len(shown)) > 0
    assert {value: shown[value] for value in common} == {value: values[value] for value in common}
    if facet != "genre":  # a track has several of these
        left = kibana(name)["aggregations"]["0"]["sum_other_doc_count"]
        assert sum(shown.values()) + left + expected["missing"] == answer["total"]["value"]


def test_years_and_tracks_without_one_are_all_tracks(kibana: Answers) -> None:
    assert sum(kibana.counts("years").values()) + kibana.total("undated") == kibana.total("tracks")


@pytest.mark.usefixtures("on_samples")
def test_the_table_says_which_data_sets_are_synthetic(kibana: Answers, run: Run) -> None:
    sizes = {
        bucket["value"]: bucket["count"]
        for bucket in asked(run, "search", "--size", "0", "--facets", "dataset")["facets"]["dataset"]["buckets"]
    }
    for bucket in kibana.buckets("numbers"):
        (revision,) = bucket["1"]["buckets"]
        assert bucket["doc_count"] == revision["doc_count"] == sizes[bucket["key"]]
        assert (revision["key"] == SYNTHETIC_SAMPLE) == (bucket["key"] in SYNTHETIC)


@pytest.mark.usefixtures("on_samples")
def test_artists_with_most_tracks_and_how_many_of_these_are_synthetic(kibana: Answers, run: Run) -> None:
    facet = asked(run, "search", "--size", "0", "--facets", "artist")["facets"]["artist"]
    shown = kibana.buckets("over-represented")
    values = {bucket["value"]: bucket["count"] for bucket in facet["buckets"]}
    assert {bucket["key"]: bucket["doc_count"] for bucket in shown}.items() >= values.items()
    synthetic = {bucket["key"]: bucket["2-bucket"]["doc_count"] for bucket in shown}
    one = max(synthetic, key=lambda name: synthetic[name])
    found = asked(run, "search", "--size", "0", "--artist", one, "--dataset", ",".join(SYNTHETIC))
    assert synthetic[one] == found["total"]["value"] > 0


def test_the_filter_leaves_out_synthetic_tracks(kibana: Answers) -> None:
    (stored,) = kibana_requests.filters(STORED["linernotes-board-sets"])
    on = [stored | {"meta": stored["meta"] | {"disabled": False}}]
    assert kibana.total("tracks", on) == kibana.total("tracks") - kibana.total("synthetic")
    assert kibana.total("synthetic", on) == 0
    assert {bucket["key"] for bucket in kibana.buckets("datasets", on)}.isdisjoint(SYNTHETIC)


@pytest.mark.usefixtures("on_samples")
def test_loads_are_those_of_the_command_line(kibana: Answers, run: Run, client: Elasticsearch, loaded: str) -> None:
    listed = asked(run, "generations")["generations"]
    assert kibana.total("generations") == len(listed)
    assert kibana.counts("states") == {"current": len(listed)}
    rows = {bucket["key"]: bucket for bucket in kibana.buckets("loads")}
    for one in listed:
        row = {name: rows[one["generation"]][str(number)]["value"] for number, name in enumerate(COUNTS, 1)}
        assert row["indexed"] == one["documents"]
        assert row["read"] == row["indexed"] + row["duplicates"] + row["skipped"] + row["rejected"]
    rejected = Counter[str]()
    for row in asked(run, "rejected", "list")["rejected"]:
        rejected[row["kind"]] += row["records"]
    assert kibana.counts("reasons") == dict(rejected)
    assert kibana.total("rejected") == rejected.total() > 0
    assert kibana.total("events") == client.count(index=f"{loaded}-history")["count"]


COUNTS = ("read", "indexed", "duplicates", "skipped", "rejected")


@pytest.mark.parametrize("board", BOARDS, ids=lambda board: board.id)
def test_whatever_is_clicked_empties_no_panel_of_its_board(kibana: Answers, board: Any) -> None:
    for panel in (panel for panel in board.panels if isinstance(panel, Panel)):
        fields = {column.source_field for column in panel.columns if column.operation == "terms"}
        for field in fields & {DATASET, REVISION, "generation", "state", "kind", "event"}:
            for key in _keys(kibana, board, field)[:1]:
                clicked = {"meta": {"disabled": False, "negate": False}, "query": {"match_phrase": {field: key}}}
                for name in (one.id for one in board.panels if isinstance(one, Panel)):
                    if kibana(name)["hits"]["total"]["value"]:
                        assert kibana(name, [clicked])["hits"]["total"]["value"] > 0, (field, key, name)


def _keys(kibana: Answers, board: Any, field: str) -> list[str]:
    """Return the values of a field, the most frequent first, among what all panels of a board are about."""
    panel = next(
        one
        for one in board.panels
        if isinstance(one, Panel) and any(column.source_field == field for column in one.columns)
    )
    query = kibana_requests.search(panel.query)
    index = panel.source.index(kibana.prefix)
    answer = kibana.client.search(index=index, size=0, query=query, aggs={"values": {"terms": {"field": field}}})
    return [bucket["key"] for bucket in answer["aggregations"]["values"]["buckets"]]


@pytest.mark.parametrize("entry", SEARCHES, ids=lambda entry: entry.id)
def test_a_search_searches(kibana: Answers, entry: Any) -> None:
    sort = [{name: order} for name, order in entry.sort]
    query = kibana_requests.search(entry.query)
    answer = kibana.client.search(index=entry.source.index(kibana.prefix), query=query, sort=sort, size=1)
    assert answer["_shards"]["failed"] == 0
    assert set(entry.columns) & answer["hits"]["hits"][0]["_source"].keys()
