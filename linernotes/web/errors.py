"""Errors as HTTP responses: problem+json (RFC 9457) for programs, an HTML page for people, one sentence for both.

Visitors learn what they can do; what only the operator can mend (hosts, indices, settings, commands) goes to the log.
The page is rendered by `app.state.error_page`, which the application sets: nothing here knows the pages.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import chain, islice
from typing import Any
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import Scope

import queries
from linernotes.arguments import HELP, checked, one_of
from linernotes.i18n import N_
from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError
from queries.errors import DeadlineError, NothingLoadedError, SlowError

log = logging.getLogger(__name__)

RETRY_AFTER_S = 5


class NotFoundError(InputError):
    """There is nothing at this address. 404."""


class PayloadTooLargeError(InputError):
    """The request is larger than the limit. 413."""


class CrossSiteError(InputError):
    """A page of another site sent this. 403."""


class NotReadyError(InputError):
    """What the address names doesn't exist yet, or can't any more. 409."""


class TooManyRequestsError(InputError):
    """The client has more under way, or stored here, than one may have. 429, with the seconds to wait."""

    def __init__(self, message: str, hint: str = "", retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class SlowRequestError(InputError):
    """The client takes too long to send its request. 408."""


class UnsupportedTypeError(InputError):
    """The media type of the request is not accepted. 415."""


class UnknownHostError(InputError):
    """The server doesn't answer for the host that was requested. 400."""


class BusyError(SlowError):
    """There is no room for this now; its sentence is for the visitor. 503, with the seconds to wait."""

    def __init__(self, message: str, hint: str = "", retry_after_s: int = RETRY_AFTER_S) -> None:
        super().__init__(message, hint)
        self.retry_after_s = retry_after_s


class TimeLimitError(SlowError):
    """One request took longer than it may; its sentence is for the visitor. 503."""


@dataclass(frozen=True)
class ProblemType:
    """A kind of error that programs can branch on; `public` is said instead of an error's own sentence."""

    status: HTTPStatus
    title: str
    meaning: str
    public: tuple[str, str] | None = None


_AWAY = ("The search is temporarily unavailable.", "Please try again in a few minutes.")
_SLOW = (N_("This takes longer than one request may."), N_("Narrow the search, or try again later."))
_BUSY = (N_("The server is busy."), N_("Please try again in a few seconds."))
_EMPTY = ("This server has no data yet.", "Please try again later.")
_FAULT = ("Something went wrong on our side.", "It was logged. Please try again, or report it.")

PROBLEM_TYPES: Mapping[str, ProblemType] = {
    "invalid-request": ProblemType(
        HTTPStatus.BAD_REQUEST, "Invalid request", "The request can't be understood; `detail` says why."
    ),
    "invalid-parameter": ProblemType(
        HTTPStatus.BAD_REQUEST,
        "Invalid parameter",
        "A parameter or a property of the body has a value that it can't have; `errors` lists each.",
    ),
    "unknown-parameter": ProblemType(
        HTTPStatus.BAD_REQUEST,
        "Unknown parameter",
        "The endpoint has no such parameter. `errors` lists each, with the nearest name.",
    ),
    "unknown-host": ProblemType(
        HTTPStatus.BAD_REQUEST, "Unknown host", "The server doesn't answer for the host in the request's address."
    ),
    "cross-site": ProblemType(
        HTTPStatus.FORBIDDEN, "Request from another site", "A browser sent this from a page of another site."
    ),
    "not-found": ProblemType(HTTPStatus.NOT_FOUND, "Not found", "There is nothing at this address, or not any more."),
    "method-not-allowed": ProblemType(
        HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed", "`Allow` lists the methods of the address."
    ),
    "too-slow": ProblemType(
        HTTPStatus.REQUEST_TIMEOUT, "Request too slow", "The body of the request came too slowly to be waited for."
    ),
    "not-ready": ProblemType(
        HTTPStatus.CONFLICT, "Not available", "It isn't available yet, or failed. `detail` says which."
    ),
    "too-large": ProblemType(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "Too large", "The body is larger than the limit."),
    "address-too-long": ProblemType(HTTPStatus.REQUEST_URI_TOO_LONG, "Address too long", "Send a shorter query."),
    "unsupported-type": ProblemType(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Unsupported type", "The type of the body is not accepted."
    ),
    "too-many-requests": ProblemType(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests",
        "This client has sent, started or stored more than it may. `Retry-After` has the seconds to wait.",
    ),
    "internal-error": ProblemType(
        HTTPStatus.INTERNAL_SERVER_ERROR,
        "Internal error",
        "An error on our side. `X-Request-Id` is its id in the log; please quote it in a report.",
        _FAULT,
    ),
    "unavailable": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Temporarily unavailable",
        "The search doesn't respond. `Retry-After` has the seconds to wait.",
        _AWAY,
    ),
    "nothing-loaded": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE, "No data", "The server has no data to search yet.", _EMPTY
    ),
    "busy": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Server is busy",
        "Too much is going on at the moment. `Retry-After` has the seconds to wait.",
    ),
    "time-limit": ProblemType(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Time limit exceeded",
        "One request may not take so long: narrow it with a filter.",
    ),
}
"""Name to problem; the address of its page is the `type` of a problem, and never changes."""

_NAMES: Mapping[type[LinernotesError], str] = {
    LinernotesError: "internal-error",
    InputError: "invalid-request",
    UnreachableError: "unavailable",
    NothingLoadedError: "nothing-loaded",
    CheckFailedError: "unavailable",
    NotFoundError: "not-found",
    PayloadTooLargeError: "too-large",
    CrossSiteError: "cross-site",
    NotReadyError: "not-ready",
    UnsupportedTypeError: "unsupported-type",
    UnknownHostError: "unknown-host",
    TooManyRequestsError: "too-many-requests",
    SlowRequestError: "too-slow",
    SlowError: "busy",
    BusyError: "busy",
    TimeLimitError: "time-limit",
    DeadlineError: "time-limit",
}
_OWN_SENTENCES: Mapping[type[LinernotesError], tuple[str, str]] = {SlowError: _BUSY, DeadlineError: _SLOW}
"""What is said of errors whose kind has no sentence, and whose own is the operator's."""


_BY_STATUS = {each.status: name for name, each in reversed([*PROBLEM_TYPES.items()])} | {
    HTTPStatus.SERVICE_UNAVAILABLE: "unavailable"
}
"""The first problem of each status: where the framework has no more than that."""


def public_sentences(error: LinernotesError) -> tuple[str, str]:
    """Return what a visitor is told of an error: the message, and what to do.

    >>> public_sentences(UnreachableError("Elasticsearch can't be reached (es-1:9200).", "Try: linernotes node status"))
    ('The search is temporarily unavailable.', 'Please try again in a few minutes.')
    >>> public_sentences(InputError("'x' is no year.", "Write 1994."))
    ("'x' is no year.", 'Write 1994.')
    """
    kind = _kind_of(error)
    return _OWN_SENTENCES.get(kind) or PROBLEM_TYPES[_NAMES[kind]].public or (error.message, error.hint)


def _kind_of(error: LinernotesError) -> type[LinernotesError]:
    """Return the nearest class of an error that has a name."""
    return next(each for each in type(error).__mro__ if each in _NAMES)


def busy() -> BusyError:
    """Return the error for a server that has no thread or place left."""
    return BusyError(*_BUSY)


def time_limit() -> TimeLimitError:
    """Return the error for a request that took longer than one may."""
    return TimeLimitError(*_SLOW)


def too_large(max_bytes: int, *, is_upload: bool = True) -> PayloadTooLargeError:
    """Return the error for a body that is larger than the limit."""
    what, hint = ("upload", "Split the catalogue.") if is_upload else ("request", "Send less at a time.")
    return PayloadTooLargeError(f"The {what} is larger than {max_bytes / 1e6:g} MB.", hint)


API_PATHS = ("/api/", "/health", "/ready", "/metrics")
"""What begins so is requested by programs."""

PROBLEMS_PATH = "/problems"
MEDIA_TYPE = "application/problem+json"
METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
PROBLEM_KEY = "linernotes.problem"
"""Key of the ASGI scope under which a sentence for the operator reaches the access log."""

SENTENCES: Mapping[HTTPStatus, tuple[str, str]] = {
    HTTPStatus.NOT_FOUND: ("There is no page at this address.", "See /api for the API, or start at /."),
}
"""Message and hint where the framework has no more than a status."""


@dataclass(frozen=True)
class ParameterError:
    """What is wrong with one parameter, or one property of a body."""

    parameter: str
    detail: str


@dataclass(frozen=True)
class ProblemResponse:
    """An error as a response: the status, one sentence, what to do, and further headers.

    `name` is one of `PROBLEM_TYPES`, by default the first of the status; `cause` is what the log gets.
    """

    status: HTTPStatus
    message: str
    hint: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    name: str = ""
    errors: Sequence[ParameterError] = ()
    cause: str = ""

    @classmethod
    def from_error(cls, error: LinernotesError) -> "ProblemResponse":
        """Return the response for an error of ours."""
        name = _NAMES[_kind_of(error)]
        wait = error.retry_after_s if isinstance(error, BusyError | TooManyRequestsError) else None
        headers = {} if wait is None else {"retry-after": str(wait)}
        return cls(PROBLEM_TYPES[name].status, *public_sentences(error), headers, name, cause=str(error))

    def render(self, request: Request) -> Response:
        """Return it as JSON or as a page, depending on the address; a 503 is noted for the access log."""
        headers = {"cache-control": "no-store", **self.headers}
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            request.scope[PROBLEM_KEY] = self.cause or self.message
        if self.status in (HTTPStatus.SERVICE_UNAVAILABLE, HTTPStatus.TOO_MANY_REQUESTS):
            headers.setdefault("retry-after", str(RETRY_AFTER_S))
        if not request.url.path.startswith(API_PATHS):
            page: Response = request.app.state.error_page(request, self, headers)
            return page
        name = self.name or _BY_STATUS.get(self.status, "")
        content = {
            "type": f"{PROBLEMS_PATH}/{name}" if name else "about:blank",
            "title": PROBLEM_TYPES[name].title if name else self.status.phrase,
            "status": int(self.status),
            "detail": self.message,
            "hint": self.hint,
            "errors": [{"parameter": each.parameter, "detail": each.detail} for each in self.errors],
        }
        return JSONResponse(content, self.status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Register the exception handlers of an application."""

    @app.exception_handler(LinernotesError)
    async def _own(request: Request, error: LinernotesError) -> Response:
        problem = ProblemResponse.from_error(error)
        if problem.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("unexpected error", exc_info=error)
        if problem.name == "invalid-request" and (errors := [*_invalid_filters(request)]):
            problem = _invalid_parameters(errors, error.message, error.hint)
        return problem.render(request)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        unknown = [*islice(_unknown_parameters(request, error.errors()), MAX_ERRORS)]
        invalid = [*islice(chain(_invalid_values(error.errors()), _invalid_filters(request)), MAX_ERRORS)]
        first = (unknown or invalid)[0]
        hint = "" if unknown else "See /api/v1/openapi.json."
        name = "unknown-parameter" if unknown else "invalid-parameter"
        return _invalid_parameters([*unknown, *invalid][:MAX_ERRORS], first.detail, hint, name).render(request)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        if isinstance(error.__cause__, LinernotesError):  # raised while the framework read a body
            return await _own(request, error.__cause__)
        status = HTTPStatus(error.status_code)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return _method_not_allowed(request)
        if status == HTTPStatus.NOT_FOUND and (address := _address_without_slash(request)):
            return RedirectResponse(address, HTTPStatus.TEMPORARY_REDIRECT)
        message, hint = SENTENCES.get(status, (f"{status.phrase}.", ""))
        return ProblemResponse(status, message, hint, error.headers or {}).render(request)


def _invalid_parameters(
    errors: Sequence[ParameterError], message: str, hint: str, name: str = "invalid-parameter"
) -> ProblemResponse:
    return ProblemResponse(HTTPStatus.BAD_REQUEST, message, hint, name=name, errors=errors)


MAX_ERRORS = 20
"""Invalid parameters that a problem lists: a request may have thousands."""

_UNKNOWN = "extra_forbidden"


def _invalid_values(errors: Sequence[Any]) -> Iterator[ParameterError]:
    for each in errors:
        if each["type"] != _UNKNOWN:
            name = _parameter(each["loc"])
            yield ParameterError(name, f"{name}: {each['msg']}.")


def _parameter(location: Sequence[str | int]) -> str:
    """Return the name of a parameter, or the path of a property of the body.

    >>> _parameter(("query", "size")), _parameter(("body", "rows", 3, "title")), _parameter(("body", 17))
    ('size', 'rows.3.title', 'body')
    """
    where, *names = location or ("body",)
    if where != "body":
        return str(names[0] if names else where)
    return ".".join(map(str, names)) if names and isinstance(names[0], str) else "body"


def _unknown_parameters(request: Request, errors: Sequence[Any]) -> Iterator[ParameterError]:
    """Yield an error for each parameter that the endpoint doesn't have; for the first with the nearest one."""
    is_first = True
    for each in errors:
        if each["type"] != _UNKNOWN:
            continue
        if each["loc"][0] == "body":
            name = _parameter(each["loc"])
            yield ParameterError(name, f"There is no property called {name!r}.")
            continue
        name = str(each["loc"][-1])
        if not is_first:
            yield ParameterError(name, f"There is no parameter called {name!r}.")
            continue
        is_first = False
        try:
            one_of("parameter", name, _known_parameters(request))
        except InputError as error:
            yield ParameterError(name, str(error))
        else:
            yield ParameterError(name, f"The parameter {name!r} can't be used here.")


def _known_parameters(request: Request) -> list[str]:
    operations = request.app.openapi()["paths"].get(request.scope["route"].path_format, {})
    operation = operations.get(request.method.lower(), {})
    return [each["name"] for each in operation.get("parameters", ()) if each["in"] == "query"]


def _invalid_filters(request: Request) -> Iterator[ParameterError]:
    """Yield an error for each filter that can't be used: only the first of them has been reported."""
    for name in HELP:
        if values := request.query_params.getlist(name):
            try:
                queries.request("", filters_by_facet=checked({name: values}))
            except InputError as error:
                yield ParameterError(name, str(error))


def _address_without_slash(request: Request) -> str | None:
    """Return the address without the slash at its end if there is something, within this server."""
    path = request.scope["path"]
    trimmed = "/" + path.strip("/\\")
    if not path.endswith("/") or len(trimmed) == 1 or not _has_route({**request.scope, "path": trimmed}, request.app):
        return None
    return f"{quote(trimmed, safe='/:')}{f'?{request.url.query}' if request.url.query else ''}"


def _method_not_allowed(request: Request) -> Response:
    """Return the methods of an address: as the response to OPTIONS, else with the error."""
    given = {method for method in METHODS if _has_route({**request.scope, "method": method}, request.app)}
    methods = sorted(given | {"OPTIONS"} | ({"HEAD"} if "GET" in given else set()))
    allow = {"allow": ", ".join(methods)}
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=allow)
    message = f"{request.method} is not allowed here."
    return ProblemResponse(HTTPStatus.METHOD_NOT_ALLOWED, message, f"Use {allow['allow']}.", allow).render(request)


def _has_route(scope: Scope, app: FastAPI) -> bool:
    # Another route of the same path may have another method: the one that matched knows its own only.
    return any(route.matches(scope)[0] is Match.FULL for route in app.routes)
