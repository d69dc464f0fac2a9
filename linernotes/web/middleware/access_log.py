"""Access log: one line for each request; and the last place where an error is caught, with one sentence for its client.

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
        except asyncio.CancelledError:  # the server was stopped, and this took longer than it waits
            if not status:
                problem = ProblemResponse.from_error(BusyError("The server is being stopped."))
                await problem.render(Request(scope))(scope, receive, send_counted)
        except Exception as error:
            log.error(
                "unexpected error", extra={"fields": {"id": request_id, "route": route_of(scope)}}, exc_info=error
            )
            if not status:
                message = f"Something went wrong on our side. The error was logged with the id {request_id}."
                problem = ProblemResponse(HTTPStatus.INTERNAL_SERVER_ERROR, message, "Please quote it in a report.")
                await problem.render(Request(scope))(scope, receive, send_counted)
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


def route_of(scope: Scope) -> str | None:
    """Return the pattern of the route that answered, None where none did."""
    route = scope.get("route")
    pattern = getattr(route, "path_format", None) or getattr(route, "path", None)
    return str(pattern) if pattern else None
