"""Elasticsearch stops in the middle, or isn't there at the start: 503 with Retry-After, and back by itself."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from linernotes.web.services import data_version
from mappings.errors import UnreachableError
from queries import Searcher
from tests.faults.proxy import Answer, Faults, running
from tests.web.conftest import Site
from tests.web.serving import command, serving
from tests.web.test_problems import told

ASKED = [
    f"{PREFIX}/search?q=love",
    f"{PREFIX}/facets/genre",
    f"{PREFIX}/suggest?q=lo",
    f"{PREFIX}/artist?name=kurt+vile",
    f"{PREFIX}/tracks/free-music-archive:10",
    f"{PREFIX}/overlap",
    f"{PREFIX}/stats",
]
BACK_S = 20
"""Within this it has to be back: a failure is believed for a second, and the client avoids a dead node for some."""


class Switched(Faults):
    """A way to Elasticsearch that can be shut: then connections are closed without a word, or nothing comes back."""

    shut = ""

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Forward a request, unless the way is shut."""
        if self.shut == "dumb":
            self.opened.wait(30)
        return Answer(None) if self.shut else self.forward(method, path, headers, body)

    opened: threading.Event


def switched(url: str) -> Switched:
    """Return a way that is open."""
    made = Switched(url, ())
    made.opened = threading.Event()
    return made


@pytest.mark.parametrize("way", ["closed", "dumb"])
def test_it_stops_in_the_middle(site: Site, es_url: str, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(data_version, "STALE_S", 3.0)
    faults = switched(es_url)
    options = Options(search_timeout_s=4.0, slow_timeout_s=8.0, version_timeout_s=2.0)
    with running(faults) as url:
        found = from_environment(site.environment | {"LINERNOTES_URL": url})
        with connect(found, timeout_s=options.search_timeout_s) as client:
            searcher = Searcher(client, found.prefix)
            with serving(lambda: searcher, options) as served, httpx.Client(base_url=served, timeout=30) as web:
                assert {web.get(address).status_code for address in ASKED} == {200}
                faults.shut = way
                _noticed(web)
                _all_refused(web)
                faults.shut = ""
                faults.opened.set()
                _back(web)
                assert {web.get(address).status_code for address in ASKED} == {200}


def _noticed(web: httpx.Client) -> None:
    """Wait until the server knows: the version that it has is good for some seconds."""
    until = time.monotonic() + 10
    while web.get("/ready").status_code == 200:
        assert time.monotonic() < until
        time.sleep(0.1)


def _all_refused(web: httpx.Client) -> None:
    began = time.monotonic()
    for address in (*ASKED, "/ready"):
        answer = web.get(address)
        assert answer.status_code == 503, answer.text
        assert int(answer.headers["retry-after"]) > 0
        assert "etag" not in answer.headers
        assert told(answer)["detail"]
    page = web.get("/search?q=love")
    assert page.status_code == 503
    assert page.headers["content-type"].startswith("text/html")
    # One of them waits for Elasticsearch each second, the others are told at once.
    assert time.monotonic() - began < 20
    assert web.get("/health").status_code == 200
    cards = web.get(f"{PREFIX}/datasets").json()
    assert not cards["known"]
    assert cards["datasets"]


def _back(web: httpx.Client) -> None:
    until = time.monotonic() + BACK_S
    while web.get("/ready").status_code != 200:
        assert time.monotonic() < until, "it doesn't recover"
        time.sleep(0.1)


def test_many_are_told_at_once(site: Site, es_url: str) -> None:
    """While nobody answers, 30 clients don't wait one after the other."""
    faults = switched(es_url)
    faults.shut = "closed"
    with running(faults) as url:
        found = from_environment(site.environment | {"LINERNOTES_URL": url})
        with connect(found, timeout_s=1.0) as client:
            searcher = Searcher(client, found.prefix)
            with serving(lambda: searcher, Options(search_timeout_s=5.0)) as served:
                statuses: list[int] = []

                def ask(number: int) -> None:
                    statuses.append(httpx.get(f"{served}{PREFIX}/search?q=x{number}", timeout=30).status_code)

                threads = [threading.Thread(target=ask, args=(number,)) for number in range(30)]
                began = time.monotonic()
                for thread in threads:
                    thread.start()
                for thread in threads:
                    thread.join()
                assert statuses == [503] * 30
                assert time.monotonic() - began < 6


class RefusedError(UnreachableError):
    """An error whose constructor takes something else than a message and a hint, as those of refused keys do."""

    def __init__(self, problem: UnreachableError, _response: object) -> None:
        super().__init__(problem.message, problem.hint)


def test_a_refused_key_is_503_again_and_again_and_a_wrong_parameter_400() -> None:
    def refused() -> Searcher:
        raise RefusedError(UnreachableError("Elasticsearch refuses the key."), None)

    with serving(refused, Options()) as url, httpx.Client(base_url=url) as web:
        answers = [told(web.get(f"{PREFIX}/search?q={number}")) for number in range(3)]
        assert {(answer["status"], answer["type"]) for answer in answers} == {(503, "/problems/unavailable")}
        assert "key" not in str(answers)
        for wrong in ("genr=rock", "genre=rok", "size=x"):
            assert told(web.get(f"{PREFIX}/search?{wrong}"))["status"] == 400
        assert web.get("/search?year=x").status_code == 400
        assert web.get("/about").status_code == 200


def test_it_starts_without_elasticsearch(site: Site, es_url: str, tmp_path: Path) -> None:
    faults = switched(es_url)
    faults.shut = "closed"
    with (
        running(faults) as url,
        command(tmp_path / "log", site.environment | {"LINERNOTES_URL": url}) as served,
        httpx.Client(base_url=served.url, timeout=30) as web,
    ):
        assert web.get("/health").status_code == 200
        assert told(web.get("/ready"))["status"] == 503
        assert [line["problem"] for line in served.requests(2) if line["status"] == 503]
        faults.shut = ""
        _back(web)
        assert web.get(f"{PREFIX}/search?q=love").json()["hits"]


def test_it_starts_without_a_local_node(tmp_path: Path) -> None:
    with command(tmp_path / "log", {"LINERNOTES_HOME": str(tmp_path)}) as served:
        answer = httpx.get(f"{served.url}/ready")
        assert told(answer)["type"] == "/problems/unavailable"
        assert "not running" in served.requests(1)[0]["problem"]


def test_nothing_is_loaded(site: Site, tmp_path: Path) -> None:
    with command(tmp_path / "log", site.environment | {"LINERNOTES_PREFIX": "nothing-here"}) as served:
        for address in ("/ready", f"{PREFIX}/search"):
            problem = told(httpx.get(served.url + address))
            assert (problem["status"], problem["type"]) == (503, "/problems/nothing-loaded")
            assert "linernotes load" not in str(problem)
        assert "Nothing is loaded" in served.requests(2)[0]["problem"]
        uploaded = httpx.post(
            f"{served.url}{PREFIX}/checks", content=b"artist,title", headers={"content-type": "text/csv"}
        )
        assert told(uploaded)["type"] == "/problems/nothing-loaded"
