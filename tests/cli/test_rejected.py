"""`linernotes rejected`, as other programs run it."""

import csv
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch
from jsonschema import validate

from indexer.cluster.progress import Progress
from indexer.cluster.rejects import RejectedReader
from indexer.load.load import Options, load_dataset
from tests.cli.conftest import Run
from tests.cli.test_bad_input import one_sentence
from tests.cli.test_contract import schema
from tests.indexer import made
from tests.indexer.test_rejected import RELAXED, Refused

DATASET = "laion-disco-12m"


@pytest.fixture
def loaded(client: Elasticsearch, prefix: str, cli_environment: None) -> str:
    """Return the name of a generation in which 8 records of 20 were rejected, 6 of them by Elasticsearch."""
    plan = made.plan(made.MadeReader("=a.csv", 20, 20, damaged=10), source=Refused(DATASET, outside=3))
    result = load_dataset(client, prefix, plan, Options(thresholds=made.LENIENT), Progress(), threading.Event())
    assert result.rejected == 8
    return result.generation


def lines(text: str) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in text.splitlines()]


class TestList:
    def test_counts_by_kind(self, run: Run, loaded: str) -> None:
        for arguments in ((), (DATASET,)):
            ran = run("rejected", "list", *arguments, "--json")
            answer = orjson.loads(ran.out)
            validate(answer, schema("rejected_list"))
            assert (ran.code, answer["total"]) == (0, 8)
            found = {row["kind"]: (row["records"], row["replayable"], row["current"]) for row in answer["rejected"]}
            assert found == {"damaged": (2, 0, True), "document_parsing_exception": (6, 6, True)}
        assert orjson.loads(run("rejected", "list", "free-music-archive", "--json").out)["total"] == 0

    def test_for_people(self, run: Run, loaded: str) -> None:
        ran = run("rejected", "list")
        assert ran.code == 0
        said = ran.out.splitlines()
        assert said[:3] == [loaded, "  damaged: 2 records, 0 replayable", "    made so"]
        assert said[3] == "  document_parsing_exception: 6 records, 6 replayable"

    @pytest.mark.usefixtures("cli_environment")
    def test_nothing_loaded(self, run: Run) -> None:
        assert run("rejected", "list").out == "No records were rejected.\n"
        assert orjson.loads(run("rejected", "list", "--json").out) == {"total": 0, "rejected": []}


class TestShow:
    @pytest.mark.parametrize(
        ("arguments", "rows", "total"),
        [
            ((), [3, 6, 9, 10, 12, 15, 18, 20], 8),
            (("--limit", "2"), [3, 6], 8),
            (("--row", "10"), [10], 1),
            (("--file", "=a.csv", "--row", "4"), [], 0),
        ],
    )
    def test_records(self, run: Run, loaded: str, arguments: tuple[str, ...], rows: list[int], total: int) -> None:
        ran = run("rejected", "show", DATASET, *arguments, "--json")
        *records, end = lines(ran.out)
        for line in (*records, end):
            validate(line, schema("rejected_show"))
        assert (ran.code, [record["row"] for record in records]) == (0, rows)
        assert end["summary"] == {"generation": loaded, "shown": len(rows), "total": total}

    def test_for_people(self, run: Run, loaded: str) -> None:
        ran = run("rejected", "show", DATASET, "--limit", "1")
        assert ran.out.splitlines()[0] == "=a.csv, row 3: document_parsing_exception"
        assert f"1 of 8 rejected records of {loaded}." in ran.out


class TestExport:
    def test_ndjson(self, run: Run, loaded: str, tmp_path: Path) -> None:
        out = tmp_path / "all.ndjson"
        ran = run("rejected", "export", DATASET, "--out", out, "--json")
        answer = orjson.loads(ran.out)
        validate(answer, schema("rejected_export"))
        assert answer == {"dataset": DATASET, "generation": loaded, "file": str(out), "records": 8}
        shown = lines(run("rejected", "show", DATASET, "--limit", "100", "--json").out)[:-1]
        assert lines(out.read_text()) == shown

    def test_csv_is_no_formula(self, run: Run, loaded: str, tmp_path: Path) -> None:
        out = tmp_path / "all.CSV"
        assert run("rejected", "export", DATASET, "--out", out).code == 0
        with out.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        assert {row["file"] for row in rows} == {"'=a.csv"}
        assert orjson.loads(rows[0]["record"])["year"] == 40_000

    def test_whole_or_not_at_all(self, run: Run, loaded: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def broken(self: RejectedReader, wanted: Any) -> Iterator[Any]:
            yield next(records(self, wanted))
            raise KeyboardInterrupt

        records = RejectedReader.records
        monkeypatch.setattr(RejectedReader, "records", broken)
        (tmp_path / "a.csv").write_text("before")
        assert run("rejected", "export", DATASET, "--out", tmp_path / "a.csv", "--overwrite").code == 130
        assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
        assert (tmp_path / "a.csv").read_text() == "before"


class TestReplay:
    def test_refused_again_then_mended(self, run: Run, loaded: str, client: Elasticsearch) -> None:
        ran = run("rejected", "replay", DATASET, "--json")
        first = orjson.loads(ran.out)
        validate(first, schema("rejected_replay"))
        assert (ran.code, first["tried"], first["refused_again"], first["rejected"]) == (4, 6, 6, 8)
        client.indices.put_mapping(index=loaded, properties=RELAXED)
        ran = run("rejected", "replay", DATASET)
        assert ran.code == 4
        assert "2 could not be read and can't be replayed" in ran.out
        assert f"linernotes load {DATASET}" in ran.out

    def test_nothing_is_left(self, run: Run, client: Elasticsearch, prefix: str, cli_environment: None) -> None:
        plan = made.plan(made.MadeReader("a", 20, 20), source=Refused(DATASET, outside=3))
        result = load_dataset(client, prefix, plan, Options(thresholds=made.LENIENT), Progress(), threading.Event())
        client.indices.put_mapping(index=result.generation, properties=RELAXED)
        ran = run("rejected", "replay", DATASET, "--json")
        assert (ran.code, orjson.loads(ran.out)["indexed"]) == (0, 6)
        assert orjson.loads(run("search", "--size", "0", "--json").out)["total"]["value"] == 20
        assert orjson.loads(run("datasets", "--json").out)["known"]


WRONG = [
    ("list", "laion"),
    ("show", "laion"),
    ("show", DATASET),
    ("replay", "laion"),
    ("replay", DATASET),
    ("export", DATASET, "--out", "a.xlsx"),
    ("export", DATASET, "--out", "no/such/folder/a.csv"),
    ("export", DATASET, "--out", "a.csv"),
]


@pytest.mark.usefixtures("cli_environment")
@pytest.mark.parametrize("arguments", WRONG, ids=" ".join)
def test_wrong_input(run: Run, arguments: tuple[str, ...]) -> None:
    ran = run("rejected", *arguments)
    assert ran.code == 1
    one_sentence(ran.err)


def test_an_unknown_file(run: Run, loaded: str) -> None:
    ran = run("rejected", "show", DATASET, "--file", "a.csv")
    assert ran.code == 1
    assert "=a.csv" in one_sentence(ran.err)


@pytest.mark.parametrize("arguments", [("show", DATASET, "--row", "0"), ("export", DATASET), ("replay",)])
def test_usage(run: Run, arguments: tuple[str, ...]) -> None:
    assert run("rejected", *arguments).code == 2


@pytest.mark.parametrize("arguments", [("list",), ("show", DATASET), ("replay", DATASET)])
def test_node_down(run: Run, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.setenv("LINERNOTES_URL", "http://127.0.0.1:9")
    ran = run("rejected", *arguments)
    assert ran.code == 3
    one_sentence(ran.err)
