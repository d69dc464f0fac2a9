"""Limits of one client and of one request: how often, how long an address, how large a body."""

import ipaddress
import time
from array import array
from dataclasses import replace
from http import HTTPStatus
from math import ceil

import anyio
from fastapi import Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.errors import ProblemResponse, too_large

WINDOW_S = 60.0
COUNTERS = 65_536
IPV6_PREFIX = 64
"""Leading bits of an IPv6 address that one customer has; the others are his to choose."""

UNLIMITED_PATHS = ("/static/", "/health", "/ready")
"""What isn't counted: files, and what monitoring requests."""

PROXY_HEADERS = (b"x-forwarded-for", b"forwarded")
"""Headers of a proxy, whose own address isn't a client's."""

MAX_ADDRESS = 32_768
"""Bytes of path and query. Ten thousand Latin letters fit, which is more than any query has words."""

MAX_HEADERS = 65_536
"""Bytes that h11 reads of a request before its body; then it ends the connection with 400."""

FORM_OVERHEAD = 65_536
"""Bytes of a form around the file that is uploaded."""

READ_ANYWAY = 4
"""Bodies up to so many times the limit are read to their end and thrown away, before they are refused: a browser that
is still sending shows an error of its own instead of ours."""

DRAIN_S = 10.0


class FixedWindowCounters:
    """Counts requests in a fixed number of counters, found by Python's keyed hash: memory doesn't grow with clients.

    Clients that share a counter share the limit: of 1,000 at a time one in 65 does, and nobody can choose with whom.
    """

    def __init__(self) -> None:
        self._counts, self._ends = array("Q", bytes(8 * COUNTERS)), array("d", bytes(8 * COUNTERS))

    def count(self, client: str, window_s: float = WINDOW_S) -> tuple[int, float]:
        """Count a request; return how many there were in this window, and the seconds until it ends."""
        place, now = hash(client) % COUNTERS, time.monotonic()
        if self._ends[place] <= now:
            self._counts[place], self._ends[place] = 0, now + window_s
        self._counts[place] += 1
        return self._counts[place], self._ends[place] - now


class RateLimitMiddleware:
    """Limits the requests of a client in a minute, and says how long to wait. This machine itself has no limit."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app, self._per_minute, self._counters = app, per_minute, FixedWindowCounters()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        free = scope["type"] != "http" or scope["path"].startswith(UNLIMITED_PATHS)
        if not free and (client := client_of(scope)) is not None:
            requests, seconds = self._counters.count(client)
            if requests > self._per_minute:
                wait = str(max(ceil(seconds), 1))
                message = f"Your address has sent more than {self._per_minute} requests within a minute."
                problem = ProblemResponse(
                    HTTPStatus.TOO_MANY_REQUESTS, message, f"Try again in {wait} s.", {"retry-after": wait}
                )
                await problem.render(Request(scope))(scope, receive, send)
                return
        await self._app(scope, receive, send)


def client_of(scope: Scope) -> str | None:
    """Return who is counted: an address, of IPv6 its network; None for this machine, unless a proxy on it asks.

    >>> request = {"client": ("2001:db8::1:2:3:4", 1), "headers": []}
    >>> client_of({"client": ("127.0.0.1", 1), "headers": []}), client_of(request)
    (None, '2001:db8::/64')
    """
    peer = scope.get("client")
    host = peer[0] if peer else ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return str(host[:100])
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is None and not address.is_loopback:
            return str(ipaddress.ip_network((address, IPV6_PREFIX), strict=False))
        address = address.ipv4_mapped or address
    forwarded = any(name in PROXY_HEADERS for name, _ in scope["headers"])
    return None if address.is_loopback and not forwarded else str(address)


class RequestSizeLimitMiddleware:
    """Rejects addresses and bodies that are too long: at once by Content-Length, else where they become too long."""

    def __init__(self, app: ASGIApp, max_body: int) -> None:
        self._app, self._max_body = app, max_body

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        limit = self._max_body + FORM_OVERHEAD
        close = {"connection": "close"}  # what still comes isn't read, so the connection can't be used again
        problem = None
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS:
            message = f"The address is longer than {MAX_ADDRESS:,} bytes."
            problem = ProblemResponse(HTTPStatus.REQUEST_URI_TOO_LONG, message, "Send a shorter query.", close)
        elif length.isascii() and length.isdigit() and int(length) > READ_ANYWAY * limit:
            problem = replace(ProblemResponse.from_error(too_large(self._max_body)), headers=close)
        if problem:
            await problem.render(Request(scope))(scope, receive, send)
            return
        has_body = scope["method"] not in ("GET", "HEAD") and (length != "0" or "transfer-encoding" in headers)
        body = _BoundedBody(receive, limit, self._max_body, complete=not has_body)
        await self._app(scope, body.receive, body.send_after_draining(send))


class _BoundedBody:
    """The body of one request: counted while it is read, and read to its end before an error is sent."""

    def __init__(self, receive: Receive, limit: int, max_body: int, *, complete: bool) -> None:
        self._receive, self._limit, self._max_body = receive, limit, max_body
        self._size, self._complete = 0, complete

    async def receive(self) -> Message:
        message = await self._next()
        if self._size > self._limit:
            raise too_large(self._max_body)
        return message

    async def _next(self) -> Message:
        message = await self._receive()
        self._size += len(message.get("body", b""))
        self._complete = not message.get("more_body", False)
        return message

    def send_after_draining(self, send: Send) -> Send:
        async def drained(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] >= 400:
                with anyio.move_on_after(DRAIN_S):
                    while not self._complete and self._size < READ_ANYWAY * self._limit:
                        await self._next()
            await send(message)

        return drained
