"""Conventions that hold for every command: limits, lists, choices, standard input and output, files, completion."""

import io
import os
import shlex
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import orjson
import pytest

from indexer.update.strategy import STRATEGIES
from linernotes.cli import keys, load, main
from linernotes.security.roles import ROLES
from queries import By, Sort
from queries.model import Group
from tests.cli.conftest import Run
from tests.cli.test_bad_input import one_sentence


def total(run: Run, *arguments: str) -> int:
    ran = run("search", *arguments, "--limit", "0", "--facets", "none", "--json")
    assert ran.code == 0, ran.err
    return int(orjson.loads(ran.out)["total"]["value"])


def test_version_and_help(run: Run) -> None:
    assert run("--version").out == f"linernotes {version('linernotes')}\n"
    for arguments in ((), ("search",), ("rejected",), ("rejected", "export")):
        assert run(*arguments, "-h").out == run(*arguments, "--help").out != ""


def test_one_line_helps_are_whole(run: Run) -> None:
    shown = run("--help").out
    assert "..." not in shown.partition("First:")[2]
    assert all(f"\n{panel}:\n" in shown for panel in main.PANELS)


@pytest.mark.parametrize(
    "command",
    [("search",), ("facet",), ("suggest",), ("artist",), ("stats",), ("history",), ("rejected", "show")],
    ids=" ".join,
)
def test_a_number_of_rows_is_a_limit(run: Run, command: tuple[str, ...]) -> None:
    assert "--limit, --size N" in run(*command, "--help").out


@pytest.mark.usefixtures("on_samples")
class TestLists:
    def test_repeated_or_with_commas(self, run: Run) -> None:
        two = ("spotify-tracks-dataset", "free-music-archive")
        expected = total(run, "--dataset", two[0]) + total(run, "--dataset", two[1])
        assert total(run, "--dataset", ",".join(two)) == expected
        assert total(run, "--dataset", two[0], "--dataset", two[1]) == expected
        assert total(run, "--dataset", f"-{two[0]}, -{two[1]}") == total(run) - expected
        assert total(run, "--year", "1990..1994,1995..1999") == total(run, "--decade", "1990s") > 0

    def test_facets(self, run: Run) -> None:
        for facets in (("--facets", "genre,year"), ("--facets", "genre", "--facets", "year")):
            ran = run("search", *facets, "--limit", "0", "--json")
            assert list(orjson.loads(ran.out)["facets"]) == ["genre", "year"]

    def test_a_name_may_contain_commas(self, run: Run) -> None:
        values = orjson.loads(run("facet", "artist", "--contains", ",", "--limit", "2", "--json").out)["values"]
        name, other = values[0]["value"], "Kurt Vile"
        assert "," in name
        assert total(run, "--artist", name) == values[0]["count"]
        expected = total(run, "--artist", name, "--artist", other)
        assert total(run, "--artist", f'"{name}","{other}"') == expected > values[0]["count"]

    def test_the_next_page_keeps_them(self, run: Run) -> None:
        datasets = ("--dataset", "spotify-tracks-dataset,free-music-archive")
        given = ("search", "--artist", 'a,"b', "--artist", '"Kurt Vile","AWOL"', *datasets, "--limit", "1")
        command = run(*given).out.partition("Next page: ")[2].splitlines()[0]
        assert run(*shlex.split(command)[1:]).code == 0
        assert "--dataset spotify-tracks-dataset --dataset free-music-archive" in command

    def test_one_that_is_unknown(self, run: Run) -> None:
        ran = run("search", "--genre", "rock,rokc")
        assert ran.code == 1
        assert "rokc" in one_sentence(ran.err)


CHOICES: Sequence[tuple[tuple[str, ...], Sequence[str]]] = [
    (("search", "--sort"), list(Sort)),
    (("search", "--group"), list(Group)),
    (("facet", "genre", "--sort"), list(By)),
    (("update", "laion-disco-12m", "x", "--way"), STRATEGIES),
    (("keys", "create", "--role"), list(ROLES)),
]


@pytest.mark.parametrize(("arguments", "known"), CHOICES, ids=lambda each: " ".join(each))
def test_a_wrong_choice_lists_the_right_ones(run: Run, arguments: tuple[str, ...], known: Sequence[str]) -> None:
    ran = run(*arguments, "beauty")
    assert ran.code == 2
    said = one_sentence(ran.err)
    assert "beauty" in said
    assert "Value error" not in said
    assert all(repr(each) in said for each in map(str, known))


def test_choices_are_those_of_the_program() -> None:
    role, way = get_args(keys.RoleName)[0], get_args(get_args(load.StrategyName)[0])[0]
    assert get_args(role) == tuple(ROLES)
    assert get_args(way) == tuple(STRATEGIES)


@pytest.fixture
def stdin(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return a function that sets what standard input gives."""

    def give(content: bytes) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))

    return give


@pytest.mark.usefixtures("on_samples")
class TestStandardStreams:
    CATALOGUE = b"artist,title\nKurt Vile,Freeway\nKurt Vile,No such song at all\n"

    def test_a_catalogue_and_its_report(self, run: Run, stdin: Any) -> None:
        stdin(self.CATALOGUE)
        report = run("check", "-", "--out", "-")
        assert report.code == 0, report.err
        lines = [orjson.loads(line) for line in report.out.splitlines()]
        assert [line["verdict"] for line in lines[:-1]] == ["found", "not found"]
        stdin(report.out.encode())
        verified = run("verify", "-")
        assert (verified.code, "standard input still holds" in verified.out) == (0, True)

    def test_a_page_is_verified_too(self, run: Run, stdin: Any, tmp_path: Path) -> None:
        stdin(self.CATALOGUE)
        assert run("check", "-", "--out", tmp_path / "a.html").code == 0
        stdin((tmp_path / "a.html").read_bytes())
        assert run("verify", "-").code == 0
        stdin(b"row,artist\n1,x\n")
        ran = run("verify", "-")
        assert ran.code == 1
        assert "standard input is no report" in one_sentence(ran.err)

    def test_a_pipe_can_be_checked(self, run: Run, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "pipe")
        with subprocess.Popen(["sh", "-c", 'printf "artist,title\nKurt Vile,Freeway\n" > "$0"', tmp_path / "pipe"]):
            ran = run("check", tmp_path / "pipe", "--json")
        assert ran.code == 0, ran.err
        assert orjson.loads(ran.out.splitlines()[0])["verdict"] == "found"

    def test_rejected_records(self, run: Run) -> None:
        shown = run("rejected", "show", "sleeping-disco-9m", "--limit", "100", "--json").out.splitlines()[:-1]
        assert run("rejected", "export", "sleeping-disco-9m", "--out", "-").out.splitlines() == shown != []
        ran = run("rejected", "export", "sleeping-disco-9m", "--out", "-", "--json")
        assert (ran.code, ran.out) == (1, "")

    def test_objects_of_kibana(self, run: Run, stdin: Any) -> None:
        stdin(b'{"id": "x", "type": "search", "attributes": {}, "references": [{"id": "y", "type": "index-pattern"}]}')
        ran = run("kibana", "check", "-", "--json")
        assert ran.code in (1, 5)
        assert "standard input" in ran.err + ran.out or ran.code == 5


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize(
    ("command", "suffix"),
    [
        (("check", "{catalogue}"), "html"),
        (("rejected", "export", "sleeping-disco-9m"), "csv"),
        (("export",), "parquet"),
    ],
    ids=["check", "rejected export", "export"],
)
def test_no_file_is_replaced_unless_that_is_wanted(
    run: Run, tmp_path: Path, command: tuple[str, ...], suffix: str
) -> None:
    catalogue, out = tmp_path / "catalogue.csv", tmp_path / f"mine.{suffix}"
    catalogue.write_bytes(TestStandardStreams.CATALOGUE)
    out.write_text("mine")
    arguments = [each.format(catalogue=catalogue) for each in command]
    ran = run(*arguments, "--out", out)
    assert (ran.code, out.read_text()) == (1, "mine")
    assert "--overwrite" in one_sentence(ran.err)
    assert run(*arguments, "--out", out, "--overwrite").code == 0
    assert out.read_bytes() != b"mine"


@pytest.mark.usefixtures("on_samples")
def test_words_are_joined(run: Run) -> None:
    for command in (("search",), ("facet", "genre"), ("suggest",), ("artist",), ("stats",)):
        whole, words = (run(*command, *text, "--json") for text in (("Kurt Vile",), ("Kurt", "Vile")))
        assert without_times(whole.out) == without_times(words.out)
    assert orjson.loads(run("watch", "add", "Kurt", "Vile", "--json").out)["name"] == "Kurt Vile"
    assert run("watch", "remove", "kurt", "vile").code == 0


def without_times(out: str) -> dict[str, Any]:
    return {name: value for name, value in orjson.loads(out).items() if name not in ("took_ms", "next")}


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("linernotes ver", ["verify"]),
        ("linernotes search --sort ", list(Sort)),
        ("linernotes search --genre rock,-ja", ["rock,-jazz"]),
        ("linernotes facet lic", ["licence", "licence_family"]),
        ("linernotes load spo", ["spotify-tracks-dataset"]),
        ("linernotes rejected export fr", ["free-music-archive"]),
        ("linernotes keys create --role lo", ["loader"]),
    ],
)
def test_completion(words: str, expected: Sequence[str]) -> None:
    environment = {
        "_LINERNOTES_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(shlex.split(f"{words}x")) - 1),
    }
    command = [sys.executable, "-m", "linernotes"]
    ran = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == list(map(str, expected))
