"""A problem as a page: what is wrong, what to do, and a way out."""

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import Request
from fastapi.responses import Response

from linernotes.web.pages import names, rendering

HEADINGS: Mapping[int, str] = {
    400: "That can’t be asked",
    404: "Nothing is here",
    405: "Not this way",
    413: "That is too much",
    429: "Slow down a little",
    500: "Something broke here",
    503: "The search can’t answer just now",
}

AGAIN = frozenset({429, 500, 503})
"""After these the same address may work later."""

_LONGEST = 600


def page(request: Request, status: HTTPStatus, message: str, hint: str, headers: Mapping[str, str]) -> Response:
    """Return a page that says what is wrong and what to do."""
    heading = HEADINGS.get(status, status.phrase)
    again = _address(request) if status in AGAIN and request.method == "GET" else None
    return rendering.page(
        request,
        "error.html.jinja",
        title=heading,
        status=status,
        headers=dict(headers),
        code=int(status),
        message=names.shown(message, _LONGEST),
        hint=names.shown(hint, _LONGEST),
        again=again,
        wait=wait if (wait := headers.get("retry-after", "")) not in hint else "",
        text=names.shown(request.query_params.get("q", "")[:300]),
    )


def _address(request: Request) -> str:
    """Return the address that was asked, within this server: two slashes at its begin would name another one."""
    query = f"?{request.url.query}" if request.url.query else ""
    return "/" + request.url.path.lstrip("/\\") + query
