"""Access log: one line for each request; and where an error is caught that nobody expected.

A line has nothing that somebody searched for, and no client's address: not the path but the route's pattern.
"""

import asyncio
import logging
import secrets
import time
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.errors import PROBLEM_KEY, BusyError, ProblemResponse

log = logging.getLogger(__name__)

CLIENT_CLOSED_REQUEST = 499
"""Logged for a client that went away before its response began; nobody gets it."""

REQUEST_ID = "x-request-id"
"""The response header by which its line is found."""

REQUEST_ID_KEY = "linernotes.request_id"
"""Key of the ASGI scope under which that is."""


class AccessLogMiddleware:
    """Logs every request: method, route, status, milliseconds until the last byte was sent, bytes, id."""

    def __init__(self, app: ASGIApp, log_texts: bool = False) -> None:
        self._app, self._log_texts = app, log_texts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and log what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, request_id = time.perf_counter(), secrets.token_hex(6)
        scope[REQUEST_ID_KEY] = request_id
        status, size = 0, 0

        async def send_counted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (REQUEST_ID.encode(), request_id.encode())]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, send_counted)
        finally:
            fields: dict[str, Any] = {
                "id": request_id,
                "method": scope["method"],
                "route": route_of(scope),
                "status": status or CLIENT_CLOSED_REQUEST,
                "ms": round((time.perf_counter() - began) * 1000, 1),
                "bytes": 0 if scope["method"] == "HEAD" else size,
            }
            if problem_message := scope.get(PROBLEM_KEY):
                fields["problem"] = problem_message
            if self._log_texts:
                fields["address"] = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
            log.info("request", extra={"fields": fields})


class ErrorMiddleware:
    """Answers with one sentence where an error comes that nobody expected, or the server is stopped meanwhile."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; nothing is raised but what ends the server."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_begun = False

        async def send_noted(message: Message) -> None:
            nonlocal is_begun
            is_begun = True
            await send(message)

        try:
            await self._app(scope, receive, send_noted)
            return
        except asyncio.CancelledError:  # the server was stopped, and this took longer than it waits
            problem = ProblemResponse.from_error(BusyError("The server is being stopped."))
        except Exception as error:
            request_id = scope.get(REQUEST_ID_KEY, "")
            log.error(
                "unexpected error", extra={"fields": {"id": request_id, "route": route_of(scope)}}, exc_info=error
            )
            message = f"Something went wrong on our side. The error was logged with the id {request_id}."
            problem = ProblemResponse(HTTPStatus.INTERNAL_SERVER_ERROR, message, "Please quote it in a report.")
        if not is_begun:  # else what was sent is visibly incomplete: the server closes the connection
            await problem.render(Request(scope))(scope, receive, send)


def route_of(scope: Scope) -> str | None:
    """Return the pattern of the route that answered, None where none did."""
    route = scope.get("route")
    pattern = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(pattern) if pattern else None
