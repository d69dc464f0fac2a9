"""One line of the log for each request, and the last place where an error is met: its visitor gets one sentence.

A line has no text that somebody looked for, and no address of anybody: not the path but the route's pattern.
"""

import asyncio
import logging
import secrets
import time
from http import HTTPStatus
from typing import Any

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.problems import Told, of
from mappings.errors import UnreachableError

log = logging.getLogger(__name__)

CLIENT_GONE = 499
"""What is noted for who went away before an answer began; nobody gets it."""

ID = "x-request-id"
"""The header of an answer by which its line is found."""


class Access:
    """Notes every request: method, route, status, milliseconds until the last byte was handed over, bytes, id."""

    def __init__(self, app: ASGIApp, texts: bool = False) -> None:
        self._app, self._texts = app, texts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and note what became of it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, key = time.perf_counter(), secrets.token_hex(6)
        status, size = 0, 0

        async def noted(message: Message) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), (ID.encode(), key.encode())]
            size += len(message.get("body", b""))
            await send(message)

        try:
            await self._app(scope, receive, noted)
        except asyncio.CancelledError:  # the server was stopped, and this took longer than it waits
            if not status:
                await of(UnreachableError("The server is being stopped.")).answer(Request(scope))(scope, receive, noted)
        except Exception as error:
            log.error("failed", extra={"told": {"id": key, "route": _route(scope)}}, exc_info=error)
            if not status:
                message = f"Something went wrong here, which is our fault. It is noted as {key}."
                answer = Told(HTTPStatus.INTERNAL_SERVER_ERROR, message, "Report it with that.").answer(Request(scope))
                await answer(scope, receive, noted)
        finally:
            line: dict[str, Any] = {"id": key, "method": scope["method"], "route": _route(scope)}
            line |= {"status": status or CLIENT_GONE, "ms": round((time.perf_counter() - began) * 1000, 1)}
            line |= {"bytes": 0 if scope["method"] == "HEAD" else size}
            if told := scope.get("linernotes.problem"):
                line["problem"] = told
            if self._texts:
                line["address"] = f"{scope['path']}?{scope['query_string'].decode('latin-1')}"
            log.info("request", extra={"told": line})


def _route(scope: Scope) -> str | None:
    """Return the pattern of the route that answered, None where none did."""
    context = scope.get("fastapi", {}).get("effective_route_context") or scope.get("route")
    pattern = getattr(context, "path_format", None) or getattr(context, "path", None)
    return str(pattern) if pattern else None
