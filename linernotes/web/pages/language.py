"""Language of a page: what `?lang=` says, else what the browser prefers; a language that was chosen stays in links."""

from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from fastapi import Request, Response
from fastapi.routing import APIRoute

from linernotes import i18n
from linernotes.web.middleware.public_api import origin_of
from linernotes.web.services.app_state import CachedRoute
from linernotes.web.services.response_cache import VARIANT_KEY

PARAMETER = "lang"
"""The query parameter by which a visitor chooses; there is no cookie."""

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
        # A page repeats the language that was chosen and the host, so each has another copy of it in the cache.
        request.scope[VARIANT_KEY] = f"{language} {chosen()} {origin_of(request)}"
        response = await handle(request)
    response.headers.add_vary_header("accept-language")
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
