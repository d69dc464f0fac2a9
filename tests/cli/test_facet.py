"""`linernotes facet`, and filters that exclude, as other programs run them."""

import shlex

import orjson
import pytest
from jsonschema import validate

from queries import FACETS
from tests.cli.conftest import Run
from tests.cli.test_bad_input import one_sentence
from tests.cli.test_contract import schema

pytestmark = pytest.mark.usefixtures("on_samples")


@pytest.mark.parametrize("name", FACETS)
def test_json(run: Run, name: str) -> None:
    ran = run("facet", name, "--json")
    assert ran.code == 0, ran.err
    answer = orjson.loads(ran.out)
    validate(answer, schema("facet"))
    assert answer["facet"] == name


def test_pages_are_the_whole_once(run: Run) -> None:
    for sort in ("count", "value"):
        options = ("--sort", sort, "--dataset=-laion-disco-12m", "--json")
        seen, cursor = [], list[str]()
        while True:
            page = orjson.loads(run("facet", "artist", *options, "--size", "400", *cursor).out)
            seen += [(value["value"], value["count"]) for value in page["values"]]
            if page["next"] is None:
                break
            cursor = ["--after", page["next"]]
        assert len(seen) == len({value for value, _ in seen}) > 1000
        assert seen == sorted(seen, key=lambda pair: (-pair[1] if sort == "count" else 0, pair[0]))


def test_the_next_page_can_be_pasted(run: Run) -> None:
    first = run("facet", "artist", "--contains", "the", "--size", "2", "--genre=-rock", "--", "-the")
    command = first.out.partition("Next page: ")[2].splitlines()[0]
    assert command.startswith("linernotes facet ")
    second = run(*shlex.split(command)[1:])
    assert second.code == 0, second.err
    assert first.out.splitlines()[1] not in second.out


def test_not_is_the_rest(run: Run) -> None:
    def total(*arguments: str) -> int:
        return int(
            orjson.loads(run("search", "--json", "--size", "0", "--facets", "none", *arguments).out)["total"]["value"]
        )

    everything = total()
    assert 0 < total("--genre=-rock") == everything - total("--genre", "rock") < everything
    assert 0 < total("--genre=-none") == everything - total("--genre", "none") < everything
    assert total("--duration", "3:00..4:00") + total("--duration=-3:00..4:00") == everything
    assert total("--decade", "1990s") == total("--year", "1990..1999") > 0


@pytest.mark.parametrize(
    "arguments", [("facet", "decade"), ("search", "--size", "0", "--facets", "decade"), ("stats",)], ids=" ".join
)
def test_decades_are_written_alike(run: Run, arguments: tuple[str, ...]) -> None:
    assert " 1990s " in run(*arguments).out


@pytest.mark.parametrize(
    "arguments",
    [
        ("facet", "gener"),
        ("facet", "genre", "--genre=-rokc"),
        ("facet", "artist", "--contains", "a\x1bb"),
        ("facet", "artist", "--contains", "x" * 100_000),
        ("facet", "artist", "--artist", "x" * 100_000),
        ("facet", "genre", "--genre", "x" * 100_000),
        ("facet", "artist", "--after", "x"),
        ("facet", "artist", "--size", "0"),
        ("search", "--duration", "4:00..3:00"),
        ("search", "--decade", "1995"),
        ("search", "--derivatives=-some"),
    ],
)
def test_what_cant_be_asked_is_one_sentence(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run(*arguments)
    assert ran.code == 1
    assert not ran.out
    one_sentence(ran.err)


def test_regular_expressions_are_only_text(run: Run) -> None:
    for text in (".*", "(a+)+$", "[^x]", "a|b", "\\", "*", '"', "~@#&<>"):
        ran = run("facet", "artist", "--json", "--contains", text)
        assert ran.code == 0, ran.err
        assert all(text.lower() in value["value"].lower() for value in orjson.loads(ran.out)["values"]) or "&" in text
