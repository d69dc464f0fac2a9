"""Answers kept by edition and address: what was answered once isn't asked again until something else is loaded.

A track's data don't change within an edition, so an answer's ETag is made of edition and address, and a browser that
has it gets 304 without any question to Elasticsearch. The tag is weak: `took_ms` is what the answer took when it was
asked, and stays so in all its copies, which say `cache-status: linernotes; hit`.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

if TYPE_CHECKING:
    from linernotes.web.service import Service

Handler = Callable[[Request], Coroutine[Any, Any, Response]]

LARGEST_PART = 8
"""An answer larger than this part of the room isn't kept."""

EACH = 1000
"""Bytes that an answer takes beside its body: tag, headers, their places. With one header 564, measured on 100,000."""

VARY = "x-part"
"""The header by which the page's script asks for a part of a page instead of the whole."""

KEPT = {"cache-status": "linernotes; hit"}
"""Says that an answer was kept (RFC 9211)."""


@dataclass(frozen=True)
class Answer:
    """A response that can be sent again."""

    body: bytes
    headers: Mapping[str, str]


@dataclass
class Kept:
    """The answers of one edition that were used last, up to a number of bytes. For one thread: the event loop's."""

    room: int
    edition: str = ""
    _answers: OrderedDict[str, Answer] = field(default_factory=OrderedDict)
    _bytes: int = 0

    def open(self, edition: str) -> None:
        """Go over to an edition: the answers of another one are dropped."""
        if edition != self.edition:
            self.edition, self._bytes = edition, 0
            self._answers.clear()

    def get(self, tag: str) -> Answer | None:
        """Return an answer, which is now the last used."""
        if tag in self._answers:
            self._answers.move_to_end(tag)
        return self._answers.get(tag)

    def add(self, edition: str, tag: str, answer: Answer) -> None:
        """Keep an answer, unless its edition has passed meanwhile; those that weren't used for longest make room."""
        large = len(answer.body) > self.room // LARGEST_PART
        if edition != self.edition or large or tag in self._answers:
            return
        self._answers[tag] = answer
        self._bytes += len(answer.body) + EACH
        while self._bytes > self.room:
            self._bytes -= len(self._answers.popitem(last=False)[1].body) + EACH


class KeptRoute(APIRoute):
    """A route whose answers depend on nothing but address and edition. Answers that stream are sent, not kept."""

    def get_route_handler(self) -> Handler:
        """Return the handler that looks among the kept answers first."""
        ask = super().get_route_handler()

        async def handler(request: Request) -> Response:
            service: Service = request.app.state.service
            edition = (await service.edition()).digest
            tag = _tag(edition, request)
            wanted = _held(request)
            if tag in wanted:
                return Response(status_code=304, headers=_headers(tag))
            known = service.kept.get(tag)
            response = Response(known.body, headers={**known.headers, **KEPT}) if known else await ask(request)
            if response.status_code != 200:
                return response
            if "*" in wanted:
                return Response(status_code=304, headers=_headers(tag))
            if known is None and isinstance(body := getattr(response, "body", None), bytes):
                headers = {name: value for name, value in response.headers.items() if name != "content-length"}
                service.kept.add(edition, tag, Answer(body, headers))
            response.headers.update(_headers(tag))
            return response

        return handler


def _tag(edition: str, request: Request) -> str:
    path, query = request.scope.get("raw_path") or request.url.path.encode(), request.scope["query_string"]
    address = b"\0".join((edition.encode(), path, query, request.headers.get(VARY, "").encode()))
    return f'"{hashlib.sha256(address).hexdigest()[:24]}"'


def _held(request: Request) -> set[str]:
    """Return the tags that the client has, without the sign of weak ones: so they are compared (RFC 9110, 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    return {each.strip().removeprefix("W/") for each in given.split(",")}


def _headers(tag: str) -> dict[str, str]:
    return {"etag": f"W/{tag}", "cache-control": "no-cache", "vary": VARY}
