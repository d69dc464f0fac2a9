"""Response cache and conditional GET: a response is valid for one address and one version of the data.

The ETag is a hash of both, so a client that has the response gets 304 without a query to Elasticsearch. Identical
requests that come while the first is being answered wait for its response.
"""

import asyncio
import hashlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from cachetools import LRUCache
from fastapi import Request, Response

MAX_SHARE = 8
"""A response larger than this part of the cache isn't cached."""

ENTRY_BYTES = 1000
"""Bytes that a response takes beside its body: tag, headers, its place in the cache."""

VARIANT_KEY = "linernotes.variant"
"""Key of the ASGI scope under which a route says what its response depends on beside the address, such as language."""

UNCACHED_KEY = "linernotes.uncached"
"""Key of the ASGI scope under which a route says that a response serves nobody else."""

HIT_HEADERS = {"cache-status": "linernotes; hit"}
"""Says that a response was cached (RFC 9211)."""

NO_STORE = {"cache-control": "no-store"}
NO_CACHE = {"cache-control": "no-cache"}

Handler = Callable[[Request], Coroutine[Any, Any, Response]]
Result = TypeVar("Result")


@dataclass(frozen=True)
class CachedResponse:
    """A response that can be sent again."""

    body: bytes
    headers: Mapping[str, str]
    status: int = 200


@dataclass
class _Flight(Generic[Result]):
    task: "asyncio.Task[Result]"
    waiting: int = 0


class SingleFlight(Generic[Result]):
    """Runs a call once for all who need its result meanwhile; it is cancelled when the last of them goes away."""

    def __init__(self) -> None:
        self._flights: dict[str, _Flight[Result]] = {}

    async def run(self, key: str, call: Callable[[], Coroutine[Any, Any, Result]]) -> Result:
        """Return the result of the call under way for this key, or of this one. Raises what it raises."""
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(call()))
        flight.waiting += 1
        try:
            return await asyncio.shield(flight.task)
        finally:
            flight.waiting -= 1
            if (flight.task.done() or not flight.waiting) and self._flights.get(key) is flight:
                del self._flights[key]
            if not flight.waiting:
                flight.task.cancel()  # of one that is done this means nothing


class ResponseCache:
    """The responses of one version that were used last, up to a number of bytes. For the event loop's thread alone."""

    def __init__(self, max_bytes: int) -> None:
        self._largest = max_bytes // MAX_SHARE
        self._version = ""
        self._flights = SingleFlight[CachedResponse | Response]()
        self._responses: LRUCache[str, CachedResponse] = LRUCache(
            max_bytes, getsizeof=lambda response: len(response.body) + ENTRY_BYTES
        )

    def set_version(self, version: str) -> None:
        """Switch to a version: the responses of another one are dropped."""
        if version != self._version:
            self._version = version
            self._responses.clear()

    def get(self, tag: str) -> CachedResponse | None:
        """Return a response, which is now the last used."""
        return self._responses.get(tag)

    def add(self, version: str, tag: str, response: CachedResponse) -> None:
        """Keep a response, unless the version has changed meanwhile or it is too large."""
        if version == self._version and len(response.body) <= self._largest:
            self._responses[tag] = response

    async def respond(
        self, request: Request, version: str, query: str, handle: Handler, *, is_heavy: bool = False
    ) -> Response:
        """Return 304, the cached response, or what the handler returns; a response that streams is never cached.

        `query` are the parameters that matter, in their order. Only heavy clients wait for what is being answered for a
        heavy one: it comes after that of others.
        """
        self.set_version(version)
        tag = _tag(version, request, query)
        known = _if_none_match(request)
        validators = {"etag": f"W/{tag}", **NO_CACHE}
        if tag in known:
            return Response(status_code=304, headers=validators)
        cached = self.get(tag)
        if cached:
            response = Response(cached.body, headers={**cached.headers, **HIT_HEADERS})
        else:
            made = await self._flights.run(f"{tag} {is_heavy}", lambda: self._make(request, version, tag, handle))
            response = made if isinstance(made, Response) else Response(made.body, made.status, dict(made.headers))
        if response.status_code != 200:
            return response
        if "*" in known:
            return Response(status_code=304, headers=validators)
        response.headers.update(validators)
        return response

    async def _make(self, request: Request, version: str, tag: str, handle: Handler) -> CachedResponse | Response:
        """Return what the handler returns, and keep it if it is complete; one that streams comes as it is."""
        response = await handle(request)
        if not isinstance(body := getattr(response, "body", None), bytes):
            return response
        headers = {name: value for name, value in response.headers.items() if name != "content-length"}
        made = CachedResponse(body, headers, response.status_code)
        if made.status == 200:
            self.add(version, tag, made)
        return made


def _tag(version: str, request: Request, query: str) -> str:
    path = request.scope["path"].encode("utf-8", "surrogatepass")  # decoded: no letter has two spellings
    variant = request.scope.get(VARIANT_KEY, "")
    address = b"\0".join((version.encode(), path, query.encode(), variant.encode()))
    return f'"{hashlib.sha256(address).hexdigest()[:24]}"'


def _if_none_match(request: Request) -> set[str]:
    """Return the client's tags without the mark of weak ones: so they are compared (RFC 9110, 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    return {each.strip().removeprefix("W/") for each in given.split(",")}
