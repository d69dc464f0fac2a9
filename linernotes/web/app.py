"""The application: routes, and around them what each request passes on its way in and out."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware

from linernotes.web import api, pages, problems
from linernotes.web.api.openapi import of
from linernotes.web.checks import store
from linernotes.web.config import Options
from linernotes.web.middleware.access import Access
from linernotes.web.middleware.headers import Gone, Heads, SafeHeaders
from linernotes.web.middleware.rate_limit import Rate
from linernotes.web.middleware.request_limits import Bounds
from linernotes.web.services.service import Service, Source
from linernotes.web.services.streaming import Streams
from queries import Searcher

PACKED_FROM = 1000
PACKING = 4
"""Level of gzip."""
PACKED_ALREADY = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet")


class App(FastAPI):
    """FastAPI with our own OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, made once."""
        self.openapi_schema = self.openapi_schema or of(self)
        return self.openapi_schema


def create(options: Options, source: Searcher | Source) -> FastAPI:
    """Return the application for a searcher, or for what gives one; its client belongs to the caller."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.service = Service.of(options, (lambda: source) if isinstance(source, Searcher) else source)
        app.state.exports = Streams(options.counting)
        try:
            async with store.opened(options) as app.state.checks:
                yield
        finally:
            app.state.service.close()

    app = App(
        title="linernotes",
        summary="Whose music trained that AI?",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    problems.handle(app)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount("/static", pages.static, name="static")
    _surround(app, options)
    return app


def _surround(app: FastAPI, options: Options) -> None:
    """Put around the routes what each request passes; the last is the outermost."""
    app.add_middleware(
        GZipMiddleware, minimum_size=PACKED_FROM, compresslevel=PACKING, exclude_content_types=PACKED_ALREADY
    )
    app.add_middleware(Gone)
    app.add_middleware(Heads)
    app.add_middleware(Bounds, body_bytes=options.upload_bytes)
    app.add_middleware(Rate, per_minute=options.requests_per_minute)
    app.add_middleware(SafeHeaders)
    app.add_middleware(Access, texts=options.log_texts)
