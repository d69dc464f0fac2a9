"""Limits of one client and of one request: how often and how many at a time, how long an address, how large a body."""

import asyncio
import re
import time
from array import array
from collections import Counter
from dataclasses import replace
from http import HTTPStatus
from ipaddress import IPv6Address, ip_network
from math import ceil

import anyio
from fastapi import Request
from starlette.datastructures import Headers, QueryParams
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.i18n import N_
from linernotes.web.config import Options
from linernotes.web.errors import PayloadTooLargeError, ProblemResponse, SlowRequestError, busy, too_large
from linernotes.web.middleware.public_api import (
    FILES_POLICY,
    POLICY,
    POLL_POLICY,
    RATE_LIMIT_KEY,
    RateLimit,
    is_forwarded,
    peer_of,
)
from linernotes.web.services.executor import current_client

WINDOW_S = 60.0
COUNTERS = 65_536
SLOTS = 7
"""Parts in which a window is counted: six make a minute, and the seventh is under way."""

IPV6_PREFIX = 56
"""Leading bits of an IPv6 address that one customer has; the others are his to choose. Providers give a household 56
(RIPE-690), so by 64 it would be 256 clients; where each customer has 64 (phones, rented servers), 256 share a limit."""

MONITORING = frozenset(("/health", "/ready"))
"""What isn't counted: monitoring requests it."""

FILES, FILES_FACTOR = "/static/", 5
"""Files are counted apart, and a client may have so many times more of them: a page has a dozen."""

MAX_ADDRESS = 32_768
"""Bytes of path and query. Ten thousand Latin letters fit, which is more than any query has words."""

MAX_HEADERS = 65_536
"""Bytes that h11 reads of a request before its body; then it ends the connection with 400."""

MAX_BODY = 1_000_000
"""Bytes of a body that is no upload: it is read as a whole, on the event loop."""

UPLOADS = frozenset(("/check", "/checks"))
"""Where catalogues are sent, without `/api/v1`."""

FORM_OVERHEAD = 65_536
"""Bytes of a form around the file that is uploaded."""

READ_ANYWAY = 4
"""Bodies up to so many times the limit are read to their end and thrown away, before they are refused: a browser that
is still sending shows an error of its own instead of ours."""

DRAIN_S = 10.0

BODY_GRACE_S = 10.0
"""How long a body may come slowly before its rate counts."""


COSTS: tuple[tuple[str, int], ...] = (
    (r"/export", 24),
    (r"/overlap", 24),
    (r"/stats", 12),
    (r"/facets/", 4),
    (r"/reconcile/suggest/entity", 4),
    (r"/checks?/[^/]+/report\.(html|xlsx)", 12),
    (r"/(search|artist|tracks/)", 2),
)
"""What a request counts, by the beginning of its path without `/api/v1`; any other counts once, as a suggestion does.
The dearest are few requests of Elasticsearch's threads for seconds: 24 lets ten a minute."""

POSTED_COSTS = {"/check": 24, "/checks": 24, "/matches": 12, "/reconcile": 6}
"""The same for what is posted: a catalogue, a hundred rows at once, and a batch, of which OpenRefine makes ten."""

CONTAINS_COST = 12
"""The same for a facet's values that contain a text."""

POLL = re.compile(r"/checks?/[^/]+")
"""The progress of a check, which is counted apart: it costs no query, and a page polls it for minutes."""

_API = re.compile(r"/api/v\d+(?=/)")

MANY_AT_A_TIME = (
    N_("Your address has too many requests under way."),
    N_("Wait for some of the answers, then try again."),
)
MANY_IN_A_MINUTE = (
    N_("Your address has sent too many requests within a minute; those that take long count several times."),
    N_("Please wait, then try again."),
)

REFUSAL_S, MAX_REFUSAL_S = 0.25, 1.0
"""How long a refusal takes, the longer the more is to be waited for: who asks again at once keeps us less busy."""


def cost_of(scope: Scope) -> int:
    """Return how many times a request counts.

    >>> [cost_of({"method": "GET", "path": path, "query_string": b"contains=x"})
    ...  for path in ("/api/v1/suggest", "/search", "/facets/artist", "/api/v1/export", "/about")]
    [1, 2, 12, 24, 1]
    """
    path = _API.sub("", scope["path"], count=1)
    if scope["method"] == "POST":
        return POSTED_COSTS.get(path, 1)
    if path == "/reconcile" and scope["query_string"]:
        return POSTED_COSTS[path]
    if path.startswith("/facets/") and QueryParams(scope["query_string"]).get("contains"):
        return CONTAINS_COST
    return next((cost for beginning, cost in COSTS if re.match(beginning, path)), 1)


class SlidingWindowCounters:
    """Counts what clients request in a fixed number of counters, found by Python's keyed hash.

    A window is cut into slots, and a slot leaves it as a whole, so within any window there is never more than the
    limit. Memory doesn't grow with clients. Clients that share a counter share the limit: of 1,000 at a time one in 65
    does, and nobody can choose with whom.
    """

    def __init__(self, window_s: float = WINDOW_S) -> None:
        self._slot_s = window_s / (SLOTS - 1)
        self._counts, self._last = array("I", bytes(4 * COUNTERS * SLOTS)), array("Q", bytes(8 * COUNTERS))

    def add(self, client: str, cost: int, limit: int) -> float:
        """Count a request and return 0, or the seconds until it may come if it is too much: then it isn't counted."""
        counter, now = hash(client) % COUNTERS, time.monotonic()
        place, slot = counter * SLOTS, int(now / self._slot_s)
        for passed in range(max(self._last[counter] + 1, slot - SLOTS + 1), slot + 1):
            self._counts[place + passed % SLOTS] = 0
        self._last[counter] = slot
        free = limit - min(cost, limit) - sum(self._counts[place : place + SLOTS])
        if free >= 0:
            self._counts[place + slot % SLOTS] += min(cost, limit)
            return 0.0
        for leaving in range(slot - SLOTS + 1, slot + 1):
            free += self._counts[place + leaving % SLOTS]
            if free >= 0:
                break
        return (leaving + SLOTS) * self._slot_s - now

    def left(self, client: str, limit: int) -> tuple[int, float]:
        """Return how much a client may still request, and the seconds until it may request more."""
        counter, now = hash(client) % COUNTERS, time.monotonic()
        last, place = self._last[counter], counter * SLOTS
        counted = ((each, self._counts[place + each % SLOTS]) for each in range(max(last - SLOTS + 1, 0), last + 1))
        slots = [(slot, count) for slot, count in counted if count]
        seconds = (slots[0][0] + SLOTS) * self._slot_s - now if slots else 0.0
        return limit - sum(count for _, count in slots), max(seconds, 0.0)


class RateLimitMiddleware:
    """Limits what a client requests in a minute and at a time, and says how long to wait.

    This machine itself has no limit. Of all clients together there is a limit of requests at a time, so that idle
    connections cost nothing; monitoring always gets through.
    """

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app, self._options = app, options
        self._counters, self._polls = SlidingWindowCounters(), SlidingWindowCounters()
        self._files = SlidingWindowCounters()
        self._under_way: Counter[str] = Counter()
        self._files_under_way: Counter[str] = Counter()
        self._total = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path, client = scope["path"], client_of(scope)
        problem = None
        if path in MONITORING:
            client = None
        elif self._total >= self._options.max_requests:
            problem = ProblemResponse.from_error(busy())
        elif client is not None:
            problem = await self._refusal(scope, client)
        if problem:
            await problem.render(Request(scope))(scope, receive, send)
            return
        current_client.set(client)
        under_way = self._files_under_way if path.startswith(FILES) else self._under_way
        self._total += 1
        if client is not None:
            under_way[client] += 1
        try:
            await self._app(scope, receive, _without_stalls(send, self._options.stall_s))
        except StalledError:
            return  # what was sent is visibly incomplete: the server closes the connection
        finally:
            self._total -= 1
            if client is not None:
                under_way[client] -= 1
                if not under_way[client]:
                    del under_way[client]

    async def _refusal(self, scope: Scope, client: str) -> ProblemResponse | None:
        """Count a request of a client; return why it is refused, if it is."""
        under_way, counters, policy, cost = self._under_way, self._counters, POLICY, cost_of(scope)
        limit, at_a_time = self._options.requests_per_minute, self._options.requests_per_client
        if scope["path"].startswith(FILES):
            under_way, counters, policy = self._files_under_way, self._files, FILES_POLICY
            limit, at_a_time = FILES_FACTOR * limit, FILES_FACTOR * at_a_time
        elif scope["method"] in ("GET", "HEAD") and POLL.fullmatch(_API.sub("", scope["path"], count=1)):
            counters, policy = self._polls, POLL_POLICY
        is_too_many = under_way[client] >= at_a_time
        seconds = counters.add(client, 1 if is_too_many else cost, limit)
        left, more_in_s = counters.left(client, limit)
        scope[RATE_LIMIT_KEY] = RateLimit(policy, limit, WINDOW_S, left, seconds or more_in_s)
        if not seconds and not is_too_many:
            return None
        await anyio.sleep(min(max(seconds / 20, REFUSAL_S), MAX_REFUSAL_S))
        return _too_many(*MANY_IN_A_MINUTE, str(ceil(seconds))) if seconds else _too_many(*MANY_AT_A_TIME, "1")


def _too_many(message: str, hint: str, wait: str) -> ProblemResponse:
    return ProblemResponse(HTTPStatus.TOO_MANY_REQUESTS, message, hint, {"retry-after": wait})


class StalledError(Exception):
    """The client takes nothing of its response any more."""


def _without_stalls(send: Send, seconds: float) -> Send:
    async def send_in_time(message: Message) -> None:
        try:
            async with asyncio.timeout(seconds) as deadline:
                await send(message)
        except TimeoutError as error:
            if not deadline.expired():
                raise
            raise StalledError from error

    return send_in_time


def client_of(scope: Scope) -> str | None:
    """Return who is counted: an address, of IPv6 its network; None for this machine, unless a proxy on it asks.

    >>> request = {"client": ("2001:db8::1:2:3:4", 1), "headers": []}
    >>> client_of({"client": ("127.0.0.1", 1), "headers": []}), client_of(request)
    (None, '2001:db8::/56')
    """
    address = peer_of(scope)
    if address is None:
        return str((scope.get("client") or ("",))[0])[:100]
    if address.is_loopback:
        return str(address) if is_forwarded(scope) else None
    return str(ip_network((address, IPV6_PREFIX), strict=False) if isinstance(address, IPv6Address) else address)


class RequestSizeLimitMiddleware:
    """Rejects addresses and bodies that are too long: at once by Content-Length, else where they become too long."""

    def __init__(self, app: ASGIApp, max_upload: int, bytes_per_s: int) -> None:
        self._app, self._max_upload, self._bytes_per_s = app, max_upload, bytes_per_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        length = headers.get("content-length", "0")
        is_upload = _API.sub("", scope["path"], count=1) in UPLOADS
        max_body = self._max_upload if is_upload else min(MAX_BODY, self._max_upload)
        limit, error = max_body + FORM_OVERHEAD, too_large(max_body, is_upload=is_upload)
        close = {"connection": "close"}  # what still comes isn't read, so the connection can't be used again
        problem = None
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MAX_ADDRESS:
            message = f"The address is longer than {MAX_ADDRESS:,} bytes."
            problem = ProblemResponse(HTTPStatus.REQUEST_URI_TOO_LONG, message, "Send a shorter query.", close)
        elif length.isascii() and length.isdigit() and int(length) > READ_ANYWAY * limit:
            problem = replace(ProblemResponse.from_error(error), headers=close)
        if problem:
            await problem.render(Request(scope))(scope, receive, send)
            return
        has_body = scope["method"] not in ("GET", "HEAD") and (length != "0" or "transfer-encoding" in headers)
        body = _BoundedBody(receive, limit, error, self._bytes_per_s, complete=not has_body)
        await self._app(scope, body.receive, body.send_after_draining(send))


class _BoundedBody:
    """The body of one request: counted and timed while it is read, and read to its end before an error is sent."""

    def __init__(
        self, receive: Receive, limit: int, error: PayloadTooLargeError, bytes_per_s: int, *, complete: bool
    ) -> None:
        self._receive, self._limit, self._error = receive, limit, error
        self._bytes_per_s, self._began = bytes_per_s, time.monotonic()
        self._size, self._complete = 0, complete

    async def receive(self) -> Message:
        message = await (self._next() if self._complete else self._next_in_time())
        if self._size > self._limit:
            raise self._error
        return message

    async def _next_in_time(self) -> Message:
        end = self._began + BODY_GRACE_S + self._size / self._bytes_per_s
        try:
            async with asyncio.timeout(max(end - time.monotonic(), 0)) as deadline:
                return await self._next()
        except TimeoutError as error:
            if not deadline.expired():
                raise
            self._complete = True  # nothing more is read of it
            raise SlowRequestError(N_("The upload is too slow."), N_("Try again over a faster connection.")) from error

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
