"""The edition of what is loaded: it changes when an alias moves or tracks come, and every kept answer falls with it."""

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from threading import Lock
from typing import Annotated, Any, TypeVar

import orjson
from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from linernotes.web.config import Options
from linernotes.web.services.thread_pools import Turns
from mappings.errors import LinernotesError
from queries import Loaded, Searcher

FRESH_S = 1.0
"""How long an edition is believed: what has been loaded is seen a second later at most."""


@dataclass(frozen=True)
class Edition:
    """What is loaded, by data set, and 16 hex digits that change with it or with the program."""

    loaded: Mapping[str, Loaded]
    digest: str


@dataclass
class Editions:
    """Asks for the edition, at most once in `FRESH_S`, whoever wants it; a failure is believed as long.

    So while Elasticsearch is away, one visitor a second waits for it, and all others are told at once.
    """

    source: Callable[[], Searcher]
    _lock: Lock = field(default_factory=Lock, repr=False)
    _known: Edition | None = None
    _failed: LinernotesError | None = None
    _until: float = 0.0

    def fresh(self) -> Edition | None:
        """Return the edition if it needn't be asked for. Raises the problem of a moment ago."""
        if time.monotonic() >= self._until:
            return None
        if self._failed:
            raise type(self._failed)(self._failed.message, self._failed.hint)
        return self._known

    def current(self) -> Edition:
        """Return the edition, asked for where it has to be. Raises UnreachableError."""
        with self._lock:
            if known := self.fresh():
                return known
            try:
                self._known, self._failed = _edition(self.source().loaded()), None
            except LinernotesError as problem:
                self._failed = problem
                raise
            finally:
                self._until = time.monotonic() + FRESH_S
            return self._known


def _edition(loaded: Mapping[str, Loaded]) -> Edition:
    content = [version("linernotes"), {name: each.as_json() for name, each in loaded.items()}]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return Edition(loaded, digest)


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


Result = TypeVar("Result")
Source = Callable[[], Searcher]
"""Gives the searcher; raises UnreachableError as long as there is no Elasticsearch to ask."""


@dataclass
class Service:
    """One of each for the whole server. Everything here but `source` belongs to the event loop."""

    options: Options
    source: Source
    editions: Editions
    kept: Kept
    asking: Turns
    counting: Turns
    _looking: "asyncio.Task[Edition] | None" = None

    @classmethod
    def of(cls, options: Options, source: Source) -> "Service":
        """Return the service of a source."""
        return cls(
            options=options,
            source=source,
            editions=Editions(source),
            kept=Kept(options.kept_bytes),
            asking=Turns(options.asking, options.waiting, options.answer_s),
            counting=Turns(options.counting, options.waiting, options.count_s),
        )

    @property
    def searcher(self) -> Searcher:
        """Return the searcher. Use it inside of what is asked: it may have to connect. Raises UnreachableError."""
        return self.source()

    async def ask(self, question: Callable[[], Result], *, long: bool = False) -> Result:
        """Return the answer to a question that takes a thread; raises UnreachableError if it takes too long.

        `long` questions have threads of their own, so that a search always finds room, and more time.
        """
        return await (self.counting if long else self.asking).take(question)

    async def edition(self) -> Edition:
        """Return the edition; however many want it, it is asked for once. Raises UnreachableError."""
        if known := self.editions.fresh():
            return known
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self.ask(self.editions.current))
            self._looking.add_done_callback(_seen)
        # Who goes away doesn't take it from those who wait with him.
        edition = await asyncio.shield(self._looking)
        self.kept.open(edition.digest)
        return edition

    def close(self) -> None:
        """Let go of what still waits for its turn."""
        self.asking.close()
        self.counting.close()


def _seen(task: "asyncio.Task[Edition]") -> None:
    if not task.cancelled():
        task.exception()


def _of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Shared = Annotated[Service, Depends(_of)]
"""A parameter of an endpoint: the server's service."""
