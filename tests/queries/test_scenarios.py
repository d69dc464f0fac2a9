"""Each scenario of `tests/scenarios/`: a command as a user types it, and what its answer has to say."""

import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
import yaml
from elasticsearch import Elasticsearch
from jsonschema import validate

from linernotes.cli import main
from tests.cli.test_contract import schema
from tests.queries.tracks import forget
from tests.scenarios import collection
from tests.scenarios.matching import Loader, Matcher, agrees, differences

FOLDER = Path(collection.__file__).parent
FILES = sorted(path for path in FOLDER.glob("*.yaml") if path != collection.TRACKS)

Scenario = dict[str, Any]
KEYS = {"name", "run", "answer", "refused", "then"}


def scenarios() -> Iterator[tuple[str, Scenario]]:
    for path in FILES:
        for scenario in yaml.load(path.read_text("utf-8"), Loader):
            yield f"{path.stem}: {scenario['name']}", scenario


SCENARIOS = dict(scenarios())


@pytest.fixture(scope="module")
def loaded(client: Elasticsearch, es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Load the scenarios' tracks with the command itself, and point the command line at them."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    files = collection.write(tmp_path_factory.mktemp("tracks"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINERNOTES_URL", es_url)
        patch.setenv("LINERNOTES_PREFIX", prefix)
        try:
            for dataset, path in files.items():
                assert main.run(["load", dataset, str(path)]) == 0
            yield
        finally:
            forget(client, prefix)


def test_there_are_enough_and_each_has_a_name_of_its_own() -> None:
    assert len(SCENARIOS) == sum(len(yaml.load(path.read_text("utf-8"), Loader)) for path in FILES) >= 60


@pytest.mark.usefixtures("loaded")
@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    cursor = None
    for step in (SCENARIOS[name], *SCENARIOS[name].get("then", ())):
        assert step.keys() <= KEYS
        cursor = check(step, cursor, capfd)


def check(step: Scenario, cursor: str | None, capfd: pytest.CaptureFixture[str]) -> str | None:
    """Run a step's command and check what it says; return the cursor of the next page."""
    command = step["run"].replace("{next}", cursor or "no cursor")
    name, *arguments = shlex.split(command)
    capfd.readouterr()
    code = main.run([name, "--json", *arguments])
    out, err = capfd.readouterr()
    if "refused" in step:
        assert not out
        assert len(err.strip().splitlines()) == 1, err
        said = {"exit": code, "says": err}
        assert not list(differences(step["refused"], said, "refused")), (command, said)
        return None
    assert code == 0, (command, err)
    answer = orjson.loads(out)
    validate(answer, schema(name))
    assert step["answer"]
    assert not list(differences(step["answer"], answer)), command
    following: str | None = answer.get("next")
    return following


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (3, 4),
        (3, 3.5),
        (1, True),
        ("a", None),
        ({"a": 1}, {"b": 1}),
        ({"a": None}, {}),
        ([1, 2], [1]),
        ([1, 2], [2, 1]),
        ({"a": []}, {"a": None}),
        (Matcher("at_least", 3), 2),
        (Matcher("at_least", 3), None),
        (Matcher("contains", "ab"), "a"),
        (Matcher("absent", ""), 0),
        (Matcher("given", ""), None),
        (Matcher("has", [{"a": 1}, {"a": 3}]), [{"a": 1}, {"a": 2}]),
        (Matcher("lacks", [{"a": 1}]), [{"a": 1, "b": 2}]),
        (Matcher("exactly", [1]), [1, 2]),
    ],
)
def test_a_difference_is_seen(wanted: Any, found: Any) -> None:
    assert not agrees(wanted, found)


@pytest.mark.parametrize("written", ["!atleast 3", "{a: 1, a: 2}"])
def test_a_slip_in_a_scenario_is_seen(written: str) -> None:
    with pytest.raises(yaml.YAMLError):
        yaml.load(written, Loader)
