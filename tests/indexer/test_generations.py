"""Swap, rollback, prune; and whatever can be wrong with indices, aliases and locks is recognised and said."""

import time
from collections.abc import Callable
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from indexer import checks
from indexer.cluster import generations, indices, lease, ledger
from indexer.cluster.indices import probe_alias, swap
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.rejects import RejectedReader
from indexer.cluster.status import dataset_status, inspect
from indexer.load import publish
from indexer.load.load import LoadResult
from indexer.maintenance.prune import prune_generations
from indexer.maintenance.rollback import roll_back
from mappings.errors import CheckFailedError, InputError, UnreachableError
from mappings.index_names import Generation
from mappings.index_names import ledger as ledger_index
from tests.indexer import made
from tests.indexer.test_lease import elsewhere, here
from tests.indexer.test_load import DATASET, load


def build(client: Elasticsearch, prefix: str, file: str = "a", rows: int = 60, **options: Any) -> LoadResult:
    return load(client, prefix, made.plan(made.MadeReader(file, rows, 30, damaged=20)), **options)


def states(client: Elasticsearch, prefix: str) -> dict[int, str]:
    return {view.generation.number: view.state for view in dataset_status(client, prefix, DATASET).views}


def found(client: Elasticsearch, prefix: str) -> dict[str, str]:
    """Return what is wrong: kind to sentence with what to do."""
    return {finding.kind: str(finding) for finding in inspect(dataset_status(client, prefix, DATASET))}


def test_meta_says_what_it_was_made_of(client: Elasticsearch, prefix: str) -> None:
    result = build(client, prefix)
    meta = client.indices.get_mapping(index=result.generation)[result.generation]["mappings"]["_meta"]
    assert meta["files"] == [{"name": "a", "sha256": "a", "rows": 60}]
    assert (meta["totals"]["indexed"], meta["totals"]["rejected"]) == (57, 3)
    assert meta["started"] < meta["finished"]
    assert {"mapping", "normalisation", "tool", "revision", "gates", "changed"} <= meta.keys()


def test_rollback_and_forward_again(client: Elasticsearch, prefix: str) -> None:
    first, second = build(client, prefix, "a"), build(client, prefix, "b", 63)
    assert states(client, prefix) == {1: "kept", 2: "current"}
    back = roll_back(client, prefix, DATASET)
    assert (back.from_, back.to, back.documents) == (second.generation, first.generation, first.indexed)
    assert client.count(index=prefix)["count"] == first.indexed
    assert states(client, prefix) == {1: "current", 2: "kept"}
    with pytest.raises(CheckFailedError, match="no generation before"):
        roll_back(client, prefix, DATASET)
    with pytest.raises(InputError, match="no generation 7"):
        roll_back(client, prefix, DATASET, 7)
    with pytest.raises(CheckFailedError, match="current generation of made already"):
        roll_back(client, prefix, DATASET, 1)
    assert roll_back(client, prefix, DATASET, 2).to == second.generation


def test_nothing_to_go_back_to(client: Elasticsearch, prefix: str) -> None:
    with pytest.raises(CheckFailedError, match="no generation of made to go back to"):
        roll_back(client, prefix, DATASET)


def test_the_alias_goes_back_when_the_canary_is_not_answered(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = build(client, prefix, "a"), build(client, prefix, "b")
    swap(client, Generation(prefix, DATASET, 1), [Generation(prefix, DATASET, 2)])
    # A filter on the alias hides documents from whoever searches through it.
    really = type(client.indices).update_aliases

    def filtered(self: Any, *, actions: list[dict[str, Any]], **asked: Any) -> Any:
        answer = really(self, actions=actions, **asked)
        if any(action.get("add", {}).get("index") == second.generation for action in actions):
            hidden = {"ids": {"values": [f"{DATASET}:1"]}}
            self.put_alias(index=second.generation, name=f"{prefix}-{DATASET}", filter=hidden)
        return answer

    monkeypatch.setattr(type(client.indices), "update_aliases", filtered)
    with pytest.raises(CheckFailedError, match=r"answered by 1 by \S+g000002, not by \S+g000002's 57 documents"):
        swap(client, Generation(prefix, DATASET, 2), [Generation(prefix, DATASET, 1)])
    assert list(client.indices.get_alias(name=prefix).body) == [first.generation]
    probe_alias(client, Generation(prefix, DATASET, 1))


def test_a_first_generation_is_taken_off_when_the_canary_is_not_answered(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unanswered(_client: Elasticsearch, _generation: Generation) -> None:
        raise CheckFailedError("answered by nobody")

    monkeypatch.setattr("indexer.cluster.indices.probe_alias", unanswered)
    with pytest.raises(CheckFailedError, match="answered by nobody"):
        build(client, prefix)
    assert not client.indices.exists_alias(name=[prefix, f"{prefix}-{DATASET}"])


def test_who_was_still_does_not_move_the_alias_back(client: Elasticsearch, prefix: str) -> None:
    for name in "ab":
        build(client, prefix, name)
    with pytest.raises(CheckFailedError, match="Another process moved the alias of made meanwhile"):
        swap(client, Generation(prefix, DATASET, 1), [Generation(prefix, DATASET, 3)])
    assert list(client.indices.get_alias(name=prefix).body) == [Generation(prefix, DATASET, 2).index]


@pytest.mark.parametrize("what", ["indexer.cluster.watchlist.Watchlist.compare", "indexer.cluster.indices.merge"])
def test_what_comes_after_the_swap_cannot_fail_a_load(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def unreachable(*_: Any) -> None:
        raise UnreachableError("Elasticsearch went away")

    monkeypatch.setattr(what, unreachable)
    assert build(client, prefix).alias_moved
    assert states(client, prefix) == {1: "current"}


def test_prune_leaves_the_current_one_and_the_one_before(client: Elasticsearch, prefix: str) -> None:
    for name in "abcd":
        build(client, prefix, name)
    with pytest.raises(checks.GateError):
        build(client, prefix, "small", 20)
    assert states(client, prefix) == {1: "kept", 2: "kept", 3: "kept", 4: "current", 5: "failed"}
    roll_back(client, prefix, DATASET, 2)
    pruned = prune_generations(client, prefix, DATASET, 1)  # the newest two, and the current one with the one before it
    assert [name[-1] for name in pruned.deleted] == ["5"]
    roll_back(client, prefix, DATASET, 4)
    pruned = prune_generations(client, prefix, DATASET, 3)
    assert [name[-1] for name in pruned.deleted] == ["1"]
    pruned = prune_generations(client, prefix, DATASET, 1)
    assert [name[-1] for name in pruned.deleted] == ["2"]
    assert pruned.freed_bytes > 0
    assert prune_generations(client, prefix, DATASET, 1).deleted == ()
    assert states(client, prefix) == {3: "kept", 4: "current"}
    left = {count.generation[-1] for count in RejectedReader(client, prefix).counts()}
    assert left == {"3", "4"}
    client.indices.refresh(index=ledger_index(prefix))
    chunks = client.search(index=ledger_index(prefix), query={"term": {"entry": "chunk"}}, size=100)
    assert {hit["_source"]["generation"][-1] for hit in chunks["hits"]["hits"]} == {"3", "4"}
    assert build(client, prefix, "e").generation.endswith("g000006")  # no number is used again


def begun(client: Elasticsearch, prefix: str, number: int = 1, **plan: Any) -> Generation:
    """Write down a generation that somebody begins."""
    generations.create_system_indices(client, prefix)
    generation = Generation(prefix, DATASET, number)
    assert Ledger(client, prefix).begin(generation, plan)
    indices.create(client, generation, shards=1, replicas=0, meta={"state": ledger.BUILDING})
    return generation


def test_prune_leaves_what_somebody_is_building(client: Elasticsearch, prefix: str) -> None:
    generation = begun(client, prefix)
    loader = Lease(client, prefix, DATASET, lease.LOAD, generation=generation.index)
    loader.take()
    assert prune_generations(client, prefix, DATASET).deleted == ()
    (view,) = dataset_status(client, prefix, DATASET).views
    assert (view.state, len(view.at_work)) == ("building", 1)
    with pytest.raises(CheckFailedError, match=r"g000001 is being loaded by process \d+ on"):
        build(client, prefix, fresh=True)
    loader.release()
    assert "nobody is at work on it" in found(client, prefix)["builder_dead"]
    assert prune_generations(client, prefix, DATASET).deleted == (generation.index,)
    assert dataset_status(client, prefix, DATASET).views == ()


def test_a_load_never_goes_on_with_the_half_of_an_update(client: Elasticsearch, prefix: str) -> None:
    generation = begun(client, prefix, what="update")
    assert build(client, prefix).generation.endswith("g000002")
    assert not indices.exists(client, generation)


def raising(original: Callable[..., Any], *, after: bool) -> Callable[..., Any]:
    """Return a function that is killed before or after it did its work, once."""
    deaths = [True]

    def dying(*given: Any, **named: Any) -> Any:
        now = bool(deaths) and deaths.pop()
        answer = None if now and not after else original(*given, **named)
        if now:
            raise RuntimeError("killed here")
        return answer

    return dying


STEPS = {
    "ready": (Ledger, "close"),
    "settings": (indices, "serve"),
    "gates": (checks, "check"),
    "notes": (indices, "note"),
    "swap": (publish, "swap"),
    "told": (publish, "_record_swap"),
}


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_killed_between_any_two_steps_the_next_run_finishes(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch, step: str, after: bool
) -> None:
    first = build(client, prefix, "a")
    owner, name = STEPS[step]
    monkeypatch.setattr(owner, name, raising(getattr(owner, name), after=after))
    with pytest.raises(RuntimeError, match="killed here"):
        build(client, prefix, "b", 63)
    assert client.count(index=prefix)["count"] in (first.indexed, 60)
    second = build(client, prefix, "b", 63)
    assert second.generation.endswith("g000002")
    assert client.count(index=prefix)["count"] == second.indexed == 60
    assert states(client, prefix) == {1: "kept", 2: "current"}
    assert found(client, prefix) == {}
    assert lease.holders(client, prefix, DATASET) == []


def test_what_is_in_service_is_never_given_up_as_half_done(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the swap and its note in the ledger; the next load starts over, or is of other files."""
    first = build(client, prefix, "a")
    monkeypatch.setattr(publish, "swap", raising(swap, after=True))
    with pytest.raises(RuntimeError):
        build(client, prefix, "b", 63)
    assert client.count(index=prefix)["count"] == 60
    third = build(client, prefix, "c", fresh=True)
    assert third.generation.endswith("g000003")
    assert states(client, prefix) == {1: "kept", 2: "kept", 3: "current"}
    assert roll_back(client, prefix, DATASET).to.endswith("g000002")
    assert roll_back(client, prefix, DATASET).to == first.generation


def test_killed_while_pruning_the_next_run_finishes(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "abc":
        build(client, prefix, name)
    monkeypatch.setattr(Ledger, "forget", raising(Ledger.forget, after=False))
    with pytest.raises(RuntimeError):
        prune_generations(client, prefix, DATASET)
    assert not indices.exists(client, Generation(prefix, DATASET, 1))
    prune_generations(client, prefix, DATASET)
    assert states(client, prefix) == {2: "kept", 3: "current"}
    assert {count.generation[-1] for count in RejectedReader(client, prefix).counts()} == {"2", "3"}


def test_an_index_with_the_alias_own_name(client: Elasticsearch, prefix: str) -> None:
    client.indices.create(index=f"{prefix}-{DATASET}")
    assert f"An index is called {prefix}-{DATASET}" in found(client, prefix)["name_taken"]
    for change in (lambda: build(client, prefix), lambda: roll_back(client, prefix, DATASET)):
        with pytest.raises(CheckFailedError, match=f"DELETE /{prefix}-{DATASET}"):
            change()


def test_a_closed_and_a_read_only_index(client: Elasticsearch, prefix: str) -> None:
    first, second = build(client, prefix, "a"), build(client, prefix, "b")
    client.indices.put_settings(index=second.generation, settings={"index.blocks.read_only": True})
    assert f"Index {second.generation} is read-only." in found(client, prefix)["read_only"]
    with pytest.raises(CheckFailedError, match="Lift the block: PUT"):
        roll_back(client, prefix, DATASET)
    client.indices.put_settings(index=second.generation, settings={"index.blocks.read_only": None})
    client.indices.close(index=first.generation)
    assert f"Index {first.generation} is closed. Open it" in found(client, prefix)["closed"]
    with pytest.raises(CheckFailedError, match="no generation before"):
        roll_back(client, prefix, DATASET)
    with pytest.raises(CheckFailedError, match="Open it: POST"):
        roll_back(client, prefix, DATASET, 1)
    client.indices.open(index=first.generation)
    client.indices.close(index=second.generation)
    with pytest.raises(CheckFailedError, match="is closed"):
        build(client, prefix, "c")


def test_a_missing_alias(client: Elasticsearch, prefix: str) -> None:
    result = build(client, prefix)
    client.indices.delete_alias(index=result.generation, name="*")
    assert f"linernotes rollback {DATASET} --to 1" in found(client, prefix)["alias_missing"]
    assert roll_back(client, prefix, DATASET).from_ is None
    assert found(client, prefix) == {}


def test_an_alias_on_two_generations(client: Elasticsearch, prefix: str) -> None:
    first, second = build(client, prefix, "a"), build(client, prefix, "b")
    client.indices.put_alias(index=first.generation, name=f"{prefix}-{DATASET}")
    assert "is on 2 generations at once" in found(client, prefix)["alias_on_two"]
    with pytest.raises(CheckFailedError, match=r"is on 2 generations at once: .*Choose one"):
        roll_back(client, prefix, DATASET)
    roll_back(client, prefix, DATASET, 2)
    assert list(client.indices.get_alias(name=f"{prefix}-{DATASET}").body) == [second.generation]
    client.indices.delete_alias(index=second.generation, name=prefix)
    assert "aliases_differ" in found(client, prefix)
    roll_back(client, prefix, DATASET, 2)
    assert found(client, prefix) == {}


def test_an_index_that_the_ledger_does_not_know(client: Elasticsearch, prefix: str) -> None:
    build(client, prefix)
    stray = Generation(prefix, DATASET, 5)
    indices.create(client, stray, shards=1, replicas=0, meta={"state": ledger.BUILDING})
    assert f"linernotes prune {DATASET}" in found(client, prefix)["orphan"]
    assert states(client, prefix) == {1: "current", 5: "failed"}
    assert prune_generations(client, prefix, DATASET).deleted == (stray.index,)


def test_a_lock_whose_owner_is_gone(client: Elasticsearch, prefix: str) -> None:
    result = build(client, prefix)
    elsewhere(client, prefix, 5)
    assert "lock_of_the_dead" not in found(client, prefix)  # on another machine only its missing beats tell
    elsewhere(client, prefix, 5, **here())
    assert "which is gone. Nothing is to be done" in found(client, prefix)["lock_of_the_dead"]
    started = time.monotonic()
    assert build(client, prefix, "b").generation > result.generation
    assert time.monotonic() - started < 60
