"""`generations`, `rollback`, `prune`, `history` and closed gates, as other programs run them."""

from pathlib import Path

import orjson
import pytest
from elasticsearch import Elasticsearch
from jsonschema import validate

from tests.cli.conftest import Run
from tests.cli.test_contract import schema

DATASET = "free-music-archive"


@pytest.mark.usefixtures("cli_environment")
def test_from_a_closed_gate_to_a_forced_one_and_back(
    run: Run, sample_files: dict[str, list[Path]], client: Elasticsearch, prefix: str
) -> None:
    files = sample_files[DATASET]
    whole = orjson.loads(run("load", DATASET, *files, "--json").out)
    validate(whole, schema("load"))
    assert [gate["passed"] for gate in whole["gates"]] == [True] * 8

    closed = run("load", DATASET, *files, "--limit", "50", "--json")
    told = orjson.loads(closed.out)
    validate(told, schema("gates"))
    assert closed.code == 5
    assert [gate["name"] for gate in told["gates"] if not gate["passed"]] == ["change"]
    assert "did not pass: change: 682 to 50 documents" in closed.err
    assert "run the same with --max-change N, with N above the per cent seen, or with --force REASON." in closed.err
    assert client.count(index=prefix)["count"] == 682

    assert run("load", DATASET, *files, "--limit", "50", "--force", " ").code == 1
    forced = run("load", DATASET, *files, "--limit", "50", "--force", "only a try")
    assert forced.code == 0
    assert "overridden" in forced.out
    assert client.count(index=prefix)["count"] == 50

    ran = run("generations", "--json")
    listed = orjson.loads(ran.out)
    validate(listed, schema("generations"))
    assert [(row["state"], row["documents"]) for row in listed["generations"]] == [("kept", 682), ("current", 50)]
    assert listed["generations"][1]["forced"] == {"reason": "only a try", "gates": ["change"]}
    assert listed["findings"] == []
    shown = run("generations", DATASET).out
    assert "g000001  kept     682 tracks" in shown
    assert "forced: only a try" in " ".join(shown.split())

    back = orjson.loads(run("rollback", DATASET, "--json").out)
    validate(back, schema("rollback"))
    assert (back["from"][-7:], back["to"][-7:]) == ("g000002", "g000001")
    again = run("rollback", DATASET)
    assert (again.code, again.out) == (5, "")
    assert again.err.startswith("There is no generation before")

    pruned = orjson.loads(run("prune", DATASET, "--keep", "1", "--json").out)
    validate(pruned, schema("prune"))
    assert pruned["deleted"] == []

    events = orjson.loads(run("history", DATASET, "--json").out)
    validate(events, schema("history"))
    told_events = [event["event"] for event in events["events"]]
    assert told_events[:4] == ["rolled back", "swapped", "forced", "gates"]
    assert run("history", "--size", "2").out.count("\n") == 2


@pytest.mark.usefixtures("cli_environment")
@pytest.mark.parametrize("command", ["generations", "history"])
def test_nothing_loaded(run: Run, command: str) -> None:
    ran = run(command)
    assert (ran.code, ran.out.count("\n")) == (0, 1)
    assert run(command, "nonsense").code == 1


@pytest.mark.usefixtures("cli_environment")
@pytest.mark.parametrize(("command", "code"), [("rollback", 5), ("prune", 0)])
def test_nothing_to_change(run: Run, command: str, code: int) -> None:
    assert run(command, DATASET).code == code
    assert run(command, "nonsense").code == 1


@pytest.mark.usefixtures("cli_environment")
def test_what_is_wrong_is_said(run: Run, client: Elasticsearch, prefix: str) -> None:
    client.indices.create(index=f"{prefix}-{DATASET}")
    assert f"! An index is called {prefix}-{DATASET}" in run("generations", DATASET).out
    (finding,) = orjson.loads(run("generations", DATASET, "--json").out)["findings"]
    assert (finding["kind"], finding["blocks_swap"]) == ("name_taken", True)
    assert run("rollback", DATASET).code == 5
