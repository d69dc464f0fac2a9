"""Problems as HTTP answers: problem+json (RFC 9457) for programs, a page for people, one sentence for both."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.routing import Match

from linernotes.web.errors import STATUS
from linernotes.web.pages import rendering
from mappings.errors import LinernotesError

log = logging.getLogger(__name__)

API = ("/api/", "/health", "/ready")
"""What programs ask begins so."""
MEDIA_TYPE = "application/problem+json"
RETRY_AFTER_S = 5
SAID = {
    HTTPStatus.NOT_FOUND: ("There is nothing at this address.", "/api/v1/openapi.json says what there is, / begins."),
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: ("More was sent than is taken.", "Send less at once."),
}
"""What is told where the framework has no more than a status."""

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")


@dataclass(frozen=True)
class Told:
    """A problem as it is told: the status, one sentence, what to do, and further headers."""

    status: HTTPStatus
    message: str
    hint: str = ""
    headers: Mapping[str, str] | None = None

    def answer(self, request: Request) -> Response:
        """Return it for a program or a person, by the address that was asked; a 503 is noted in the log."""
        if self.status == HTTPStatus.SERVICE_UNAVAILABLE:
            request.scope["linernotes.problem"] = self.message
        waiting = {"retry-after": str(RETRY_AFTER_S)} if self.status == HTTPStatus.SERVICE_UNAVAILABLE else {}
        headers = {**waiting, "cache-control": "no-store", **(self.headers or {})}
        if request.url.path.startswith(API):
            content = {"type": "about:blank", "title": self.status.phrase, "status": int(self.status)}
            told = {"detail": self.message, "hint": self.hint}
            return JSONResponse(content | told, self.status, headers, media_type=MEDIA_TYPE)
        return rendering.error_page(request, self.status, self.message, self.hint, headers)


def of(problem: LinernotesError) -> Told:
    """Return how a problem is told."""
    status = next((STATUS[each] for each in type(problem).__mro__ if each in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)
    return Told(status, problem.message, problem.hint)


def handle(app: FastAPI) -> None:
    """Let an app tell its problems."""

    @app.exception_handler(LinernotesError)
    async def _problem(request: Request, problem: LinernotesError) -> Response:
        provenance = of(problem)
        if provenance.status == HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("refused", exc_info=problem)
        return provenance.answer(request)

    @app.exception_handler(RequestValidationError)
    async def _invalid(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = first["loc"][-1] if first["loc"] else "the request"
        return Told(HTTPStatus.BAD_REQUEST, f"{where}: {first['msg']}.", "See /api/v1/openapi.json.").answer(request)

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        status = HTTPStatus(error.status_code)
        if status == HTTPStatus.METHOD_NOT_ALLOWED:
            return _other_method(request)
        message, hint = SAID.get(status, (f"{status.phrase}.", ""))
        return Told(status, message, hint, headers=error.headers).answer(request)


def _other_method(request: Request) -> Response:
    """Return which methods there are: as the answer to OPTIONS, else with the problem."""
    given = {method for method in METHODS if _is_there(request, method)}
    methods = sorted(given | {"OPTIONS"} | ({"HEAD"} if "GET" in given else set()))
    allow = {"allow": ", ".join(methods)}
    if request.method == "OPTIONS":
        return Response(status_code=HTTPStatus.NO_CONTENT, headers=allow)
    message = f"{request.method} is not allowed here."
    return Told(HTTPStatus.METHOD_NOT_ALLOWED, message, f"Use {allow['allow']}.", allow).answer(request)


def _is_there(request: Request, method: str) -> bool:
    # A route of the same path may have another method: the one that was met knows its own only.
    asked = {**request.scope, "method": method}
    return any(route.matches(asked)[0] is Match.FULL for route in request.app.routes)
