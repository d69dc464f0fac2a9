"""Security headers: browsers run and load nothing but what this server serves; and the CSRF check."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from fastapi import Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.i18n import N_
from linernotes.web.errors import CrossSiteError

CONTENT_SECURITY_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

HEADERS: Mapping[str, str] = {
    "content-security-policy": "; ".join(f"{name} {source}" for name, source in CONTENT_SECURITY_POLICY.items()),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}

FORM_HEADERS = {"referrer-policy": "same-origin"}
"""Headers of a page with a form: under `no-referrer` browsers send no origin, not even to us."""


class SecurityHeadersMiddleware:
    """Adds the headers to every response that doesn't have its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its response back with the headers."""

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def check_same_site(request: Request) -> None:
    """CSRF check by Sec-Fetch-Site or Origin, a dependency of what changes something; raises CrossSiteError.

    A program sends neither header.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    ours = (request.headers.get("host"), urlsplit(request.app.state.options.public_url).netloc or None)
    try:
        is_same = site in ("same-origin", "none") if site else origin is None or urlsplit(origin).netloc in ours
    except ValueError:  # the origin is no address
        is_same = False
    if not is_same:
        raise CrossSiteError(N_("This request came from another site."), N_("Use the form on this site."))
