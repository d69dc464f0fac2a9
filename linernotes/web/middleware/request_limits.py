"""How much one request may be: the length of its address, and its body before anybody has read it."""

from fastapi import Request
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.errors import TOO_LARGE, TOO_LONG
from linernotes.web.problems import Told

LONGEST_ADDRESS = 32_768
"""Bytes of path and query. Ten thousand Latin letters fit, and more than any question has words that are asked."""

AROUND = 65_536
"""Bytes of a form around the file that is uploaded."""

UPLOADS = ("/check", "/api/v1/checks")
"""Where a body is bounded by who reads it: a browser shows our sentence only if it could send everything before."""

MUCH = 4
"""So many times too much isn't read by them either."""

HEADER_BYTES = 65_536
"""What h11 reads of a request before its body; then it ends the connection with 400."""


class Bounds:
    """Refuses what is too long by what it says of itself; a body that says nothing is cut where it becomes too long."""

    def __init__(self, app: ASGIApp, body_bytes: int) -> None:
        self._app, self._most = app, body_bytes + AROUND

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif len(scope.get("raw_path") or b"") + len(scope["query_string"]) > LONGEST_ADDRESS:
            message = f"The address is longer than {LONGEST_ADDRESS:,} bytes."
            await Told(TOO_LONG, message, "Ask for less at once.").answer(Request(scope))(scope, receive, send)
        elif _said(scope) > self._most * (MUCH if scope["path"] in UPLOADS else 1):
            await self._told(scope)(scope, receive, send)
        elif scope["path"] in UPLOADS:
            await self._app(scope, receive, send)
        else:
            await self._app(scope, self._counted(receive), send)

    def _told(self, scope: Scope) -> ASGIApp:
        message = f"More was sent than is taken: {self._most - AROUND:,} bytes at most."
        # What comes is not read any more, so the connection can't be used again.
        headers = {"connection": "close"}
        return Told(TOO_LARGE, message, "Send it in parts.", headers).answer(Request(scope))

    def _counted(self, receive: Receive) -> Receive:
        size = 0

        async def counted() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._most:
                raise HTTPException(TOO_LARGE)
            return message

        return counted


def _said(scope: Scope) -> int:
    given = Headers(scope=scope).get("content-length", "")
    return int(given) if given.isascii() and given.isdigit() else 0
