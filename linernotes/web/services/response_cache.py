"""Response cache and conditional GET: a response is valid for one address and one version of the data.

The ETag is a hash of both, so a client that has the response gets 304 without a query to Elasticsearch.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from cachetools import LRUCache
from fastapi import Request, Response

MAX_SHARE = 8
"""A response larger than this part of the cache isn't cached."""

ENTRY_BYTES = 1000
"""Bytes that a response takes beside its body: tag, headers, its place in the cache."""

PART_HEADER = "x-part"
"""Request header by which the page's script asks for a part of a page instead of the whole."""

HIT_HEADERS = {"cache-status": "linernotes; hit"}
"""Says that a response was cached (RFC 9211)."""

NO_STORE = {"cache-control": "no-store"}
NO_CACHE = {"cache-control": "no-cache"}

Handler = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class CachedResponse:
    """A response that can be sent again."""

    body: bytes
    headers: Mapping[str, str]


class ResponseCache:
    """The responses of one version that were used last, up to a number of bytes. For the event loop's thread alone."""

    def __init__(self, max_bytes: int) -> None:
        self._largest = max_bytes // MAX_SHARE
        self._version = ""
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

    async def respond(self, request: Request, version: str, handle: Handler) -> Response:
        """Return 304, the cached response, or what the handler returns; a response that streams is never cached."""
        self.set_version(version)
        tag = _tag(version, request)
        known = _if_none_match(request)
        validators = {"etag": f"W/{tag}", "vary": PART_HEADER, **NO_CACHE}
        if tag in known:
            return Response(status_code=304, headers=validators)
        if cached := self.get(tag):
            response = Response(cached.body, headers={**cached.headers, **HIT_HEADERS})
        else:
            response = await handle(request)
        if response.status_code != 200:
            return response
        if "*" in known:
            return Response(status_code=304, headers=validators)
        if cached is None and isinstance(body := getattr(response, "body", None), bytes):
            headers = {name: value for name, value in response.headers.items() if name != "content-length"}
            self.add(version, tag, CachedResponse(body, headers))
        response.headers.update(validators)
        return response


def _tag(version: str, request: Request) -> str:
    path, query = request.scope.get("raw_path") or request.url.path.encode(), request.scope["query_string"]
    address = b"\0".join((version.encode(), path, query, request.headers.get(PART_HEADER, "").encode()))
    return f'"{hashlib.sha256(address).hexdigest()[:24]}"'


def _if_none_match(request: Request) -> set[str]:
    """Return the client's tags without the mark of weak ones: so they are compared (RFC 9110, 13.1.2)."""
    given = ",".join(request.headers.getlist("if-none-match"))
    return {each.strip().removeprefix("W/") for each in given.split(",")}
