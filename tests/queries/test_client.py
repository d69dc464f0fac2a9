"""What goes wrong on the way is an error of one sentence, and no question takes longer than it may."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, HTTPServer

import orjson
import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError, LinernotesError, UnreachableError
from queries import Searcher, retry
from queries.errors import AbandonedError, DeadlineError, NothingLoadedError, SlowError
from queries.model import Json
from tests.queries.conftest import Collection


def test_nothing_loaded_is_for_the_user_to_correct(client: Elasticsearch, prefix: str) -> None:
    with pytest.raises(InputError, match=r"Nothing is loaded yet\. Run: linernotes load"):
        Searcher(client, prefix).search(queries.request("x"))
    assert Searcher(client, prefix).loaded() == {}


def test_what_is_loaded(collection: Collection) -> None:
    loaded = collection.searcher.loaded()
    for dataset, result in loaded.items():
        assert result.records == sum(track["dataset"] == dataset for track in collection.tracks)
        assert result.generation.index == f"{collection.prefix}-{dataset}-g000001"
        assert result.revision == "1"
    assert len(loaded) == 4


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UnreachableError, match="can't be reached"):
        ask(url)


@dataclass
class Stub:
    """A server that gives one answer to everything, after a while, and remembers what it was sent."""

    url: str
    bodies: list[bytes]


@contextmanager
def answering(status: int, body: str, delay_s: float = 0.0) -> Iterator[Stub]:
    """Serve one answer to everything on a free port."""
    done, bodies = threading.Event(), list[bytes]()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(self.rfile.read(int(self.headers.get("content-length", 0))))
            done.wait(delay_s)
            with suppress(ConnectionError):
                self.send_response(status)
                self.send_header("content-type", "application/json")
                self.send_header("x-elastic-product", "Elasticsearch")
                self.end_headers()
                self.wfile.write(body.encode())

        do_GET = do_POST  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Stub(f"http://127.0.0.1:{server.server_port}", bodies)
    finally:
        done.set()
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str, seconds: float = 10.0) -> None:
    with Elasticsearch(url, max_retries=0) as client:
        Searcher(client, "x", seconds).search(queries.request("pink"))


def item(status: int, kind: str) -> str:
    error = {"type": kind, "reason": "so", "root_cause": []}
    return orjson.dumps({"took": 1, "responses": [{"status": status, "error": error}]}).decode()


@pytest.mark.parametrize(
    ("status", "body", "problem", "sentence"),
    [
        (401, '{"error": {"type": "security_exception"}}', UnreachableError, "rejected the credentials"),
        (403, '{"error": {"type": "security_exception"}}', UnreachableError, "rejected the credentials"),
        (503, "Service Unavailable", UnreachableError, "can't answer just now"),
        (429, '{"error": {"type": "circuit_breaking_exception"}}', SlowError, "can't answer just now"),
        (200, item(503, "search_phase_execution_exception"), UnreachableError, "can't answer just now"),
        (200, item(429, "es_rejected_execution_exception"), SlowError, "can't answer just now"),
        (200, item(404, "index_not_found_exception"), NothingLoadedError, "Nothing is loaded yet"),
        (200, item(400, "parsing_exception"), LinernotesError, "refused a search"),
    ],
)
def test_errors_of_elasticsearch(
    status: int, body: str, problem: type[LinernotesError], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "MAX_DELAY_S", 0.2)
    with answering(status, body) as stub, pytest.raises(problem) as raised:
        ask(stub.url)
    assert type(raised.value) is problem
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_answer_in_time() -> None:
    with answering(200, "{}", delay_s=5) as stub, pytest.raises(UnreachableError, match="didn't answer in time"):
        ask(stub.url, seconds=0.1)
    assert len(stub.bodies) == 1


def test_a_question_whose_time_is_up_sends_nothing() -> None:
    with answering(200, "{}") as stub, pytest.raises(DeadlineError, match=r"took longer than 0\.001 s"):
        ask(stub.url, seconds=0.001)
    assert not stub.bodies


def sent(body: bytes) -> list[Json]:
    return [orjson.loads(line) for line in body.splitlines()]


def test_elasticsearch_is_given_what_is_left_of_the_time() -> None:
    now = iter((0.0, 2.0, 2.0, 7.5, 7.5, 10.0))
    with answering(200, '{"responses": [{"status": 200}]}') as stub, Elasticsearch(stub.url) as client:
        question = Searcher(client, "x", 10.0, clock=lambda: next(now)).question()
        for _ in range(2):
            question({"size": 1})
        with pytest.raises(DeadlineError):
            question({"size": 2})
    first, second = map(sent, stub.bodies)
    assert first == [{"index": "x", "allow_partial_search_results": False}, {"size": 1, "timeout": "8000ms"}]
    assert second[1]["timeout"] == "2500ms"


def test_all_questions_of_a_searcher_end_together() -> None:
    now = iter((0.0, 0.0, 1.0, 1.0, 1.0, 2.0, 2.0, 2.0, 2.0, 3.0, 6.5))
    with answering(200, '{"responses": [{"status": 200}]}') as stub, Elasticsearch(stub.url) as client:
        searcher = Searcher(client, "x", 10.0, clock=lambda: next(now)).within(6.0)
        searcher.question(600.0)({"size": 1})
        searcher.question(600.0)({"size": 2})
        with pytest.raises(DeadlineError, match="longer than 6 s"):
            searcher.question(600.0)({"size": 3})
    assert [sent(body)[1]["timeout"] for body in stub.bodies] == ["5000ms", "4000ms"]


def test_nothing_is_sent_when_nobody_waits_any_more() -> None:
    stop_event = threading.Event()
    with answering(200, '{"responses": [{"status": 200}]}') as stub, Elasticsearch(stub.url) as client:
        searcher = Searcher(client, "x").within(10.0, stop_event)
        question = searcher.question()
        question({"size": 1})
        stop_event.set()
        for ask_again in (lambda: question({"size": 1}), searcher.loaded, searcher.cards):
            with pytest.raises(AbandonedError):
                ask_again()
    assert len(stub.bodies) == 1


def timed_out() -> str:
    """Return what Elasticsearch 8.19 answers when `timeout` strikes and no partial answer is allowed."""
    cause = {"type": "search_timeout_exception", "reason": "Time exceeded"}
    failed = [{"shard": 0, "index": "i", "node": "n", "reason": cause}]
    error = {"root_cause": [cause], "type": "search_phase_execution_exception", "reason": "Partial shards failure"}
    return orjson.dumps({"responses": [{"error": error | {"failed_shards": failed}, "status": 504}]}).decode()


@pytest.mark.parametrize("body", [timed_out(), '{"responses": [{"timed_out": true, "hits": {}, "status": 200}]}'])
def test_a_search_that_elasticsearch_ended_is_not_sent_again(body: str) -> None:
    with answering(200, body) as stub, pytest.raises(DeadlineError, match="took longer than 10 s"):
        ask(stub.url)
    assert len(stub.bodies) == 1


def test_elasticsearch_ends_what_takes_too_long(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the real node: a script that takes its time in every document."""
    monkeypatch.setattr("queries.client._LEAST_SECONDS", 0.0)
    ticks = iter((0.0, 0.0, 0.99))
    searcher = Searcher(collection.searcher.client, collection.prefix, 1.0, clock=lambda: next(ticks))
    slow = "double x = 0; for (int i = 0; i < 20000; i++) { x += Math.sin(i); } return x > -1e9;"
    query = {"bool": {"filter": [{"script": {"script": {"source": slow}}}]}}
    with pytest.raises(DeadlineError, match="took longer than 1 s"):
        searcher.question()({"query": query, "track_total_hits": True})
