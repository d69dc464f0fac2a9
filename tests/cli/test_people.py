"""`suggest`, `artist`, `overlap` and `stats`, as other programs run them over the sample rows."""

import re
from typing import Any

import orjson
import pytest
from jsonschema import validate

from mappings.cards import PRESENCE_IS_NO_PROOF
from tests.cli.conftest import Run
from tests.cli.test_bad_input import one_sentence
from tests.cli.test_contract import schema

pytestmark = pytest.mark.usefixtures("on_samples")


def asked(run: Run, *arguments: str) -> Any:
    ran = run(*arguments, "--json")
    assert ran.code == 0, ran.err
    assert not ran.err
    answer = orjson.loads(ran.out)
    validate(answer, schema(arguments[0]))
    return answer


def test_suggest(run: Run) -> None:
    answer = asked(run, "suggest", "queens", "of", "the")
    assert answer["artists"][0]["name"] == "Queens of the Stone Age"
    assert asked(run, "suggest", "zzzzqq") | {"took_ms": 0} == {
        "artists": [], "titles": [], "complete": True, "text_truncated": False, "took_ms": 0,
    }  # fmt: skip
    for letter in "abckö東":
        assert asked(run, "suggest", letter, "--size", "3")["text_truncated"] is False


def test_suggested_counts_are_those_of_the_facet(run: Run) -> None:
    for text in ("kurt", "dan", "the"):
        for artist in asked(run, "suggest", text, "--size", "5")["artists"]:
            same = [
                other for other in asked(run, "artist", artist["name"])["candidates"] if other["name"] == artist["name"]
            ]
            page = asked(
                run, "facet", "artist", "--artist", artist["name"], "--size", "1000", "--contains", artist["name"]
            )
            (value,) = (each for each in page["values"] if each["value"] == artist["name"])
            assert value["count"] == sum(other["count"] for other in same)


def test_artist(run: Run) -> None:
    answer = asked(run, "artist", "Kurt Vile")
    page = answer["artist"]
    assert page["name"] == answer["candidates"][0]["name"] == "Kurt Vile"
    assert page["tracks"] == {"value": answer["candidates"][0]["count"], "exact": True}
    total = asked(run, "search", "--artist", "Kurt Vile", "--size", "0", "--facets", "none")["total"]
    assert page["tracks"] == total
    assert answer["note"] == PRESENCE_IS_NO_PROOF
    assert page["used_by"]["free-music-archive"]
    by_id = asked(run, "artist", "--id", answer["candidates"][0]["ids"][0])
    assert by_id["artist"]["name"] == "Kurt Vile"


@pytest.mark.parametrize("name", ["Queen", "kurt vile", "nobody of this name", "the", "é"])
def test_artist_for_people(run: Run, name: str) -> None:
    ran = run("artist", name)
    assert ran.code == 0
    assert PRESENCE_IS_NO_PROOF in ran.out


@pytest.mark.parametrize(
    "arguments", [(), ("--dataset=-laion-disco-12m",), ("--genre", "rock"), ("--exact",), ("--artist", "nobody at all")]
)
def test_overlap(run: Run, arguments: tuple[str, ...]) -> None:
    answer = asked(run, "overlap", *arguments)
    assert answer["exact"]
    assert answer["confidence"] is None
    filters = [argument for argument in arguments if argument != "--exact"]
    assert answer["tracks"] == asked(run, "search", *filters, "--size", "0", "--facets", "none")["total"]
    recordings = answer["recordings"]
    assert recordings["distinct"]["value"] == sum(each["distinct"]["value"] for each in recordings["in_datasets"])
    assert run("overlap", *arguments).code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("love",),
        ("--dataset", "free-music-archive"),
        ("--dataset=-laion-disco-12m", "--year", "1990.."),
        ("zzzzqq",),
    ],
)
def test_stats(run: Run, arguments: tuple[str, ...]) -> None:
    answer = asked(run, "stats", *arguments)
    assert answer["total"] == asked(run, "search", *arguments, "--size", "0", "--facets", "none")["total"]
    found = asked(run, "search", *arguments, "--size", "0", "--facets", "genre,licence,commercial_use,language,decade")
    for name, facet in found["facets"].items():
        shares = answer["all"]["shares"].get(name, {"values": [], "missing": 0})
        shown = [(each["value"], each["count"]) for each in shares["values"]]
        assert [(each["value"], each["count"]) for each in facet["buckets"]] == shown[: len(facet["buckets"])]
        assert shares["missing"] == facet["missing"]


def test_bars_are_for_people_only(run: Run) -> None:
    ran = run("stats", "--dataset", "free-music-archive")
    assert ran.code == 0
    assert not re.search("[█▏▎▍▌▋▊▉]", ran.out)
    assert "over-represented in free-music-archive" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("suggest", ""), ("suggest", "\x07"), ("suggest", "a", "--size", "0"),
        ("artist",), ("artist", " "), ("artist", "--id", "x" * 100_000), ("artist", "a", "--size", "101"),
        ("overlap", "--dataset", "fma"), ("overlap", "--year", "soon"), ("overlap", "--artist", "x" * 100_000),
        ("stats", "--dataset", "fma"), ("stats", "--size", "0"), ("stats", "--genre", "rokc"),
    ],
)  # fmt: skip
def test_what_cant_be_asked_is_one_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.code == 1
    assert not ran.out
    one_sentence(ran.err)


@pytest.mark.parametrize("name", ["x" * 100_000, "\x1b[31mred", "\u202eabc", "a\x00b", '"', "-", "[bold]", "$(ls)"])
def test_hostile_names(run: Run, name: str) -> None:
    for command in ("suggest", "artist", "stats"):
        ran = run(command, "--", name)
        assert ran.code == 0, ran.err
        assert "\x1b[31m" not in ran.out
        assert "\u202e" not in ran.out


def test_nothing_loaded(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINERNOTES_PREFIX", "nothing-is-called-so")
    for arguments in (("suggest", "a"), ("artist", "a"), ("overlap",), ("stats",)):
        ran = run(*arguments)
        assert ran.code == 1
        assert "Nothing is loaded" in one_sentence(ran.err)
