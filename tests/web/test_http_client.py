"""The client in Python, against the real server: all that it can do, and an exception for all that can go wrong."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from linernotes.http import (
    ApiError,
    Client,
    InvalidRequestError,
    ServerUnreachableError,
    UnavailableError,
)
from linernotes.web.config import Options
from mappings.errors import InputError, UnreachableError
from queries import Searcher
from tests.web.conftest import Site
from tests.web.serving import serving


def test_searching(site: Site) -> None:
    with Client(site.url) as client:
        page = client.search("freeway", filters={"year": "2000..", "dataset": ["free-music-archive"]}, facets=["genre"])
        assert page["total"]["exact"]
        assert page["hits"][0]["title"] == "Freeway"
        assert list(page["facets"]) == ["genre"]
        assert client.track(page["hits"][0]["id"])["title"] == "Freeway"
        assert client.artists("kurt vile", size=1)["artist"]["name"] == "Kurt Vile"
        assert client.artists(artist_id="6")["artist"]["name"] == "Kurt Vile"
        assert client.search()["total"]["value"] > 100


def test_all_tracks(site: Site) -> None:
    with Client(site.url + "/") as client:
        tracks = [track["id"] for track in client.iter_tracks("love", page_size=7)]
        assert tracks == [hit["id"] for hit in client.search("love", size=1000)["hits"]]
        assert len(tracks) > 14


def test_checking(site: Site, tmp_path: Path) -> None:
    table = tmp_path / "my songs.csv"
    table.write_text("artist,title\nKurt Vile,Freeway\nNobody,Nothing\n")
    with Client(site.url) as client:
        check = client.check(table)
        assert (check["name"], check["rows"], check["state"]) == ("my songs.csv", 2, "done")
        assert check["summary"] is not None
        assert check["summary"]["found"] == 1
        report = b"".join(client.report(check, "csv")).decode()
        assert "Freeway" in report
        assert client.check(b'{"artist": "Kurt Vile", "title": "Freeway"}\n', name="x.ndjson")["rows"] == 1
        client.delete_check(check)
        with pytest.raises(InvalidRequestError) as gone:
            b"".join(client.report(check))
        assert gone.value.type == "/problems/not-found"
        verdicts = client.matches([{"artist": "Kurt Vile", "title": "Freeway"}, {"title": "x"}])
        assert [row["verdict"] for row in verdicts] == ["found", "unreadable"]


def test_what_the_server_refuses(site: Site) -> None:
    with Client(site.url) as client:
        with pytest.raises(InvalidRequestError) as refused:
            client.search(filters={"genre": "rok", "year": "soon"})
        assert isinstance(refused.value, InputError)
        assert (refused.value.status, refused.value.type) == (400, "/problems/invalid-parameter")
        assert [each["parameter"] for each in refused.value.errors] == ["genre", "year"]
        assert refused.value.request_id
        with pytest.raises(InvalidRequestError, match="no such track"):
            client.track("nowhere:1")
        with pytest.raises(InvalidRequestError):
            client.check(b"")
    with pytest.raises(InputError, match="no address"):
        Client("music.example")


def test_nobody_answers() -> None:
    with Client("http://127.0.0.1:9", timeout_s=2) as client, pytest.raises(ServerUnreachableError) as away:
        client.search()
    assert isinstance(away.value, UnreachableError)


def test_the_search_is_away() -> None:
    def away() -> Searcher:
        raise UnreachableError("gone")

    with serving(away, Options()) as url, Client(url, attempts=1) as client:
        with pytest.raises(UnavailableError) as refused:
            client.search()
        assert refused.value.retry_after == 5
        assert isinstance(refused.value, UnreachableError)


class Busy(BaseHTTPRequestHandler):
    """Answers as a busy proxy does, then as something else altogether."""

    answers = [(503, b"<html>busy"), (429, b"{}"), (200, b"<html>hello")]  # noqa: RUF012
    seen: list[str] = []  # noqa: RUF012
    wait = "0"

    def do_GET(self) -> None:
        status, body = self.answers[len(self.seen)]
        self.seen.append(self.path)
        self.send_response(status)
        self.send_header("retry-after", self.wait)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as it is called
        """Write nothing."""


@pytest.mark.parametrize(("wait", "times"), [("0", 3), ("3600", 1)])
def test_what_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch, wait: str, times: int) -> None:
    """But not where it will be for an hour."""
    monkeypatch.setattr(Busy, "wait", wait)
    Busy.seen.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Busy) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            with Client(f"http://127.0.0.1:{server.server_port}") as client:
                with pytest.raises(UnreachableError, match="no linernotes server" if times > 1 else "."):
                    client.search("a b")
                assert Busy.seen == ["/api/v1/search?q=a+b"] * times
        finally:
            server.shutdown()
            thread.join()
    assert issubclass(UnavailableError, ApiError)
