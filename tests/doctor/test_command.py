"""`linernotes doctor` as other programs run it."""

import orjson
import pytest
from elasticsearch import Elasticsearch
from jsonschema import validate

from linernotes.cli import main
from mappings.index_names import alias
from tests.cli.test_contract import schema


@pytest.mark.usefixtures("cli_environment")
def test_a_fault_is_said_with_its_remedy_and_exit_code_5(
    client: Elasticsearch, prefix: str, capfd: pytest.CaptureFixture[str]
) -> None:
    client.indices.create(index=alias(prefix, "free-music-archive"))
    assert main.run(["doctor", "--json"]) == 5
    told = orjson.loads(capfd.readouterr().out)
    validate(told, schema("doctor"))
    assert not told["well"]
    assert "name_taken" in {finding["kind"] for finding in told["findings"]}
    assert main.run(["doctor"]) == 5
    shown = capfd.readouterr().out
    assert "[name_taken]" in shown
    assert f"DELETE /{prefix}-free-music-archive" in shown


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("LINERNOTES_URL", "http://someone:hush@127.0.0.1:9")
    assert main.run(["doctor", "--json"]) == 3
    seen = capfd.readouterr()
    told = orjson.loads(seen.out)
    validate(told, schema("doctor"))
    assert [finding["kind"] for finding in told["findings"]] == ["unreachable"]
    assert "hush" not in seen.out + seen.err


@pytest.mark.usefixtures("cli_environment")
def test_help_and_a_surplus_argument(capfd: pytest.CaptureFixture[str]) -> None:
    assert main.run(["doctor", "now"]) == 2
    assert "Traceback" not in capfd.readouterr().err
