"""Whatever the network does to a load, the index ends up as if nothing had happened."""

import threading
from dataclasses import dataclass

import orjson
import pytest
from elasticsearch import Elasticsearch
from elasticsearch.serializer import OrjsonSerializer

from indexer.cluster import retry
from indexer.cluster.progress import Progress
from indexer.load.load import LoadResult, Options, load_dataset
from indexer.load.plan import Plan
from mappings.errors import UnreachableError
from tests.faults import proxy
from tests.faults.digest import digest
from tests.indexer import made
from tests.queries.tracks import forget

pytestmark = pytest.mark.slow

RECORDS = 2_400


def plan() -> Plan:
    source = made.MadeSource(repeat=50, across=2_000)
    return made.plan(made.MadeReader("a", RECORDS, 400, damaged=700), source=source)


def load(client: Elasticsearch, prefix: str) -> LoadResult:
    options = Options(thresholds=made.LENIENT, workers=3, request_timeout_s=proxy.TIMEOUT_S, request_bytes=100_000)
    return load_dataset(client, prefix, plan(), options, Progress(), threading.Event())


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
        forget(client, prefix)


MIXED = tuple(proxy.KINDS)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait less before a first retry; the waits grow as they always do."""
    monkeypatch.setattr(retry, "FIRST_WAIT_S", retry.FIRST_WAIT_S / 5)


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


@dataclass
class Refusing(proxy.Faults):
    """Answers 400 to each bulk request."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> proxy.Answer:
        if "_bulk" not in path:
            return self.forward(method, path, headers, body)
        self.happened["400"] += 1
        return proxy.Answer(400, b"<html>Bad Request</html>", "text/html")


def through(faults: proxy.Faults, prefix: str) -> LoadResult:
    with (
        proxy.running(faults) as address,
        Elasticsearch(address, serializer=OrjsonSerializer(), max_retries=0, request_timeout=10) as client,
    ):
        return load(client, prefix)


def test_a_proxy_that_refuses_everything_ends_the_load(client: Elasticsearch, es_url: str, prefix: str) -> None:
    faults = Refusing(es_url, ())
    with pytest.raises(UnreachableError, match="10 requests of one document each were refused in a row"):
        through(faults, prefix)
    assert faults.happened["400"] < 200
    assert not client.indices.exists_alias(name=prefix)
    assert not client.count(index=f"{prefix}-rejected")["count"]


@dataclass
class Poisoned(proxy.Faults):
    """Answers 500 to one document, whenever it comes."""

    poison: bytes = b'"_id":"made:1007"'

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> proxy.Answer:
        lines = body.strip(b"\n").split(b"\n")
        if "_bulk" not in path or not any(self.poison in line for line in lines[::2]):
            return self.forward(method, path, headers, body)
        place = next(number for number, line in enumerate(lines[::2]) if self.poison in line)
        rest = lines[: 2 * place] + lines[2 * place + 2 :]
        items = []
        if rest:
            answered = self.forward(method, path, headers, b"\n".join(rest) + b"\n")
            items = orjson.loads(answered.body)["items"]
        error = {"type": "null_pointer_exception", "reason": "made by the proxy"}
        items.insert(place, {"index": {"status": 500, "error": error}})
        return proxy.Answer(200, orjson.dumps({"errors": True, "items": items}))


@pytest.mark.usefixtures("quick")
def test_a_document_that_always_fails_is_rejected(
    client: Elasticsearch, es_url: str, prefix: str, undisturbed: Undisturbed
) -> None:
    result = through(Poisoned(es_url, ()), prefix)
    assert (result.rejected, result.indexed) == (undisturbed.result.rejected + 1, undisturbed.result.indexed - 1)
    found = client.search(index=f"{prefix}-rejected", query={"term": {"kind": "null_pointer_exception"}})["hits"][
        "hits"
    ]
    assert [hit["_source"]["row"] for hit in found] == [1007]


@dataclass
class HalfAnswering(proxy.Faults):
    """Lets one search among several fail, once."""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> proxy.Answer:
        answer = self.forward(method, path, headers, body)
        if "_msearch" in path and not self.happened["msearch"]:
            self.happened["msearch"] += 1
            content = orjson.loads(answer.body)
            error = {"type": "es_rejected_execution_exception", "reason": "made by the proxy"}
            content["responses"][3] = {"error": error, "status": 429}
            return proxy.Answer(200, orjson.dumps(content))
        return answer


@pytest.mark.usefixtures("quick")
def test_a_failed_search_of_a_check_is_asked_again(es_url: str, prefix: str) -> None:
    faults = HalfAnswering(es_url, ())
    assert through(faults, prefix).alias_moved
    assert faults.happened["msearch"] == 1
