"""Killed at each of its steps, an update or reindex leaves searches as they were; the next finishes or starts over."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
from elasticsearch import Elasticsearch

from benchmarks import corpora
from indexer.cluster.status import dataset_status
from indexer.maintenance.prune import prune_generations
from indexer.maintenance.reindex import reindex_dataset
from indexer.readers.compression import temporary
from tests.faults import forked
from tests.indexer.test_load import load
from tests.indexer.test_update import LAION, Fresh, after, content, fresh, planned, totals, update

pytestmark = pytest.mark.slow

__all__ = ["fresh"]

END = ("before the gates", "before the swap", "swapped")
STEPS = {
    "difference": (
        *("reading the current generation", "begun", "blocked", "cloned", "applying", "deleting", "writing down"),
        *("checking", *END),
    ),
    "afresh": ("comparing", "begun", "created", "first chunk acknowledged", "carried", *END),
}
OF_REINDEX = ("begun", "created", "task asked for", "task noted", "documents copied", "books copied", *END)

Kill = Callable[..., None]

RECORDS, FILES = 500, 2


@pytest.fixture(scope="session")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a release in few chunks, as each costs time and there are many steps; some records have no id."""
    folder = tmp_path_factory.mktemp("old")
    corpora.laion(corpora.Corpus(folder, LAION), RECORDS)
    rows = pl.concat([pl.read_parquet(path) for path in sorted((folder / LAION).glob("*.parquet"))])
    nameless = rows.head(2).with_columns(song_id=pl.lit(""))
    for number in range(FILES):
        part = rows.slice(number * RECORDS // FILES, RECORDS // FILES)
        pl.concat([part, nameless]).write_parquet(folder / f"synthetic-{number}.parquet")
    shutil.rmtree(folder / LAION)
    return folder


@pytest.fixture(scope="session")
def new(old: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the release after."""
    return after(old, tmp_path_factory.mktemp("new"))


@pytest.fixture
def kill(es_url: str, prefix: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Kill:
    """Return what runs a command until it is killed at a step; its temporary files have a folder of their own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path_factory.mktemp("tmp")))
    monkeypatch.setattr(tempfile, "tempdir", None)
    outputs = tmp_path_factory.mktemp("outputs")

    def run(step: str, *arguments: str) -> None:
        killed = forked.start(outputs, es_url, prefix, *arguments, dies=step)
        assert killed.wait() == -9, (step, killed.err.read_text())

    return run


def traces(client: Elasticsearch, prefix: str) -> dict[str, object]:
    """Return whatever of an update is not a generation in service, or one that was."""
    client.indices.refresh(index=f"{prefix}-*")
    settings = client.indices.get_settings(index=f"{prefix}-*", flat_settings=True).body
    blocks = {index for index, body in settings.items() if any("blocks" in name for name in body["settings"])}
    aliased = client.indices.get_alias(index=f"{prefix}-*").body.values()
    aliases = {name for body in aliased for name in body["aliases"]}
    kinds = client.search(index=f"{prefix}-ledger", size=1_000, source_excludes=["sketch"])["hits"]["hits"]
    served = {
        view.generation.index
        for view in dataset_status(client, prefix, LAION).views
        if view.state in ("current", "kept")
    }
    left = {hit["_id"] for hit in kinds if hit["_source"]["generation"] not in served}
    states = {hit["_source"]["state"] for hit in kinds if hit["_id"] in left}
    return {
        "indices": {name for name in settings if name.startswith(f"{prefix}-{LAION}")} - served,
        "blocks": blocks,
        "aliases": aliases - {prefix, f"{prefix}-{LAION}"},
        "files": set(Path(temporary()).glob("linernotes-*")),
        "locks": client.count(index=f"{prefix}-locks")["count"],
        # Of a number that is used up nothing stays but that it is.
        "ledger": {name for name in left if "/" in name} | (states - {"pruned"}),
        "rejected": client.count(
            index=f"{prefix}-rejected", query={"bool": {"must_not": {"terms": {"generation": sorted(served)}}}}
        )["count"],
    }


NOTHING = {
    "indices": set(),
    "blocks": set(),
    "aliases": set(),
    "files": set(),
    "locks": 0,
    "ledger": set(),
    "rejected": 0,
}


@pytest.mark.parametrize("way", STEPS)
def test_an_update_killed_at_each_step(
    client: Elasticsearch, prefix: str, kill: Kill, old: Path, new: Path, fresh: Fresh, way: str
) -> None:
    load(client, prefix, planned(old))
    contents = {folder: fresh[folder][1] for folder in (old, new)}
    now, then = old, new
    for step in STEPS[way]:
        kill(step, "update", LAION, str(then), "--way", way)
        assert client.count(index=prefix)["count"] == len(contents[then if step == "swapped" else now]), step
        done = update(client, prefix, planned(then), strategy="" if step == "swapped" else way)
        assert done.alias_moved is (step != "swapped"), step
        assert content(client, str(done.to)) == contents[then], step
        assert client.count(index=prefix)["count"] == len(contents[then])
        assert done.totals == totals(fresh[then][0])
        prune_generations(client, prefix, LAION)
        assert traces(client, prefix) == NOTHING, step
        now, then = then, now


def test_a_reindex_killed_at_each_step(client: Elasticsearch, prefix: str, kill: Kill, old: Path, fresh: Fresh) -> None:
    load(client, prefix, planned(old))
    for step in OF_REINDEX:
        (now,) = client.indices.get_alias(name=f"{prefix}-{LAION}").body
        meta = client.indices.get_mapping(index=now)[now]["mappings"]["_meta"]
        client.indices.put_mapping(index=now, meta=meta | {"mapping": "another"})
        kill(step, "reindex", LAION)
        assert client.count(index=prefix)["count"] == len(fresh[old][1]), step
        done = reindex_dataset(client, prefix, LAION)
        assert done.alias_moved is (step != "swapped"), step
        assert content(client, done.to) == fresh[old][1], step
        assert client.count(index=prefix)["count"] == len(fresh[old][1])
        prune_generations(client, prefix, LAION)
        assert traces(client, prefix) == NOTHING, step


@pytest.mark.parametrize(
    ("step", "command"),
    [
        ("blocked", "update"),
        ("swapped", "update"),
        ("first chunk acknowledged", "update --way afresh"),
        ("task noted", "reindex"),
    ],
)
def test_prune_alone_clears_away_too(
    client: Elasticsearch,
    es_url: str,
    prefix: str,
    tmp_path: Path,
    kill: Kill,
    old: Path,
    new: Path,
    step: str,
    command: str,
) -> None:
    first = load(client, prefix, planned(old))
    name, *options = command.split()
    if name == "reindex":
        meta = client.indices.get_mapping(index=first.generation)[first.generation]["mappings"]["_meta"]
        client.indices.put_mapping(index=first.generation, meta=meta | {"mapping": "another"})
    kill(step, name, LAION, *([str(new)] if name == "update" else []), *options)
    prune = forked.start(tmp_path, es_url, prefix, "prune", LAION)
    assert prune.wait() == 0, prune.err.read_text()
    assert traces(client, prefix) == NOTHING
    # A load that comes next doesn't mistake the killed process's work for its own.
    assert client.count(index=prefix)["count"] > 0
    load(client, prefix, planned(old), fresh=True)
    assert client.count(index=prefix)["count"] > 0
