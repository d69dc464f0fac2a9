"""Variants of a page: its language, and the part that a script requests.

The language is what `?lang=` says, else what the browser prefers; one that was chosen stays in links.
"""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from linernotes import i18n
from linernotes.web.middleware.public_api import is_known_host, origin_of
from linernotes.web.services.app_state import CachedRoute
from linernotes.web.services.response_cache import UNCACHED_KEY, VARIANT_KEY

PARAMETER = "lang"
"""The query parameter by which a visitor chooses; there is no cookie."""

PART_HEADER, PART = "x-part", "content"
"""Request header by which the page's script asks for a part of a page instead of the whole, and that part's block."""

_chosen: ContextVar[str] = ContextVar("chosen_language", default="")

Handler = Callable[[Request], Awaitable[Response]]


def chosen() -> str:
    """Return the language that the address names, for the links of the page; empty where it names none."""
    return _chosen.get()


def of_request(request: Request) -> tuple[str, str]:
    """Return the language of a request, and the one that its address names, if any."""
    named = request.query_params.get(PARAMETER, "")
    if named in i18n.LANGUAGES:
        return named, named
    return i18n.negotiate(request.headers.get("accept-language", "")), ""


def is_part(request: Request) -> bool:
    """Tell whether a part of a page is requested."""
    return request.headers.get(PART_HEADER) == PART


@contextmanager
def of(request: Request) -> Iterator[str]:
    """Set the language of a request within the block, and give it."""
    language, named = of_request(request)
    token = _chosen.set(named)
    try:
        with i18n.use(language):
            yield language
    finally:
        _chosen.reset(token)


async def respond(request: Request, handle: Handler) -> Response:
    """Return the response of a handler in the language of the request."""
    with of(request) as language:
        request.scope[UNCACHED_KEY] = not is_known_host(request.scope, request.app.state.options)
        # A page repeats the language that was chosen and the host, so each has another copy of it in the cache.
        request.scope[VARIANT_KEY] = f"{language} {chosen()} {origin_of(request)} {is_part(request)}"
        response = await handle(request)
    response.headers.add_vary_header(f"{PART_HEADER}, accept-language")
    return response


class PageRoute(APIRoute):
    """A route whose response is in the visitor's language."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that sets the language first."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            return await respond(request, handle)

        return handler


class CachedPageRoute(PageRoute, CachedRoute):
    """The same with the response cache, which is keyed by the language too."""
