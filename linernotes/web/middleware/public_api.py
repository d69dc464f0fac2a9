"""What the outside world is told by headers and hosts: which hosts are ours, CORS, and how much of a limit is left."""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from math import ceil

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.config import LOOPBACK_NAMES, Options, is_allowed_host
from linernotes.web.errors import PROBLEM_KEY, ProblemResponse, UnknownHostError

API_PATH = "/api/"

RATE_LIMIT_KEY = "linernotes.rate_limit"
"""Key of the ASGI scope under which the rate limit says what is left."""

NOT_ALLOWED = "A request was for a host that isn't ours: see --allowed-hosts and --public-url."
"""What the log has of it."""

POLICY, POLL_POLICY, FILES_POLICY = "client", "progress", "files"
"""Names of the limits in `RateLimit-Policy`: of an address, of its looking how far a check is, and of its files."""

EXPOSED_HEADERS = (
    *("Cache-Status", "Content-Disposition", "ETag", "Link", "Location", "RateLimit", "RateLimit-Policy"),
    *("Retry-After", "X-Edition", "X-Generations", "X-Request-Id", "X-Rows"),
)
PREFLIGHT_S = 86_400


@dataclass(frozen=True)
class RateLimit:
    """A limit of requests in a sliding window of seconds, what is left of it, and in how many seconds more is."""

    policy: str
    requests: int
    window_s: float
    remaining: int
    reset_s: float

    def headers(self) -> dict[str, str]:
        """Return the headers of draft-ietf-httpapi-ratelimit-headers-10.

        >>> RateLimit("client", 240, 60, 17, 12.3).headers()
        {'ratelimit-policy': '"client";q=240;w=60', 'ratelimit': '"client";r=17;t=13'}
        """
        return {
            "ratelimit-policy": f'"{self.policy}";q={self.requests};w={ceil(self.window_s)}',
            "ratelimit": f'"{self.policy}";r={max(self.remaining, 0)};t={ceil(self.reset_s)}',
        }


class AllowedHostsMiddleware:
    """Refuses requests for hosts that aren't ours with 400."""

    def __init__(self, app: ASGIApp, options: Options) -> None:
        self._app, self._options = app, options

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] == "http" and not is_allowed_host(self._options, host_of(scope)):
            scope[PROBLEM_KEY] = NOT_ALLOWED
            error = UnknownHostError("This server doesn't answer for that host.", "Check the address.")
            await ProblemResponse.from_error(error).render(Request(scope))(scope, receive, send)
            return
        await self._app(scope, receive, send)


def host_of(scope: Scope) -> str:
    """Return the host that a request is for, without its port; empty where there is none, or more than one.

    >>> host_of({"headers": [(b"host", b"[::1]:8000")]}), host_of({"headers": [(b"host", b"a.example:80")]})
    ('::1', 'a.example')
    """
    given = Headers(scope=scope).getlist("host")
    if len(given) != 1:
        return ""
    host = given[0].strip()
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


def is_known_host(scope: Scope, options: Options) -> bool:
    """Tell whether the host that a request is for is one of few; others, and other ports, a client can make up.

    >>> names = ("localhost:8000", "192.0.2.1", "192.0.2.2", "localhost:1")
    >>> requests = [{"server": ("192.0.2.1", 8000), "headers": [(b"host", name.encode())]} for name in names]
    >>> [is_known_host(request, Options()) for request in requests]
    [True, True, False, False]
    """
    if options.public_url:
        return True  # no page repeats the host
    server, port = scope.get("server") or ("", None)
    known = {f"[{name}]" if ":" in name else name for name in (*LOOPBACK_NAMES, server, *options.allowed_hosts)}
    host = Headers(scope=scope).get("host", "").strip().lower()
    return host.removesuffix(f":{port}") in known


def origin_of(request: Request) -> str:
    """Return scheme and host of the addresses that leave the site; a request for another host is refused."""
    options: Options = request.app.state.options
    return options.public_url or f"{request.url.scheme}://{request.url.netloc}"


class PublicApiMiddleware:
    """Lets scripts of all sites read the API (CORS), tells crawlers to leave it, and adds the rate limit's headers.

    The API has no cookies and no log-in, so scripts of other sites learn no more than anybody does. What changes
    something has a CSRF check of its own.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._cors = CORSMiddleware(
            app,
            allow_origins=["*"],
            allow_methods=["GET", "HEAD", "POST"],
            allow_headers=["If-None-Match"],
            expose_headers=EXPOSED_HEADERS,
            max_age=PREFLIGHT_S,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its response back with the headers."""
        if scope["type"] != "http" or not scope["path"].startswith(API_PATH):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and "origin" in headers and "access-control-request-method" in headers:
            await self._cors.preflight_response(headers)(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                response = MutableHeaders(scope=message)
                # Always, and not only for an Origin: then a cached response serves everybody.
                response.update(self._cors.simple_headers)
                response.setdefault("x-robots-tag", "noindex")
                if isinstance(limit := scope.get(RATE_LIMIT_KEY), RateLimit):
                    response.update(limit.headers())
            await send(message)

        await self._app(scope, receive, send_with_headers)


FORWARDING_HEADERS = frozenset(
    (b"forwarded", b"via", b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-real-ip")
)
"""Headers of a proxy, whose own address isn't a client's."""


def is_forwarded(scope: Scope) -> bool:
    """Tell whether a request comes by a proxy."""
    return any(name in FORWARDING_HEADERS for name, _ in scope["headers"])


def peer_of(scope: Scope) -> IPv4Address | IPv6Address | None:
    """Return the address that a request comes from, None where there is none; of IPv4 within IPv6 that of IPv4."""
    peer = scope.get("client")
    try:
        address = ip_address(peer[0] if peer else "")
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        return address.ipv4_mapped or address
    return address


def is_in_networks(request: Request, networks: Iterable[str]) -> bool:
    """Tell whether a request comes from one of some networks, straight and by no proxy."""
    address = None if is_forwarded(request.scope) else peer_of(request.scope)
    return address is not None and any(address in ip_network(network) for network in networks)
