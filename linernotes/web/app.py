"""The application: routes, and the middleware that each request passes."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import FastAPI
from starlette.middleware.gzip import DEFAULT_EXCLUDED_CONTENT_TYPES, GZipMiddleware
from starlette.types import Receive, Scope, Send

from linernotes.web import api, errors, pages
from linernotes.web.api.openapi import build_document
from linernotes.web.checks import store
from linernotes.web.config import Options
from linernotes.web.middleware.access_log import AccessLogMiddleware, ErrorMiddleware
from linernotes.web.middleware.disconnect import CancelOnDisconnectMiddleware, HeadMiddleware
from linernotes.web.middleware.limits import RateLimitMiddleware, RequestSizeLimitMiddleware
from linernotes.web.middleware.metrics import Metrics, MetricsMiddleware
from linernotes.web.middleware.public_api import AllowedHostsMiddleware, PublicApiMiddleware
from linernotes.web.middleware.security_headers import SecurityHeadersMiddleware
from linernotes.web.services.app_state import AppState, GetSearcher
from mappings.errors import InputError, UnreachableError
from queries import Searcher

GZIP_MIN_BYTES = 1000
GZIP_LEVEL = 4
COMPRESSED_TYPES = (*DEFAULT_EXCLUDED_CONTENT_TYPES, "application/vnd.apache.parquet")

SWAGGER_UI = "/static/swagger-ui"


class CompressionMiddleware(GZipMiddleware):
    """Compresses all but Swagger UI, whose megabytes would take the event loop's time."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        is_large = scope["type"] == "http" and scope["path"].startswith(SWAGGER_UI)
        await (self.app if is_large else super().__call__)(scope, receive, send)


class App(FastAPI):
    """FastAPI with our own OpenAPI document."""

    def openapi(self) -> dict[str, Any]:
        """Return the document, built once."""
        self.openapi_schema = self.openapi_schema or build_document(self)
        return self.openapi_schema


def create_app(options: Options, get_searcher: GetSearcher) -> FastAPI:
    """Return the application; the searcher's client belongs to the caller."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.shared = AppState.create(options, _translated(get_searcher))
        try:
            async with store.opened(options) as app.state.checks:
                yield
        finally:
            app.state.shared.close()

    app = App(
        title="linernotes",
        summary="Is your music in the data sets behind AI?",
        version=version("linernotes"),
        redirect_slashes=False,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    app.state.options = options
    app.state.error_page = pages.error_page
    app.state.metrics = Metrics()
    errors.install(app)
    app.include_router(api.router)
    app.include_router(pages.router)
    app.mount(SWAGGER_UI, pages.swagger_ui, name="swagger-ui")
    app.mount("/static", pages.static, name="static")
    _add_middleware(app, options)
    return app


def _translated(get_searcher: GetSearcher) -> GetSearcher:
    """Return a function whose errors are never the visitor's: a setting that can't be used is the operator's."""

    def get() -> Searcher:
        try:
            return get_searcher()
        except InputError as error:
            raise UnreachableError(error.message, error.hint) from error

    return get


def _add_middleware(app: FastAPI, options: Options) -> None:
    """Add the middleware; the last is the outermost."""
    app.add_middleware(
        CompressionMiddleware,
        minimum_size=GZIP_MIN_BYTES,
        compresslevel=GZIP_LEVEL,
        exclude_content_types=COMPRESSED_TYPES,
    )
    app.add_middleware(CancelOnDisconnectMiddleware)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(
        RequestSizeLimitMiddleware, max_upload=options.upload_bytes, bytes_per_s=options.body_bytes_per_s
    )
    app.add_middleware(AllowedHostsMiddleware, options=options)
    app.add_middleware(RateLimitMiddleware, options=options)
    app.add_middleware(ErrorMiddleware)
    app.add_middleware(PublicApiMiddleware)
    app.add_middleware(MetricsMiddleware, metrics=app.state.metrics)
    app.add_middleware(SecurityHeadersMiddleware)
    app.add_middleware(AccessLogMiddleware, log_texts=options.log_texts)
