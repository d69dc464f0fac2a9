"""Loading into a real Elasticsearch: sums, resuming, takeover, first wins."""

import threading
import time
from dataclasses import replace
from typing import Any

import pytest
from elastic_transport import ConnectionError as NoConnection
from elasticsearch import Elasticsearch

from indexer.cluster import generations, indices, ledger
from indexer.cluster.lease import LOAD, Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.progress import Progress
from indexer.load import load as loading
from indexer.load.load import InterruptedLoadError, LoadContext, LoadResult, Options, load_dataset
from indexer.load.plan import Plan, PlannedFile, first
from indexer.records import ChunkId
from mappings.errors import CheckFailedError, InputError
from mappings.index_names import Generation
from mappings.index_names import ledger as ledger_index
from tests.indexer import made

DATASET = "made"


def load(client: Elasticsearch, prefix: str, plan: Plan, **options: Any) -> LoadResult:
    return load_dataset(
        client, prefix, plan, Options(**{"thresholds": made.LENIENT} | options), Progress(), threading.Event()
    )


def digest(client: Elasticsearch, index: str) -> dict[str, tuple[int, int]]:
    """Return fingerprint and source row of every document."""
    found = client.search(index=index, size=10_000, source_includes=["fingerprint", "source_row"])["hits"]["hits"]
    return {hit["_id"]: (hit["_source"]["fingerprint"], hit["_source"]["source_row"]) for hit in found}


def test_sums_and_alias(client: Elasticsearch, prefix: str) -> None:
    result = load(client, prefix, made.plan(made.MadeReader("a", 5000, 700, damaged=1000)))
    assert (result.read, result.indexed, result.rejected, result.duplicates) == (5000, 4995, 5, 0)
    assert result.alias_moved
    assert client.count(index=prefix)["count"] == 4995
    assert list(client.indices.get_alias(name=f"{prefix}-{DATASET}").body) == [result.generation]
    rejected = client.search(index=f"{prefix}-rejected", sort=["row"])["hits"]["hits"]
    assert [hit["_source"]["row"] for hit in rejected] == [1000, 2000, 3000, 4000, 5000]


@pytest.mark.parametrize(("workers", "prepare"), [(1, 1), (4, 3)])
def test_first_wins_across_chunks_and_files(client: Elasticsearch, prefix: str, workers: int, prepare: int) -> None:
    source = made.MadeSource(repeat=10, across=1500)
    plan = made.plan(made.MadeReader("a", 2000, 300), made.MadeReader("b", 1000, 300), source=source)
    result = load(client, prefix, plan, workers=workers, prepare=prepare)
    first: dict[str, int] = {}
    for row in [*range(1, 2001), *range(1, 1001)]:
        number = row - 1500 if row > 1500 else row - 1 if row % 10 == 0 else row
        first.setdefault(f"made:{number}", row)
    assert {name: row for name, (_, row) in digest(client, result.generation).items()} == first
    assert result.indexed == len(first)
    assert result.duplicates == 3000 - len(first)


def stop_at(progress: Progress, records: int, stop: threading.Event) -> threading.Thread:
    """Stop a load as soon as so many records are acknowledged."""

    def watch() -> None:
        while progress.totals.read < records:
            time.sleep(0.005)
        stop.set()

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    return thread


def test_a_load_that_was_stopped_goes_on(client: Elasticsearch, prefix: str) -> None:
    plan = made.plan(made.MadeReader("a", 4000, 100, damaged=500))
    stop, progress = threading.Event(), Progress()
    stop_at(progress, 500, stop)
    with pytest.raises(InterruptedLoadError):
        load_dataset(client, prefix, plan, Options(), progress, stop)
    assert 0 < progress.totals.read < 4000
    assert not client.indices.exists_alias(name=prefix)
    result = load(client, prefix, plan)
    assert result.resumed == progress.totals.read
    assert (result.read, result.indexed, result.rejected) == (4000, 3992, 8)


def test_what_was_normalised_is_counted_once_by_rule(client: Elasticsearch, prefix: str) -> None:
    """Stopped and gone on with: the ledger has each chunk's counts once, whoever acknowledged it."""
    plan = made.plan(made.MadeReader("a", 4000, 100, damaged=500), source=made.MadeSource(rounded=7))
    expected = {"year: rounded": sum(row % 7 == 0 and row % 500 != 0 for row in range(1, 4001))}
    stop, progress = threading.Event(), Progress()
    stop_at(progress, 500, stop)
    with pytest.raises(InterruptedLoadError):
        load_dataset(client, prefix, plan, Options(), progress, stop)
    result = load(client, prefix, plan)
    assert result.resumed > 0
    assert result.changed == expected
    (record, *_) = Ledger(client, prefix).loads(DATASET)
    meta = client.indices.get_mapping(index=result.generation)[result.generation]["mappings"]["_meta"]
    assert record.plan["changed"] == meta["changed"] == expected
    assert load(client, prefix, plan).changed == expected  # loaded already


def test_a_ledger_of_an_earlier_version_gets_the_new_fields(client: Elasticsearch, prefix: str) -> None:
    earlier = {name: entry for name, entry in ledger.MAPPING["properties"].items() if name != "changed"}
    client.indices.create(index=ledger_index(prefix), mappings={"dynamic": "strict", "properties": earlier})
    result = load(client, prefix, made.plan(made.MadeReader("a", 50, 10), source=made.MadeSource(rounded=5)))
    assert result.changed == {"year: rounded": 10}


def test_records_that_a_dead_loader_had_sent_are_counted_once(client: Elasticsearch, prefix: str) -> None:
    """A chunk of a dead owner is taken over; its documents are in already."""
    plan = made.plan(made.MadeReader("a", 300, 100), source=made.MadeSource(rounded=3))
    half_loaded(client, prefix, plan)
    result = load(client, prefix, plan)
    assert (result.read, result.indexed, result.duplicates) == (300, 300, 0)
    assert result.changed == {"year: rounded": 100}


def half_loaded(client: Elasticsearch, prefix: str, plan: Plan) -> Generation:
    """Leave a load whose documents are all in, and whose second chunk is not acknowledged, by a dead loader."""
    generation = Generation(prefix, DATASET, 1)
    generations.create_system_indices(client, prefix)
    books = Ledger(client, prefix)
    context = LoadContext(client, prefix, plan, Options(), Progress(), threading.Event())
    context.progress.add_file("a", 300)
    assert loading._begin(context) == generation
    dead = Lease(client, prefix, DATASET, LOAD, generation=generation.index)
    assert isinstance(books.claim(generation, ChunkId(0, 1), dead), ledger.Claim)
    loading._carry(context, generation, dead)
    document = client.get(index=f"{prefix}-ledger", id=f"{generation.index}/0/1")["_source"]
    client.index(
        index=f"{prefix}-ledger", id=f"{generation.index}/0/1", document=document | {"state": "leased", "owner": "x"}
    )
    return generation


def test_a_lost_document_is_not_hidden_by_a_stretch_that_was_sent_twice(client: Elasticsearch, prefix: str) -> None:
    plan = made.plan(made.MadeReader("a", 300, 100))
    generation = half_loaded(client, prefix, plan)
    client.indices.refresh(index=generation.index)
    client.delete(index=generation.index, id="made:7")  # of a chunk that is done; the second one will be sent again
    with pytest.raises(CheckFailedError, match=r"299 documents .*300, one for each id"):
        load(client, prefix, plan)
    assert not client.indices.exists_alias(name=prefix)


def test_other_files_are_refused_and_fresh_starts_over(client: Elasticsearch, prefix: str) -> None:
    stop = threading.Event()
    stop.set()
    with pytest.raises(InterruptedLoadError):
        load_dataset(client, prefix, made.plan(made.MadeReader("a", 100, 10)), Options(), Progress(), stop)
    other = made.plan(made.MadeReader("b", 100, 10))
    with pytest.raises(InputError, match="other files"):
        load(client, prefix, other)
    result = load(client, prefix, other, fresh=True)
    assert result.indexed == 100
    assert not client.indices.exists(index=f"{prefix}-{DATASET}-g000001")


def test_the_same_files_again_are_loaded_already(client: Elasticsearch, prefix: str) -> None:
    plan = made.plan(made.MadeReader("a", 100, 10))
    first, second = load(client, prefix, plan), load(client, prefix, plan)
    assert (first.alias_moved, second.alias_moved) == (True, False)
    assert (first.generation, first.indexed) == (second.generation, second.indexed)
    third = load(client, prefix, plan, fresh=True)
    assert third.alias_moved
    assert third.generation != first.generation
    assert client.count(index=prefix)["count"] == 100


def test_a_lost_document_stops_the_alias(client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    finish = loading._finish

    def steal(context: LoadContext, generation: Generation) -> Any:
        client.indices.refresh(index=generation.index)
        client.delete(index=generation.index, id="made:7")
        return finish(context, generation)

    monkeypatch.setattr(loading, "_finish", steal)
    with pytest.raises(CheckFailedError, match="does not add up"):
        load(client, prefix, made.plan(made.MadeReader("a", 100, 10)))
    assert not client.indices.exists_alias(name=prefix)


def test_settings_for_loading_are_gone_afterwards(client: Elasticsearch, prefix: str) -> None:
    result = load(client, prefix, made.plan(made.MadeReader("a", 10, 10)))
    settings = client.indices.get_settings(index=result.generation, flat_settings=True)
    found = settings[result.generation]["settings"]
    assert not [name for name in indices.BUILDING_SETTINGS if f"index.{name}" in found]
    assert list(client.indices.get_alias(index=result.generation)[result.generation]["aliases"]) == [
        prefix,
        f"{prefix}-{DATASET}",
    ]


def test_a_swap_whose_answer_is_lost_is_a_swap(
    client: Elasticsearch, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = load(client, prefix, made.plan(made.MadeReader("a", 100, 50)))
    really, lost = client.transport.perform_request, [True]

    def lose_the_first_answer(method: str, target: str, **asked: Any) -> Any:
        answer = really(method, target, **asked)
        if target.startswith("/_aliases") and lost:
            lost.pop()
            raise NoConnection("the answer was lost")
        return answer

    monkeypatch.setattr(client.transport, "perform_request", lose_the_first_answer)
    second = load(client, prefix, made.plan(made.MadeReader("b", 100, 50)))
    assert second.alias_moved and not lost
    assert list(client.indices.get_alias(name=prefix).body) == [second.generation] != [first.generation]


def test_two_loaders_share_one_generation(client: Elasticsearch, prefix: str) -> None:
    plan = made.plan(made.MadeReader("a", 6000, 100), source=made.MadeSource(rounded=3))
    results: list[LoadResult] = []
    threads = [threading.Thread(target=lambda: results.append(load(client, prefix, plan))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [(result.read, result.indexed) for result in results] == [(6000, 6000)] * 2
    assert len({result.generation for result in results}) == 1
    assert sum(result.resumed for result in results) == 6000  # what one did, the other found done
    assert [result.changed for result in results] == [{"year: rounded": 2000}] * 2


@pytest.mark.parametrize("limit", [1, 49, 50, 51, 149, 150, 151])
def test_a_limit_counts_damaged_records_too(client: Elasticsearch, prefix: str, limit: int) -> None:
    reader = made.MadeReader("a", 300, 100, damaged=50)
    planned = replace(reader_plan := made.plan(reader), limit=limit, files=tuple(_first(reader_plan, limit)))
    result = load(client, prefix, planned)
    assert (result.read, result.rejected, result.indexed) == (limit, limit // 50, limit - limit // 50)


def _first(plan: Plan, limit: int) -> list[PlannedFile]:
    (file,) = plan.files
    return [replace(file, chunks=tuple(first(list(file.chunks), limit)))]
