"""Killed at each of its steps, an update leaves searches as they were, and the next one finishes or starts over."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from indexer.prune import Pruner
from indexer.survey import survey
from tests.indexer.test_load import load
from tests.indexer.test_update import LAION, Fresh, content, fresh, new, old, planned, totals, update

__all__ = ["fresh", "new", "old"]

KILLER = """
import os, signal, sys
from indexer import finish
from indexer.ledger import Ledger
from indexer.update import build, clone
from indexer.update.orders import Job
from linernotes.cli import app

where = sys.argv[1]

def die(*_told, **_more):
    os.kill(os.getpid(), signal.SIGKILL)

def at_step(self, name, really=Job.step):
    really(self, name)
    if name == where:
        die()

def then_die(really):
    def call(*told, **more):
        really(*told, **more)
        die()
    return call

Job.step = at_step
for name, (holder, what) in {
    "begun": (Ledger, "begin"), "blocked": (clone, "block"), "cloned": (clone, "clone"), "swapped": (finish, "swap"),
}.items():
    if name == where:
        setattr(holder, what, then_die(getattr(holder, what)))
if where == "before the swap":
    finish.swap = die
if where == "ready":
    finish.gates.check = die
sys.exit(app.run(sys.argv[2:]))
"""

STEPS = [
    *("reading the current generation", "begun", "blocked", "cloned", "applying", "deleting", "writing down"),
    *("checking", "ready", "before the swap", "swapped"),
]


def run(es_url: str, prefix: str, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    environment = os.environ | {"LINERNOTES_URL": es_url, "LINERNOTES_PREFIX": prefix}
    command = [sys.executable, "-c", KILLER, *arguments]
    return subprocess.run(command, env=environment, capture_output=True, timeout=60, check=False)


def traces(client: Elasticsearch, prefix: str) -> dict[str, object]:
    """Return whatever of an update is not a generation in service, or one that was."""
    client.indices.refresh(index=f"{prefix}-*")
    settings = client.indices.get_settings(index=f"{prefix}-*", flat_settings=True).body
    blocks = {index for index, body in settings.items() if any("blocks" in name for name in body["settings"])}
    aliased = client.indices.get_alias(index=f"{prefix}-*").body.values()
    aliases = {name for body in aliased for name in body["aliases"]}
    kinds = client.search(index=f"{prefix}-ledger", size=1_000, source_excludes=["sketch"])["hits"]["hits"]
    served = {
        view.generation.index for view in survey(client, prefix, LAION).views if view.state in ("current", "kept")
    }
    left = {hit["_id"] for hit in kinds if hit["_source"]["generation"] not in served}
    states = {hit["_source"]["state"] for hit in kinds if hit["_id"] in left}
    return {
        "indices": {name for name in settings if name.startswith(f"{prefix}-{LAION}")} - served,
        "blocks": blocks,
        "aliases": aliases - {prefix, f"{prefix}-{LAION}"},
        "locks": client.count(index=f"{prefix}-locks")["count"],
        # Of a number that is used up nothing stays but that it is.
        "ledger": {name for name in left if "/" in name} | (states - {"pruned"}),
        "rejected": client.count(
            index=f"{prefix}-rejected", query={"bool": {"must_not": {"terms": {"generation": sorted(served)}}}}
        )["count"],
    }


NOTHING = {"indices": set(), "blocks": set(), "aliases": set(), "locks": 0, "ledger": set(), "rejected": 0}


def test_killed_at_each_step(
    client: Elasticsearch, prefix: str, es_url: str, old: Path, new: Path, fresh: Fresh
) -> None:
    load(client, prefix, planned(old))
    contents = {folder: fresh[folder][1] for folder in (old, new)}
    now, then = old, new
    for step in STEPS:
        before = client.count(index=prefix)["count"]
        killed = run(es_url, prefix, step, "update", LAION, str(then))
        assert killed.returncode == -9, (step, killed.stderr.decode())
        assert client.count(index=prefix)["count"] in (before, len(contents[then])), step
        if step != "swapped":
            assert client.count(index=prefix)["count"] == len(contents[now]), step
        done = update(client, prefix, planned(then))
        assert done.alias_moved is (step != "swapped"), step
        assert content(client, str(done.to)) == contents[then], step
        assert client.count(index=prefix)["count"] == len(contents[then])
        assert done.totals == totals(fresh[then][0])
        Pruner(client, prefix).run(LAION)
        assert traces(client, prefix) == NOTHING, step
        now, then = then, now


@pytest.mark.parametrize("step", ["blocked", "swapped"])
def test_prune_alone_clears_away_too(
    client: Elasticsearch, prefix: str, es_url: str, old: Path, new: Path, step: str
) -> None:
    load(client, prefix, planned(old))
    assert run(es_url, prefix, step, "update", LAION, str(new)).returncode == -9
    Pruner(client, prefix).run(LAION)
    assert traces(client, prefix) == NOTHING
    # A load that comes next doesn't mistake the killed update's work for its own.
    assert client.count(index=prefix)["count"] > 0
    load(client, prefix, planned(old), fresh=True)
    assert client.count(index=prefix)["count"] > 0
