"""How often one client may ask. Memory is fixed, however many addresses there are: clients share places by a hash.

Who shares a place shares its count: with 65,536 places, of 1,000 clients at a time one in 65 does.
Nothing is written down of anybody: a place has a number and a time.
"""

import ipaddress
import time
from array import array
from math import ceil

from fastapi import Request
from limits import RateLimitItemPerMinute
from limits.storage import Storage
from limits.strategies import FixedWindowRateLimiter
from starlette.types import ASGIApp, Receive, Scope, Send

from linernotes.web.errors import TOO_OFTEN
from linernotes.web.problems import Told

PLACES = 65_536
IPV6_OF_ONE = 64
"""Leading bits of an IPv6 address that one customer has; the others are his to choose."""

FREE = ("/static/", "/health", "/ready")
"""What isn't counted: files, and what watches over the server asks."""

FORWARDED = (b"x-forwarded-for", b"forwarded")
"""Headers of a proxy, which has not a client's address but its own."""


class Places(Storage):
    """Counters in a fixed number of places, found by Python's keyed hash: nobody can choose whose place he shares.

    `limits` has a storage in memory, but it grows with the addresses, and starts a thread every hundredth of a second.
    """

    STORAGE_SCHEME = ["linernotes-places"]  # noqa: RUF012 - as the library has it

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **_: str) -> None:
        super().__init__(uri, wrap_exceptions=wrap_exceptions)
        self._counts, self._ends = array("Q", bytes(8 * PLACES)), array("d", bytes(8 * PLACES))

    @property
    def base_exceptions(self) -> type[Exception]:
        """Return what may go wrong: nothing."""
        return ValueError

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count a request and return how many there were; the first one begins a window of `expiry` seconds."""
        place, now = hash(key) % PLACES, time.time()
        if self._ends[place] <= now:
            self._counts[place], self._ends[place] = 0, now + expiry
        self._counts[place] += amount
        return self._counts[place]

    def get(self, key: str) -> int:
        """Return how many requests there were in the window."""
        place = hash(key) % PLACES
        return self._counts[place] if self._ends[place] > time.time() else 0

    def get_expiry(self, key: str) -> float:
        """Return when the window ends, in seconds since 1970."""
        return self._ends[hash(key) % PLACES]

    def check(self) -> bool:
        """Say that it works."""
        return True

    def reset(self) -> int:
        """Forget everything."""
        self._ends = array("d", bytes(8 * PLACES))
        return PLACES

    def clear(self, key: str) -> None:
        """Forget a place."""
        self._ends[hash(key) % PLACES] = 0


class Rate:
    """Lets a client ask so many times a minute, and tells it how long to wait. This machine itself has no limit."""

    def __init__(self, app: ASGIApp, per_minute: int) -> None:
        self._app = app
        self._item = RateLimitItemPerMinute(per_minute)
        self._limiter = FixedWindowRateLimiter(Places())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        who = client(scope) if scope["type"] == "http" and not scope["path"].startswith(FREE) else None
        if who is None or self._limiter.hit(self._item, who):
            await self._app(scope, receive, send)
            return
        wait = ceil(self._limiter.get_window_stats(self._item, who).reset_time - time.time())
        headers = {"retry-after": str(max(wait, 1))}
        message = f"More than {self._item.amount} requests in a minute came from your address."
        provenance = Told(TOO_OFTEN, message, f"Ask again in {max(wait, 1)} s.", headers)
        await provenance.answer(Request(scope))(scope, receive, send)


def client(scope: Scope) -> str | None:
    """Return who is counted: an address, of IPv6 its network; None for this machine, unless a proxy on it asks.

    >>> client({"client": ("127.0.0.1", 1), "headers": []}), client({"client": ("2001:db8::1:2:3:4", 1), "headers": []})
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
            return str(ipaddress.ip_network((address, IPV6_OF_ONE), strict=False))
        address = address.ipv4_mapped or address
    forwarded = any(name in FORWARDED for name, _ in scope["headers"])
    return None if address.is_loopback and not forwarded else str(address)
