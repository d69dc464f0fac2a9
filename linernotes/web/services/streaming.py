"""Long answers, written by a function in a thread, no faster than the client reads, and cut off if they aren't whole.

What is sent in pieces has no length that a client could compare. So an answer that can't be finished isn't ended: the
connection breaks before the last chunk, which every client tells from a whole answer.
"""

import asyncio
import io
import logging
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import CancelledError
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

import anyio
import anyio.from_thread
import anyio.to_thread
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mappings.errors import LinernotesError, UnreachableError

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

log = logging.getLogger(__name__)

PIECE = 1 << 18
"""Bytes that are sent at a time, and packed in a thread by the middleware, which does so from 128 kB on."""

STALL_S = 60.0
"""A client that takes no piece for so long is given up: others wait for its turn."""


@dataclass(frozen=True)
class Content:
    """What is sent: headers, and what writes the body into a stream."""

    headers: Mapping[str, str]
    write: Callable[[IO[bytes]], None]


Begin = Callable[[threading.Event], AbstractContextManager[Content]]
"""Opens what is sent, in the thread that writes it. The event is set when the client goes away, and may be set by who
writes, when nothing more is to be asked."""


@dataclass
class Streams:
    """How many are sent at a time: what waits for a slow reader may wait long."""

    most: int
    under_way: int = 0

    def __enter__(self) -> None:
        if self.under_way >= self.most:
            raise UnreachableError("Too many downloads are under way just now.", "Ask again in a while.")
        self.under_way += 1

    def __exit__(self, *_: object) -> None:
        self.under_way -= 1


class Streamed(Response):
    """A response of a bounded number, opened and written in a thread of its own.

    A problem while it is opened is answered as any other; one later breaks the connection.
    """

    def __init__(self, streams: Streams, begin: Begin) -> None:
        super().__init__()
        self._streams, self._begin = streams, begin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI calls it
        """Send all of it, or go away when the client does."""
        sender = _Sender(send)
        # In a task of its own: whoever cancels this one, the thread is told, waited for, and has its turn until then.
        work = asyncio.create_task(self._work(sender, receive))
        try:
            failure = await asyncio.shield(work)
        except asyncio.CancelledError:
            sender.leave()
            await asyncio.wait([work])
            raise
        if failure is None or sender.left:
            return
        if not sender.headers_sent:
            raise failure
        told = str(failure) or type(failure).__name__
        log.warning("a download was cut off: %s", told, exc_info=None if _is_usual(failure) else failure)

    async def _work(self, sender: "_Sender", receive: Receive) -> Exception | None:
        watching = asyncio.create_task(_watch(receive, sender))
        try:
            with sender.scope:
                with self._streams:
                    whole = await anyio.to_thread.run_sync(self._write, sender, limiter=_THREADS)
                # Only now: who has all of it may ask for the next at once.
                if whole:
                    await sender.end()
        except Exception as error:  # whatever it is, the client mustn't take what it has for the whole
            return error
        finally:
            watching.cancel()
        return None

    def _write(self, sender: "_Sender") -> bool:
        """Write all but the end, and say whether that is all."""
        with suppress(CancelledError), self._begin(sender.gone) as content:
            sender.headers = content.headers
            stream = io.BufferedWriter(sender, PIECE)
            try:
                content.write(stream)
                stream.flush()
            finally:
                sender.deaf = True  # what is left in the buffer of a broken answer goes nowhere
                stream.close()
            return True
        return False


# `Streams` says how many; this one must only never be in the way.
_THREADS = anyio.CapacityLimiter(1000)


class _Sender(io.RawIOBase):
    """What a thread writes to: each write returns when the client has taken what was written before."""

    def __init__(self, send: Send) -> None:
        super().__init__()
        self.gone = threading.Event()
        self.left = False
        self.scope = anyio.CancelScope()
        self.headers: Mapping[str, str] = {}
        self.headers_sent = False
        self.deaf = False
        self._send = send

    def leave(self) -> None:
        """Let the thread end at the next write."""
        self.left = True
        self.gone.set()
        self.scope.cancel()

    def writable(self) -> bool:
        return True

    def write(self, data: "ReadableBuffer") -> int:
        with memoryview(data) as view:
            if not self.deaf:
                for at in range(0, len(view), PIECE):
                    if self.left:
                        raise CancelledError
                    anyio.from_thread.run(self._piece, bytes(view[at : at + PIECE]))
            return len(view)

    async def end(self) -> None:
        await self._piece(b"", more=False)

    async def _piece(self, body: bytes, *, more: bool = True) -> None:
        with anyio.fail_after(STALL_S):
            if not self.headers_sent:
                self.headers_sent = True
                headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
                await self._send({"type": "http.response.start", "status": 200, "headers": headers})
            await self._send({"type": "http.response.body", "body": body, "more_body": more})


async def _watch(receive: Receive, sender: _Sender) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    sender.leave()


def _is_usual(failure: Exception) -> bool:
    return isinstance(failure, LinernotesError | OSError)
