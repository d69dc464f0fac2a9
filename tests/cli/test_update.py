"""`update`, `reindex` and `watch`, as other programs run them."""

from pathlib import Path

import orjson
import polars as pl
import pytest
from elasticsearch import Elasticsearch
from jsonschema import validate

from indexer.cluster.lease import UPDATE, Lease
from tests.cli.conftest import Run
from tests.cli.test_contract import schema

DATASET = "spotify-tracks-dataset"
COUNTS = ("added", "changed", "removed", "unchanged")
pytestmark = pytest.mark.usefixtures("cli_environment")


@pytest.fixture
def releases(sample_files: dict[str, list[Path]], tmp_path: Path) -> tuple[Path, Path]:
    """Return two releases: the sample, and one without its last two rows, with another album in a third."""
    (file,) = sample_files[DATASET]
    frame = pl.read_csv(file, infer_schema=False)
    after = tmp_path / file.name
    first = pl.int_range(frame.height, eager=True) == 0
    album = pl.when(first).then(pl.lit("Another Album")).otherwise("album_name").alias("album_name")
    frame.with_columns(album).head(-2).write_csv(after)
    return file, after


def test_update_shows_first_and_then_does(
    run: Run, releases: tuple[Path, Path], client: Elasticsearch, prefix: str
) -> None:
    old, new = releases
    assert run("update", DATASET, new).code == 5
    assert run("load", DATASET, old).code == 0
    before = client.count(index=prefix)["count"]

    dry = run("update", DATASET, new, "--dry-run", "--json")
    told = orjson.loads(dry.out)
    validate(told, schema("update"))
    assert (dry.code, told["alias_moved"], told["to"], told["gates"]) == (0, False, None, [])
    assert told["unchanged"] + told["changed"] + told["removed"] == before
    assert told["changed"] >= 1
    assert "album" in told["fields"]
    assert "Another Album" not in client.search(index=prefix, size=1)["hits"]["hits"][0]["_source"].values()
    people = run("update", DATASET, new, "--dry-run").out
    assert "Nothing was changed: --dry-run stops here." in people

    done = run("update", DATASET, new, "--json")
    result = orjson.loads(done.out)
    validate(result, schema("update"))
    assert (done.code, result["alias_moved"], result["way"]) == (0, True, "difference")
    assert [result[name] for name in COUNTS] == [told[name] for name in COUNTS]
    assert all(gate["passed"] for gate in result["gates"])
    assert client.count(index=prefix)["count"] == result["indexed"] == before - told["removed"]
    assert result["read"] == sum(result[name] for name in ("indexed", "duplicates", "skipped", "rejected"))
    assert "already in service" in run("update", DATASET, new).out
    assert run("rollback", DATASET).code == 0
    assert client.count(index=prefix)["count"] == before


def test_a_second_update_says_who_is_first(
    run: Run, releases: tuple[Path, Path], client: Elasticsearch, prefix: str
) -> None:
    old, new = releases
    run("load", DATASET, old)
    held = Lease(client, prefix, DATASET, UPDATE)
    assert held.take() is None
    second = run("update", DATASET, new)
    held.release()
    assert second.code == 5
    assert f"{DATASET} is in other hands: process " in second.err
    assert ", update since 20" in second.err


def test_usage(run: Run, releases: tuple[Path, Path]) -> None:
    assert run("update", "spotify", releases[0]).code == 1
    assert run("update", DATASET, releases[0].parent / "nowhere.csv").code == 1
    assert run("reindex", DATASET).code == 5


def test_watch(run: Run, releases: tuple[Path, Path]) -> None:
    old, new = releases
    assert "No artists are watched" in run("watch", "list").out
    artist = pl.read_csv(old, infer_schema=False)["artists"][-1].split(";")[0]
    assert orjson.loads(run("watch", "add", artist.upper(), "--json").out)["name"] == artist.upper()
    run("watch", "add", "Nobody at All")
    assert len(orjson.loads(run("watch", "list", "--json").out)["watched"]) == 2
    loaded = orjson.loads(run("load", DATASET, old, "--json").out)
    assert [(entry["name"], entry["before"]) for entry in loaded["watched"]] == [(artist.upper(), 0)]
    (told,) = orjson.loads(run("update", DATASET, new, "--json").out)["watched"]
    assert (told["name"], told["gained"]) == (artist.upper(), 0)
    assert told["before"] - told["after"] == told["lost"] >= 1
    assert run("watch", "remove", artist).code == 0
    assert run("watch", "remove", artist).code == 1
    assert run("watch", "add", "  ").code == 1


def test_reindex(run: Run, releases: tuple[Path, Path], client: Elasticsearch, prefix: str) -> None:
    run("load", DATASET, releases[0])
    same = orjson.loads(run("reindex", DATASET, "--json").out)
    assert (same["alias_moved"], same["from"]) == (False, same["to"])

    def note(**changed: str) -> None:
        meta = client.indices.get_mapping(index=same["to"])[same["to"]]["mappings"]["_meta"]
        client.indices.put_mapping(index=same["to"], meta=meta | changed)

    note(mapping="another")
    done = run("reindex", DATASET, "--json")
    assert done.code == 0, done.err
    told = orjson.loads(done.out)
    assert told["alias_moved"] is True
    assert told["to"] != told["from"]
    indices = (told["from"], told["to"])
    old, new = ({hit["_id"]: (hit["_version"], hit["_source"]) for hit in all_of(client, index)} for index in indices)
    assert old == new
    # The new generation has a sketch of its own: an update goes on from it.
    updated = orjson.loads(run("update", DATASET, releases[1], "--json").out)
    assert (updated["way"], updated["from"], updated["alias_moved"]) == ("difference", told["to"], True)

    same = {"to": updated["to"]}
    note(mapping="another", normalisation="another")
    refused = run("reindex", DATASET)
    assert refused.code == 5
    assert f"Update from the files: linernotes update {DATASET} PATH..." in refused.err


def all_of(client: Elasticsearch, index: str) -> list[dict[str, object]]:
    client.indices.refresh(index=index)
    return list(client.search(index=index, size=10_000, version=True)["hits"]["hits"])
