"""A client that retries: what passes is tried again, what doesn't is told at once, and what must be sent once is."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from indexer.cluster import retry
from indexer.cluster.progress import Progress
from indexer.cluster.retry import RetryPolicy, policy_of, retrying, sending_once
from mappings.errors import UnreachableError
from tests.faults import proxy


@dataclass
class Failing(proxy.Faults):
    """Lets the first `times` requests fail in one way."""

    times: int = 2
    requests: int = 0

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> proxy.Answer:
        self.requests += 1
        if self.requests > self.times:
            return self.forward(method, path, headers, body)
        return proxy.KINDS[self.kinds[0]](self, method, path, headers, body)


@contextmanager
def failing(es_url: str, kind: str, times: int = 2) -> Iterator[tuple[Failing, Elasticsearch]]:
    faults = Failing(es_url, (kind,), times=times)
    with (
        proxy.running(faults) as address,
        Elasticsearch(address, max_retries=0, request_timeout=proxy.TIMEOUT_S) as client,
    ):
        yield faults, client


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "FIRST_WAIT_S", retry.FIRST_WAIT_S / 10)


PASSING = [kind for kind in proxy.KINDS if kind not in proxy.FITS]


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_tried_again(es_url: str, kind: str) -> None:
    progress = Progress()
    with failing(es_url, kind) as (faults, client):
        assert retrying(client, RetryPolicy(progress)).cluster.health()["number_of_data_nodes"] >= 1
    assert (faults.requests, progress.retries) == (3, 2)


@pytest.mark.parametrize("kind", ["503", "reset_after"])
def test_what_must_be_sent_once_is(es_url: str, kind: str) -> None:
    with failing(es_url, kind) as (faults, client), pytest.raises((ApiError, TransportError)):
        sending_once(retrying(client)).cluster.health()
    assert faults.requests == 1


def test_a_final_answer_is_told_at_once(es_url: str) -> None:
    progress = Progress()
    with failing(es_url, "503", times=0) as (faults, client):
        patient = retrying(client, RetryPolicy(progress))
        with pytest.raises(NotFoundError):
            patient.get(index="there-is-none", id="1")
        assert not patient.indices.exists(index="there-is-none")
        with pytest.raises(ApiError, match="parsing_exception"):
            patient.search(query={"no_query": {}})
    assert (faults.requests, progress.retries) == (3, 0)


def test_it_ends_at_the_deadline(es_url: str) -> None:
    with (
        failing(es_url, "503", times=1_000) as (_, client),
        pytest.raises(UnreachableError, match=r"took no data for [1-9] s \(503: not now\)"),
    ):
        retrying(client, RetryPolicy(deadline_s=0.6)).info()


def test_it_ends_when_it_is_asked_to(es_url: str) -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    started = time.monotonic()
    with failing(es_url, "503", times=1_000) as (_, client), pytest.raises(UnreachableError):
        retrying(client, RetryPolicy(stop=stop)).info()
    assert time.monotonic() - started < 2


def test_the_policy_goes_with_the_client(es_url: str) -> None:
    one, other = RetryPolicy(), RetryPolicy()
    with Elasticsearch(es_url) as client:
        patient = retrying(client, one)
        assert policy_of(patient.options(request_timeout=3)) is one
        assert policy_of(retrying(patient, other)) is other
        assert policy_of(client) not in (one, other)
        assert patient.transport.node_pool is client.transport.node_pool
