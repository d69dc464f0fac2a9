"""Headers that every answer carries: the browser runs and loads nothing but what this server serves."""

import asyncio
from collections.abc import Mapping

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}

HEADERS: Mapping[str, str] = {
    "content-security-policy": "; ".join(f"{name} {source}" for name, source in POLICY.items()),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}


class SafeHeaders:
    """Adds the headers to every answer that doesn't have its own."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and its answer back with the headers."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


NOTED = ("route", "fastapi", "linernotes.problem")
"""What is noted of a request while it is answered, for the log."""


class Heads:
    """Answers HEAD as GET, without a body; of an answer that streams nothing but the beginning is made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}
        work = asyncio.current_task()
        ended = False

        async def without_body(message: Message) -> None:
            nonlocal ended
            if message["type"] != "http.response.body":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                if message.get("more_body") and work:
                    work.cancel()

        try:
            await self._app(asked, receive, without_body)
        except asyncio.CancelledError:
            if not ended or work is None:
                raise
            work.uncancel()
        finally:
            scope.update({name: asked[name] for name in NOTED if name in asked})


class Gone:
    """Ends the work for a client that has gone: its turn is free for others. A body is left to those who read it."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and look after its connection."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        work = asyncio.current_task()
        gone, over = asyncio.Event(), False

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()
            if not over and work:
                work.cancel()

        begun = False

        async def bodiless() -> Message:
            nonlocal begun
            if not begun:
                begun = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def sent(message: Message) -> None:
            nonlocal over
            # Before it is sent: the server says that the client has gone as soon as it has everything.
            over = over or (message["type"] == "http.response.body" and not message.get("more_body", False))
            await send(message)

        watching = asyncio.create_task(watch())
        try:
            await self._app(scope, bodiless, sent)
        except asyncio.CancelledError:
            if not gone.is_set() or work is None:
                raise
            work.uncancel()
        finally:
            watching.cancel()
