"""Transient errors are retried, unseen; others are raised soon."""

import threading
import time

import pytest
from elastic_transport import ConnectionError as NoConnectionError
from elasticsearch import Elasticsearch

import queries
from mappings.errors import UnreachableError
from queries import Searcher, retry
from tests.faults import proxy
from tests.queries.conftest import Collection

SEARCHES = 60


def test_transient_errors_are_not_seen(collection: Collection, es_url: str) -> None:
    kinds = ("429", "502", "503", "reset_before", "reset_after", "cut")
    faults = proxy.Faults(es_url, kinds, share=0.1)
    request = queries.request("the", facet_names=("genre",))
    whole = collection.searcher.search(request)
    with proxy.running(faults) as address, Elasticsearch(address, max_retries=0) as through:
        searcher = Searcher(through, collection.prefix)
        for _ in range(SEARCHES):
            answer = searcher.search(request)
            assert (answer.total, answer.facets) == (whole.total, whole.facets)
        assert searcher.loaded() == collection.searcher.loaded()
    assert all(faults.happened[kind] for kind in kinds), faults.happened


@pytest.mark.parametrize(("kind", "sentence"), [("503", "can't answer just now"), ("reset_before", "can't be reached")])
def test_errors_that_last_are_raised(
    collection: Collection, es_url: str, monkeypatch: pytest.MonkeyPatch, kind: str, sentence: str
) -> None:
    monkeypatch.setattr(retry, "MAX_DELAY_S", 1.0)
    faults = proxy.Faults(es_url, (kind,), share=1)
    with proxy.running(faults) as address, Elasticsearch(address, max_retries=0) as through:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match=sentence):
            Searcher(through, collection.prefix).search(queries.request("the"))
    assert faults.happened[kind] >= retry.CONNECTION_ROUNDS
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("status", "kind", "transient"),
    [
        (502, "node_not_connected_exception", True),
        (500, "node_closed_exception", True),
        (404, "search_context_missing_exception", True),
        (500, "null_pointer_exception", False),
        (404, "index_not_found_exception", False),
        (400, "parsing_exception", False),
    ],
)
def test_a_part_that_fails(status: int, kind: str, transient: bool) -> None:
    calls: list[int] = []

    def ask() -> str:
        calls.append(1)
        if len(calls) < 3:
            raise retry.PartError(status, {"root_cause": [{"type": kind}]})
        return "answer"

    if transient:
        assert retry.call_with_retry(ask) == "answer"
    else:
        with pytest.raises(retry.PartError):
            retry.call_with_retry(ask)
    assert len(calls) == (3 if transient else 1)


def test_nobody_there_is_an_error_at_once() -> None:
    def ask() -> None:
        raise NoConnectionError("refused")

    began = time.monotonic()
    with pytest.raises(NoConnectionError):
        retry.call_with_retry(ask)
    assert time.monotonic() - began < retry.MAX_DELAY_S / 2


def test_long_work_outlasts_what_a_search_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "LONGEST_LONG_WAIT_S", 0.01)
    attempts: list[int] = []

    def call() -> str:
        attempts.append(1)
        if len(attempts) <= 2 * retry.CONNECTION_ROUNDS:
            raise NoConnectionError("refused")
        return "answer"

    assert retry.call_with_long_retry(call, retry.is_transient, threading.Event()) == "answer"


def test_long_work_stops_when_its_event_is_set() -> None:
    stop_event = threading.Event()

    def call() -> None:
        stop_event.set()
        raise NoConnectionError("refused")

    with pytest.raises(NoConnectionError):
        retry.call_with_long_retry(call, retry.is_transient, stop_event)
