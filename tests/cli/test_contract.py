"""The contract: every command explains itself, and its JSON has the promised shape."""

import re
import shlex
from pathlib import Path
from typing import Any

import orjson
import pytest
from jsonschema import validate

from linernotes.cli import main
from linernotes.settings import VARIABLES
from tests.cli.conftest import DATASETS, Run, commands

PROJECT = Path(__file__).parents[2]
SCHEMAS = PROJECT / "tests" / "schemas"
REFERENCE = PROJECT / "docs" / "reference"


def schema(name: str) -> Any:
    return orjson.loads((SCHEMAS / f"{name}.json").read_bytes())


COMMANDS = list(commands())


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_explains(run: Run, command: tuple[str, ...]) -> None:
    ran = run(*command, "--help")
    assert ran.code == 0
    assert ran.out.startswith(f"Usage: linernotes {' '.join(command)}")
    options = re.findall(r"^  (?:-h, )?(--[a-z-]+)", ran.out, flags=re.MULTILINE)
    assert "--help" in options
    assert "--json" in options


def test_the_reference_names_every_command_setting_and_exit_code() -> None:
    """The tables are made from the same code (`make docs`): this looks for what their makers may leave out."""
    text = (REFERENCE / "command-line.md").read_text()
    for command in COMMANDS:
        assert f"\n### {' '.join(command)}\n" in text
    codes = (REFERENCE / "exit-codes.md").read_text()
    for code, meaning in main.EXIT_CODES.items():
        assert f"| {code} | {meaning} |" in codes
    variables = (REFERENCE / "settings.md").read_text()
    for name in (*VARIABLES, "LINERNOTES_KIBANA_URL"):
        assert f"| `{name}` | " in variables


@pytest.mark.usefixtures("cli_environment")
def test_load(run: Run, sample_files: dict[str, list[Path]]) -> None:
    for dataset in DATASETS:
        ran = run("load", dataset, *sample_files[dataset], "--json")
        result = orjson.loads(ran.out.splitlines()[-1])
        validate(result, schema("load"))
        assert ran.code == (4 if result["rejected"] else 0)
        known = sum(result[name] for name in ("indexed", "duplicates", "skipped", "rejected"))
        assert result["read"] == known > 0


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize(
    "arguments",
    [
        ("kurt vile",),
        ("",),
        ("--genre", "rock", "--year", "1990..1999", "--sort", "plays"),
        ("no such thing anywhere",),
        ("metalica", "--facets", "artist,platform,explicit,derivatives"),
    ],
)
def test_search(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("search", *arguments, "--json")
    assert ran.code == 0, ran.err
    validate(orjson.loads(ran.out), schema("search"))


@pytest.mark.usefixtures("on_samples")
def test_pages_by_cursor(run: Run) -> None:
    whole = orjson.loads(run("search", "love", "--size", "1000", "--json").out)
    seen: list[str] = []
    cursor: list[str] = []
    while True:
        page = orjson.loads(run("search", "love", "--size", "7", "--json", *cursor).out)
        seen += [hit["id"] for hit in page["hits"]]
        if page["next"] is None:
            break
        cursor = ["--after", page["next"]]
    assert seen == [hit["id"] for hit in whole["hits"]]
    assert len(seen) == whole["total"]["value"] > 14


@pytest.mark.usefixtures("on_samples")
def test_datasets(run: Run) -> None:
    ran = run("datasets", "--json")
    cards = orjson.loads(ran.out)["datasets"]
    assert sorted(card["id"] for card in cards) == sorted(DATASETS)
    assert all(card["loaded"]["records"] > 0 for card in cards)


def test_datasets_without_a_node(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINERNOTES_URL", "http://127.0.0.1:9")
    ran = run("datasets")
    assert ran.code == 0
    assert all(dataset in ran.out for dataset in DATASETS)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        # It may be declared: whether the input is wrong isn't known.
        (("search", "--dataset", "no-such-set"), 3),
        (("search", "--dataset", "-no-such-set"), 3),
        (("load", "laion-disco", "x.parquet"), 3),
        (("generations", "no-such-set"), 3),
        # No data set can be called so.
        (("search", "--dataset", "No Such Set"), 1),
        (("load", "no_such_set", "x.parquet"), 1),
        (("generations", "no--such--set"), 1),
    ],
)
def test_an_unknown_data_set_while_elasticsearch_is_away(
    run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], code: int
) -> None:
    monkeypatch.setenv("LINERNOTES_URL", "http://127.0.0.1:9")
    ran = run(*arguments)
    assert ran.code == code, ran.err
    assert ran.err.count("\n") == 1
    assert ("can't be looked up" in ran.err) == (code == 3)


def test_node_status_without_a_node(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LINERNOTES_HOME", str(tmp_path))
    ran = run("node", "status", "--json")
    validate(orjson.loads(ran.out), schema("node_status"))
    assert run("node", "stop").code == 0


@pytest.mark.usefixtures("on_samples")
def test_synthetic_rows_say_so(run: Run) -> None:
    ran = run("search", "--dataset", "laion-disco-12m", "--size", "3", "--facets", "none")
    assert ran.out.count("synthetic") >= 3


@pytest.mark.usefixtures("cli_environment")
def test_demo(run: Run) -> None:
    ran = run("demo", "--json")
    assert ran.code == 0, ran.err
    for line in map(orjson.loads, ran.out.splitlines()):
        validate(line["answer"], schema("search"))
        again = run(*shlex.split(line["command"])[1:], "--json")
        assert orjson.loads(again.out)["total"] == line["answer"]["total"]
