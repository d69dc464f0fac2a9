"""Errors as HTTP responses: problem+json (RFC 9457) for programs, an HTML page for people, one sentence for both.

The page is rendered by `app.state.error_page`, which the application sets: nothing here knows the pages.
"""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from linernotes.arguments import one_of
from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError
from queries.errors import NothingLoadedError

log = logging.getLogger(__name__)


class NotFoundError(InputError):
    """There is nothing at this address. 404."""


class PayloadTooLargeError(InputError):
    """The request is larger than the limit. 413."""


class CrossSiteError(InputError):
    """A page of another site sent this. 403."""


class NotReadyError(InputError):
    """What the address names doesn't exist yet, or can't any more. 409."""


class BusyError(UnreachableError):
    """There is no room for this now. 503, with the seconds after which it may be tried again."""

    def __init__(self, message: str, hint: str, retry_after_s: int) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class TooManyRequestsError(InputError):
    """The client has more under way, or stored here, than one may have. 429."""


class SlowRequestError(InputError):
    """The client takes too long to send its request. 408."""


class UnsupportedTypeError(InputError):
    """The media type of the request is not accepted. 415."""


STATUS: Mapping[type[LinernotesError], HTTPStatus] = {
    InputError: HTTPStatus.BAD_REQUEST,
    UnreachableError: HTTPStatus.SERVICE_UNAVAILABLE,
    NothingLoadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    CheckFailedError: HTTPStatus.SERVICE_UNAVAILABLE,
    NotFoundError: HTTPStatus.NOT_FOUND,
    PayloadTooLargeError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    CrossSiteError: HTTPStatus.FORBIDDEN,
    NotReadyError: HTTPStatus.CONFLICT,
    UnsupportedTypeError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    TooManyRequestsError: HTTPStatus.TOO_MANY_REQUESTS,
    SlowRequestError: HTTPStatus.REQUEST_TIMEOUT,
}


def too_large(max_bytes: int) -> PayloadTooLargeError:
    """Return the error for a body that is larger than the limit."""
    hint = "Split the catalogue, or use the command line: linernotes check"
    return PayloadTooLargeError(f"The upload is larger than {max_bytes / 1e6:g} MB.", hint)


API_PATHS = ("/api/", "/health", "/ready")
"""What begins so is requested by programs."""

MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
PROBLEM_KEY = "linernotes.problem"
"""Key of the ASGI scope under which a 503's sentence reaches the access log."""

SENTENCES: Mapping[HTTPStatus, tuple[str, str]] = {
    HTTPStatus.NOT_FOUND: ("There is no page at this address.", "See /api for the API, or start at /."),
}
"""Message and hint where the framework has no more than a status."""


@dataclass(frozen=True)
class ProblemResponse:
    """An error as a response: the status, one sentence, what to do, and further headers."""

    status: HTTPStatus
    message: str
    hint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def from_error(cls, error: LinernotesError) -> "ProblemResponse":
        """Return the response for an error of ours."""
        status = next((STATUS[each] for each in type(error).__mro__ if each in STATUS), HTTPStatus(500))
        headers = {"retry-after": str(error.retry_after_s)} if isinstance(error, BusyError) else {}
        return cls(status, error.message, error.hint, headers)

    def render(self, request: Request) -> Response:
        """Return it as JSON or as a page, depending on the address; a 503 is noted for the access log."""
        headers = {"cache-control": "no-store", **self.headers}
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            request.scope[PROBLEM_KEY] = self.message
        if self.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            headers.setdefault("retry-after", str(RETRY_AFTER_S))
        if not request.url.path.startswith(API_PATHS):
            page: Response = request.app.state.error_page(request, self, headers)
            return page
        content = {
            "type": "about:blank",
            "title": self.status.phrase,
            "status": int(self.status),
            "detail": self.message,
            "hint": self.hint,
        }
        return JSONResponse(content, self.status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Register the exception handlers of an application."""

    @app.exception_handler(LinernotesError)
    async def _own(request: Request, error: LinernotesError) -> Response:
        problem = ProblemResponse.from_error(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("unexpected error", exc_info=error)
        return problem.render(request)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        name = str(first["loc"][-1]) if first["loc"] else "the request"
        if first["type"] == "extra_forbidden":
            return ProblemResponse.from_error(_unknown_parameter(request, name)).render(request)
        message = f"{name}: {first['msg']}."
        return ProblemResponse(HTTPStatus.BAD_REQUEST, message, "See /api/v1/openapi.json.").render(request)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return _method_not_allowed(request)
        message, hint = SENTENCES.get(status, (f"{status.phrase}.", ""))
        return ProblemResponse(status, message, hint, error.headers or {}).render(request)


def _unknown_parameter(request: Request, name: str) -> InputError:
    """Return the error for a parameter that the endpoint doesn't have, with the nearest one that it has."""
    operation = request.app.openapi()["paths"][request.scope["route"].path_format]["get"]
    known = [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]
    try:
        one_of("parameter", name, known)
    except InputError as error:
        return error
    return InputError(f"The parameter {name!r} can't be used here.")


def _method_not_allowed(request: Request) -> Response:
    """Return the methods of an address: as the response to OPTIONS, else with the error."""
    given = {method for method in METHODS if _has_route(request, method)}
    methods = sorted(given | {"OPTIONS"} | ({"HEAD"} if "GET" in given else set()))
    allow = {"allow": ", ".join(methods)}
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=allow)
    message = f"{request.method} is not allowed here."
    return ProblemResponse(HTTPStatus.METHOD_NOT_ALLOWED, message, f"Use {allow['allow']}.", allow).render(request)


def _has_route(request: Request, method: str) -> bool:
    # Another route of the same path may have another method: the one that matched knows its own only.
    scope = {**request.scope, "method": method}
    return any(route.matches(scope)[0] is Match.FULL for route in request.app.routes)
