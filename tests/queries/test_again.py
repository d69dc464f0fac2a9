"""What passes by itself is asked again, unseen; what doesn't is told soon."""

import time

import pytest
from elastic_transport import ConnectionError as NoConnectionError
from elasticsearch import Elasticsearch

import queries
from mappings.errors import UnreachableError
from queries import Searcher, again
from tests.faults import proxy
from tests.queries.conftest import Collection

SEARCHES = 60


def test_what_passes_is_not_seen(collection: Collection, es_url: str) -> None:
    kinds = ("429", "502", "503", "reset_before", "reset_after", "cut")
    faults = proxy.Faults(es_url, kinds, share=0.1)
    asked = queries.request("the", facet_names=("genre",))
    whole = collection.searcher.search(asked)
    with proxy.running(faults) as address, Elasticsearch(address, max_retries=0) as through:
        searcher = Searcher(through, collection.prefix)
        for _ in range(SEARCHES):
            found = searcher.search(asked)
            assert (found.total, found.facets) == (whole.total, whole.facets)
        assert searcher.loaded() == collection.searcher.loaded()
    assert all(faults.happened[kind] for kind in kinds), faults.happened


@pytest.mark.parametrize(("kind", "said"), [("503", "can't answer just now"), ("reset_before", "can't be reached")])
def test_what_does_not_pass_is_told(
    collection: Collection, es_url: str, monkeypatch: pytest.MonkeyPatch, kind: str, said: str
) -> None:
    monkeypatch.setattr(again, "PATIENCE_S", 1.0)
    faults = proxy.Faults(es_url, (kind,), share=1)
    with proxy.running(faults) as address, Elasticsearch(address, max_retries=0) as through:
        began = time.monotonic()
        with pytest.raises(UnreachableError, match=said):
            Searcher(through, collection.prefix).search(queries.request("the"))
    assert faults.happened[kind] >= again.ROUNDS
    assert time.monotonic() - began < 10


@pytest.mark.parametrize(
    ("status", "kind", "passes"),
    [
        (502, "node_not_connected_exception", True),
        (500, "node_closed_exception", True),
        (404, "search_context_missing_exception", True),
        (500, "null_pointer_exception", False),
        (404, "index_not_found_exception", False),
        (400, "parsing_exception", False),
    ],
)
def test_a_part_that_fails(status: int, kind: str, passes: bool) -> None:
    asked: list[int] = []

    def ask() -> str:
        asked.append(1)
        if len(asked) < 3:
            raise again.PartError(status, {"root_cause": [{"type": kind}]})
        return "answer"

    if passes:
        assert again.patiently(ask) == "answer"
    else:
        with pytest.raises(again.PartError):
            again.patiently(ask)
    assert len(asked) == (3 if passes else 1)


def test_nobody_there_is_told_at_once() -> None:
    def ask() -> None:
        raise NoConnectionError("refused")

    began = time.monotonic()
    with pytest.raises(NoConnectionError):
        again.patiently(ask)
    assert time.monotonic() - began < again.PATIENCE_S / 2
