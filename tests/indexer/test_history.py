"""What happened is written down in order, and a history that can't be written stops nothing."""

from elasticsearch import Elasticsearch

from indexer.cluster import audit_log, generations
from indexer.cluster.progress import Progress
from indexer.cluster.retry import RetryPolicy, retrying
from mappings.index_names import Generation
from mappings.index_names import history as history_index
from tests.indexer import made
from tests.indexer.test_load import load


def test_events_come_back_newest_first(client: Elasticsearch, prefix: str) -> None:
    assert audit_log.read(client, prefix) == []
    generations.create_system_indices(client, prefix)
    for number in range(5):
        name = "even" if number % 2 == 0 else "odd"
        assert audit_log.write(
            client, Generation(prefix, name, number), audit_log.STARTED, f"event {number}", number=number
        )
    assert [event.text for event in audit_log.read(client, prefix, size=3)] == ["event 4", "event 3", "event 2"]
    assert [event.details["number"] for event in audit_log.read(client, prefix, "odd")] == [3, 1]
    event = audit_log.read(client, prefix, "odd")[0]
    assert (event.dataset, event.generation, event.event) == ("odd", f"{prefix}-odd-g000003", "started")


def test_a_history_that_cant_be_written_is_said_and_stops_nothing(client: Elasticsearch, prefix: str) -> None:
    generations.create_system_indices(client, prefix)
    client.indices.close(index=history_index(prefix))
    progress = Progress()
    assert not audit_log.write(
        retrying(client, RetryPolicy(progress)), Generation(prefix, "made", 1), audit_log.STARTED, "x"
    )
    assert "could not be written" in progress.take_notes()[0]
    assert load(client, prefix, made.plan(made.MadeReader("a", 100, 50))).alias_moved


def test_a_load_tells_its_steps(client: Elasticsearch, prefix: str) -> None:
    result = load(client, prefix, made.plan(made.MadeReader("a", 100, 50)))
    events = audit_log.read(client, prefix, "made")
    assert [event.event for event in events] == ["swapped", "gates", "started"]
    assert {event.generation for event in events} == {result.generation}
    assert [gate["passed"] for gate in events[1].details["gates"]] == [True] * 8
