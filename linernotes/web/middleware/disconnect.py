"""HEAD as a GET that ends before its body, and an end to the work for clients that go away."""

import asyncio

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.services.streaming import HEAD_KEY


class HeadMiddleware:
    """Answers HEAD as GET, without a body; of a response that streams only the beginning is made."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        ended = False

        async def send_head(message: Message) -> None:
            nonlocal ended
            if message["type"] != "http.response.body":
                await send(message)
            elif not ended:
                ended = True
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                if message.get("more_body"):
                    work.cancel()

        scope["method"] = "GET"
        scope[HEAD_KEY] = True
        try:
            with anyio.CancelScope() as work:
                await self._app(scope, receive, send_head)
        finally:
            scope["method"] = "HEAD"


class CancelOnDisconnectMiddleware:
    """Cancels a GET whose client has gone: its place in the queue is free for others. A body is left to its reader."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, and watch its connection."""
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        gone, body_read, complete = asyncio.Event(), False, False

        async def watch() -> None:
            while (await receive())["type"] != "http.disconnect":
                pass
            gone.set()
            if not complete:
                work.cancel()

        async def receive_without_body() -> Message:
            nonlocal body_read
            if not body_read:
                body_read = True
                return {"type": "http.request", "body": b"", "more_body": False}
            await gone.wait()
            return {"type": "http.disconnect"}

        async def send_noted(message: Message) -> None:
            nonlocal complete
            # Before it is sent: the server says that the client has gone as soon as it has everything.
            complete = complete or (message["type"] == "http.response.body" and not message.get("more_body", False))
            await send(message)

        with anyio.CancelScope() as work:
            watching = asyncio.create_task(watch())
            try:
                await self._app(scope, receive_without_body, send_noted)
            finally:
                watching.cancel()
