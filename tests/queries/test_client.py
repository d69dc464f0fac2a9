"""What goes wrong on the way is told in one sentence."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import orjson
import pytest
from elasticsearch import Elasticsearch

import queries
from mappings.errors import InputError, LinernotesError, UnreachableError
from queries import Searcher, again
from queries.loaded import NothingLoadedError
from tests.queries.conftest import Collection


def test_nothing_loaded_is_the_users_to_mend(client: Elasticsearch, prefix: str) -> None:
    with pytest.raises(InputError, match=r"Nothing is loaded yet\. Run: linernotes load"):
        Searcher(client, prefix).search(queries.request("x"))
    assert Searcher(client, prefix).loaded() == {}


def test_what_is_loaded_is_told(collection: Collection) -> None:
    loaded = collection.searcher.loaded()
    for dataset, found in loaded.items():
        assert found.records == sum(track["dataset"] == dataset for track in collection.tracks)
        assert found.generation.index == f"{collection.prefix}-{dataset}-g000001"
        assert found.revision == "1"
    assert len(loaded) == 4


def test_nobody_there() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UnreachableError, match="can't be reached"):
        ask(url)


@contextmanager
def answering(status: int, body: str, delay_s: float = 0.0) -> Iterator[str]:
    """Serve one answer to everything on a free port."""
    done = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            done.wait(delay_s)
            self.rfile.read(int(self.headers.get("content-length", 0)))
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
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        done.set()
        server.shutdown()
        thread.join()
        server.server_close()


def ask(url: str, timeout: float = 10.0) -> None:
    with Elasticsearch(url, max_retries=0, request_timeout=timeout) as client:
        Searcher(client, "x").search(queries.request("pink"))


def item(status: int, kind: str) -> str:
    error = {"type": kind, "reason": "so", "root_cause": []}
    return orjson.dumps({"took": 1, "responses": [{"status": status, "error": error}]}).decode()


@pytest.mark.parametrize(
    ("status", "body", "problem", "sentence"),
    [
        (401, '{"error": {"type": "security_exception"}}', UnreachableError, "doesn't let us in"),
        (403, '{"error": {"type": "security_exception"}}', UnreachableError, "doesn't let us in"),
        (503, "Service Unavailable", UnreachableError, "can't answer just now"),
        (429, '{"error": {"type": "circuit_breaking_exception"}}', UnreachableError, "can't answer just now"),
        (200, item(503, "search_phase_execution_exception"), UnreachableError, "can't answer just now"),
        (200, item(429, "es_rejected_execution_exception"), UnreachableError, "can't answer just now"),
        (200, item(404, "index_not_found_exception"), NothingLoadedError, "Nothing is loaded yet"),
        (200, item(400, "parsing_exception"), LinernotesError, "refused a search"),
    ],
)
def test_errors_of_elasticsearch(
    status: int, body: str, problem: type[LinernotesError], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(again, "PATIENCE_S", 0.2)
    with answering(status, body) as url, pytest.raises(problem) as told:
        ask(url)
    assert type(told.value) is problem
    assert sentence in str(told.value)
    assert "\n" not in str(told.value)


def test_no_answer_in_time() -> None:
    with answering(200, "{}", delay_s=5) as url, pytest.raises(UnreachableError, match="didn't answer in time"):
        ask(url, timeout=0.2)
