"""Whatever the network does to a load, the index ends up as if nothing had happened."""

import threading
from dataclasses import dataclass

import pytest
from elasticsearch import Elasticsearch
from elasticsearch.serializer import OrjsonSerializer

from indexer import patience
from indexer.load import Loader, LoadResult, Options
from indexer.meter import Meter
from indexer.plan import Plan
from tests.faults import proxy
from tests.faults.digest import digest
from tests.indexer import made

RECORDS = 2_400


def plan() -> Plan:
    source = made.MadeSource(repeat=50, across=2_000)
    return made.plan(made.MadeReader("a", RECORDS, 400, damaged=700), source=source)


def load(client: Elasticsearch, prefix: str) -> LoadResult:
    options = Options(workers=3, request_timeout_s=proxy.TIMEOUT_S, request_bytes=100_000)
    return Loader(client, prefix, plan(), options, Meter(), threading.Event()).run()


@dataclass(frozen=True)
class Undisturbed:
    digest: str
    result: LoadResult


@pytest.fixture(scope="module")
def undisturbed(client: Elasticsearch) -> Undisturbed:
    prefix = "tundisturbed"
    try:
        result = load(client, prefix)
        return Undisturbed(digest(client, result.generation), result)
    finally:
        for index in client.indices.get(index=f"{prefix}*", features="aliases").body:
            client.indices.delete(index=index)


MIXED = tuple(proxy.KINDS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less before a first retry; the waits grow as they always do."""
    monkeypatch.setattr(patience, "FIRST_WAIT_S", patience.FIRST_WAIT_S / 5)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("kinds", [*[(kind,) for kind in proxy.KINDS], MIXED], ids=lambda kinds: "+".join(kinds[:2]))
def test_fault(
    client: Elasticsearch, es_url: str, prefix: str, undisturbed: Undisturbed, kinds: tuple[str, ...]
) -> None:
    faults = proxy.Faults(es_url, kinds, share=0.12)
    with (
        proxy.running(faults) as address,
        Elasticsearch(
            address, serializer=OrjsonSerializer(), max_retries=0, request_timeout=proxy.TIMEOUT_S
        ) as through,
    ):
        result = load(through, prefix)
    assert all(faults.happened[kind] for kind in kinds), faults.happened
    assert digest(client, result.generation) == undisturbed.digest
    expected = undisturbed.result
    counts = ("read", "indexed", "duplicates", "skipped", "rejected")
    assert [getattr(result, name) for name in counts] == [getattr(expected, name) for name in counts]
