"""What the outside world is told by headers and hosts: which hosts are ours, CORS, and how much of a limit is left."""

import ipaddress
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

from fastapi import Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.config import Options, is_allowed_host
from linernotes.web.errors import PROBLEM_KEY, ProblemResponse, UnknownHostError

API_PATH = "/api/"

RATE_LIMIT_KEY = "linernotes.rate_limit"
"""Key of the ASGI scope under which the rate limit says what is left."""

NOT_ALLOWED = "A request was for a host that isn't ours: see --allowed-hosts and --public-url."
"""What the log has of it."""

POLICY, POLL_POLICY = "client", "progress"
"""Names of the limits in `RateLimit-Policy`: of an address, and of its looking how far a check is."""

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


FORWARDING_HEADERS = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-real-ip")


def is_in_networks(request: Request, networks: Iterable[str]) -> bool:
    """Tell whether a request comes from one of some networks, straight and by no proxy."""
    if request.client is None or any(name in request.headers for name in FORWARDING_HEADERS):
        return False
    try:
        address = ipaddress.ip_address(request.client.host)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in ipaddress.ip_network(network) for network in networks)
