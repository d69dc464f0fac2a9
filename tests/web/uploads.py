"""Catalogues sent to a server, and what comes of them."""

import time
from html.parser import HTMLParser
from typing import Any

import httpx

from linernotes.web.api.checks import Check

PATIENCE_S = 60
CHECKS = "/api/v1/checks"


def form(content: bytes, name: str = "catalogue.csv") -> dict[str, Any]:
    return {"files": {"catalogue": (name, content, "text/csv")}}


def send(web: httpx.Client, content: bytes, name: str = "catalogue.csv") -> str:
    """Send a catalogue and return the id of its check."""
    answer = web.post(CHECKS, **form(content, name))
    assert answer.status_code == 202, answer.text
    job = Check.model_validate(answer.json())
    assert answer.headers["location"].endswith(f"{CHECKS}/{job.id}")
    return job.id


def look(web: httpx.Client, job: str) -> dict[str, Any]:
    answer = web.get(f"{CHECKS}/{job}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    Check.model_validate(found)
    assert answer.headers["cache-control"] == "no-store"
    return found


def ended(web: httpx.Client, job: str) -> dict[str, Any]:
    """Wait until a check has ended, and return it."""
    until = time.monotonic() + PATIENCE_S
    while (found := look(web, job))["state"] == "running":
        assert time.monotonic() < until, found
        time.sleep(0.05)
    return found


def checked(web: httpx.Client, content: bytes, name: str = "catalogue.csv") -> dict[str, Any]:
    """Send a catalogue and return its check when it is done."""
    found = ended(web, send(web, content, name))
    assert found["state"] == "done", found
    return found


def rows(number: int) -> bytes:
    """Return a catalogue of so many rows, each of them another song that nobody has."""
    return b"artist,title\n" + b"".join(b"Nobody %d,Song of %d\n" % (each, each) for each in range(number))


def refused(answer: httpx.Response, status: int, said: str) -> None:
    """Assert that an answer says no, in one sentence, to a program or to a person."""
    assert answer.status_code == status, answer.text[:500]
    if answer.request.url.path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert said in answer.json()["detail"]
        assert answer.json()["status"] == status
    else:
        assert answer.headers["content-type"].startswith("text/html")
        assert said in answer.text
    assert "Traceback" not in answer.text
    assert "linernotes-checks" not in answer.text


class _Shown(HTMLParser):
    """What of a page is shown: neither scripts nor styles."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = 0
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.hidden += tag in ("script", "style")

    def handle_endtag(self, tag: str) -> None:
        self.hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        self.text += "" if self.hidden else data


def shown(page: str) -> str:
    """Return the text that a page shows."""
    parser = _Shown()
    parser.feed(page)
    return parser.text
