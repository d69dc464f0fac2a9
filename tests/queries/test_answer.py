"""The JSON of the contract from the command line, and what people see."""

from pathlib import Path
from typing import Any

import jsonschema
import orjson
import pytest
import typer
from typer.testing import CliRunner

import queries
from linernotes.cli import ask, datasets
from linernotes.output.search import hit_lines
from linernotes.output.terminal import visible
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from mappings.errors import InputError
from tests.queries.conftest import Collection

SCHEMA = orjson.loads((Path(__file__).parents[1] / "schemas" / "search.json").read_bytes())

app = typer.Typer(rich_markup_mode=None, pretty_exceptions_enable=False)
app.command("search")(ask.search)
app.add_typer(datasets.app, name="datasets")


@pytest.fixture
def front_door(collection: Collection, es_url: str, monkeypatch: pytest.MonkeyPatch) -> Collection:
    monkeypatch.setenv("LINERNOTES_URL", es_url)
    monkeypatch.setenv("LINERNOTES_PREFIX", collection.prefix)
    monkeypatch.setenv("COLUMNS", "100")
    return collection


def run(*arguments: str) -> str:
    return CliRunner().invoke(app, arguments, catch_exceptions=False, standalone_mode=False).stdout


def answer(*arguments: str) -> dict[str, Any]:
    result: dict[str, Any] = orjson.loads(run("search", *arguments, "--json"))
    jsonschema.validate(result, SCHEMA)
    return result


def test_the_command_line_gives_the_same_answer(front_door: Collection) -> None:
    arguments = ("bakolu", "--genre", "rock", "--genre", "none", "--year", "1990..1999", "--facets", "genre,year")
    request = queries.request(
        "bakolu", filters_by_facet={"genre": ["rock", "none"], "year": ["1990..1999"]}, facet_names=["genre", "year"]
    )
    expected = front_door.searcher.search(request).as_json()
    assert answer(*arguments) | {"took_ms": 0} == expected | {"took_ms": 0}


def test_every_filter_is_an_option(front_door: Collection) -> None:
    filters = {
        "--dataset": "free-music-archive",
        "--genre": "Rock",
        "--licence": "CC0-1.0",
        "--commercial-use": "allowed",
        "--language": "FR",
        "--platform": "Spotify",
        "--artist": "Bakolu Nerwyck",
        "--year": "..1999",
    }
    totals = [answer(option, value, "--size", "0")["total"]["value"] for option, value in filters.items()]
    everything = [part for pair in filters.items() for part in pair]
    assert all(0 < total < len(front_door.tracks) for total in totals)
    assert answer(*everything)["total"]["value"] <= min(totals)


def test_the_next_page_follows_from_the_cursor(front_door: Collection) -> None:
    first = answer("bakolu", "--size", "3", "--facets", "none")
    second = answer("bakolu", "--size", "3", "--after", first["next"])
    assert first["facets"] == {}
    assert set(second["facets"]) == set(queries.DEFAULT_FACETS)
    assert not {hit["id"] for hit in first["hits"]} & {hit["id"] for hit in second["hits"]}


def test_words_need_no_quotes(front_door: Collection) -> None:
    assert answer("bakolu", "dremon")["total"] == answer("bakolu dremon")["total"]


def test_people_see_hits_facets_and_the_next_page(front_door: Collection) -> None:
    shown = run("search", "bakolu", "--genre", "rock", "--size", "2")
    assert "[exact]" in shown
    assert "✓ rock" in shown
    assert "1990s" in shown
    following = shown.partition("Next page: ")[2].splitlines()[0]
    assert following.startswith("linernotes search --after ")
    assert following.endswith(" --genre rock --limit 2 bakolu")
    assert PRESENCE_IS_NO_PROOF in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize("columns", ["10", "30", "79", "300"])
def test_any_width_will_do(front_door: Collection, columns: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    total = front_door.searcher.search(queries.request("bakolu", size=0)).total.value
    assert f"{total} tracks in" in run("search", "bakolu")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--dataset", "laion-disco"), "Did you mean laion-disco-12m?"),
        (("--genre", "rok"), "Did you mean rock?"),
        (("--commercial-use", "yes"), "Known: allowed, prohibited, unknown."),
        (("--facets", "gener"), "Did you mean genre?"),
        (("--year", "2005..1990"), "Write the earlier year first"),
        (("--after", "x"), "Bad cursor"),
        (("--size", "5000"), "Ask for 0 to 1000."),
    ],
)
def test_wrong_input_is_told_in_a_sentence(front_door: Collection, arguments: tuple[str, ...], sentence: str) -> None:
    with pytest.raises(InputError) as problem:
        run("search", *arguments)
    assert sentence in str(problem.value)


def test_texts_are_shown_not_obeyed() -> None:
    assert visible("a\x1b[31mb\r\n\x07\u202ec\x9b[link=x]") == "a␛[31mb␍␊␇\ufffdc\ufffd[link=x]"


def test_matched_words_are_marked() -> None:
    title = "[i]Pink\x1b Moon[/i]"
    track = {"title": title, "artists": ["Nick\nDrake"], "year": 1972, "url": None}
    marked = {"title": {title: ((3, 8),)}}
    (heading, facts) = hit_lines((queries.Hit("a:1", 1.0, "folded", track, marked),))
    assert heading.plain == " 1. Nick␊Drake – [i]Pink␛ Moon[/i]  [folded]"
    assert [heading.plain[span.start : span.end] for span in heading.spans if "yellow" in str(span.style)] == ["Pink␛"]
    assert facts.plain.strip() == "1972"


def test_cards_with_what_is_loaded(front_door: Collection) -> None:
    shown = run("datasets")
    assert all(card in shown for card in CARDS)
    assert f"tracks in {front_door.prefix}-free-music-archive-g000001, revision 1" in shown
    assert PRESENCE_IS_NO_PROOF in shown


def test_cards_as_json(front_door: Collection) -> None:
    result = orjson.loads(run("datasets", "--json"))
    assert result["known"]
    assert [row["id"] for row in result["datasets"]] == list(CARDS)
    assert sum(row["loaded"]["records"] for row in result["datasets"]) == len(front_door.tracks)


def test_cards_without_elasticsearch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINERNOTES_URL", "http://127.0.0.1:9")
    assert "not known: Elasticsearch can't be reached" in run("datasets")
    result = orjson.loads(run("datasets", "--json"))
    assert not result["known"]
    assert {row["loaded"] for row in result["datasets"]} == {None}
