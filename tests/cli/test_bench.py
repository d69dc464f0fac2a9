"""`bench`: every text once, the same texts for the same seed, and one sentence where nothing can be measured."""

import orjson
import pytest
from elasticsearch import Elasticsearch
from jsonschema import validate

from linernotes import settings
from linernotes.cli import search_benchmark
from tests.cli.conftest import Run
from tests.cli.test_contract import schema


@pytest.mark.usefixtures("on_samples")
def test_times_are_told(run: Run) -> None:
    ran = run("bench", "--searches", "30", "--json")
    assert ran.code == 0, ran.err
    told = orjson.loads(ran.out)
    validate(told, schema("bench"))
    kinds = told["kinds"]
    assert kinds["all texts"]["n"] == 30 == sum(kinds[kind]["n"] for kind in search_benchmark.SHARES if kind in kinds)
    for times in kinds.values():
        names = ("least", "quarter", "median", "three_quarters", "p95", "p99", "most")
        assert [times[name] for name in names] == sorted(times[name] for name in names)


@pytest.mark.usefixtures("on_samples")
def test_for_people(run: Run) -> None:
    ran = run("bench", "--searches", "5")
    assert ran.code == 0
    assert "suggestions" in ran.out
    assert "milliseconds" in ran.out


@pytest.mark.usefixtures("on_samples")
def test_a_seed_draws_the_same_texts(client: Elasticsearch) -> None:
    prefix = settings.from_environment().prefix
    one, again, other = (
        search_benchmark.texts(search_benchmark.drawn(client, prefix, seed), 20, seed) for seed in (3, 3, 4)
    )
    assert one == again != other
    assert len({text for _, text in one}) == 20


@pytest.mark.usefixtures("cli_environment")
def test_nothing_is_loaded(run: Run) -> None:
    ran = run("bench")
    assert (ran.code, ran.out) == (1, "")
    assert "Nothing" in ran.err


@pytest.mark.parametrize("searches", ["0", "5001"])
def test_a_number_that_cannot_be(run: Run, searches: str) -> None:
    ran = run("bench", "--searches", searches)
    assert ran.code == 1
    assert "Ask for 1 to 5000." in ran.err
