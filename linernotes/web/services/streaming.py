"""Downloads of any size: generated in a thread, no faster than the client reads, and cut off if they aren't whole.

What is sent in pieces has no length that a client could compare. So a download that can't be finished isn't ended: the
connection breaks before the last chunk, which every client tells from a whole one.
"""

import asyncio
import logging
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import anyio
from anyascii import anyascii
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from mappings.errors import LinernotesError, UnreachableError

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CHUNK_BYTES = 1 << 18
"""Bytes that are sent at a time; from 128 kB on, the gzip middleware compresses in a thread."""

STALL_S = 60.0
"""A client that takes no chunk for so long is given up: others wait for its slot."""

MAX_NAME = 60
_NOT_PLAIN = re.compile(r"[^a-z0-9]+")


def slug(text: str) -> str:
    """Return what is left of a text in a file name that every system takes.

    >>> slug('Sigur Rós: "Ágætis byrjun" / 01'), slug("Кино"), slug("../..")
    ('sigur-ros-agaetis-byrjun-01', 'kino', '')
    """
    return _NOT_PLAIN.sub("-", anyascii(text[: 4 * MAX_NAME]).lower())[:MAX_NAME].strip("-")


def attachment(name: str, suffix: str) -> str:
    """Return the header by which a browser saves a file instead of showing it.

    >>> attachment("linernotes-", "csv")
    'attachment; filename="linernotes.csv"'
    """
    return f'attachment; filename="{name.strip("-")}.{suffix}"'


@dataclass
class DownloadSlots:
    """A semaphore that nobody waits for: a slow reader may hold a slot for long."""

    slots: int
    used: int = 0

    def acquire(self) -> None:
        """Take a slot; raises UnreachableError where there is none."""
        if self.used >= self.slots:
            raise UnreachableError("Too many downloads are running.", "Please try again in a few minutes.")
        self.used += 1

    def release(self) -> None:
        """Give a slot back."""
        self.used -= 1


@dataclass(frozen=True)
class Download:
    """What is sent: headers, and the body in pieces of any size."""

    headers: Mapping[str, str]
    pieces: Iterable[bytes]


OpenDownload = Callable[[threading.Event], AbstractContextManager[Download]]
"""Opens what is sent. The event is set when the client goes away: nothing more is to be asked then."""


class StreamedDownload(Response):
    """A streaming response with a slot and a thread of its own, in which it is opened, generated and closed.

    An error while it is opened is answered as any other; one later breaks the connection.
    """

    def __init__(self, slots: DownloadSlots, open_download: OpenDownload) -> None:
        super().__init__()
        self._slots, self._open = slots, open_download
        self._stop, self._stack, self._closed = threading.Event(), ExitStack(), False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="download")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it, or as much as the client takes."""
        started = False

        async def send_in_time(message: Message) -> None:
            nonlocal started
            started = True
            with anyio.fail_after(STALL_S):
                await send(message)

        async def receive_and_stop() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self._stop.set()
            return message

        self._slots.acquire()
        try:
            download = await self._in_thread(lambda: self._stack.enter_context(self._open(self._stop)))
            chunks = _in_chunks(download.pieces)
            response = StreamingResponse(self._read(chunks), headers=download.headers)
            await response(scope, receive_and_stop, send_in_time)
        except ClientDisconnect:
            return
        except Exception as error:  # whatever it is, the client mustn't take what it has for the whole
            if not started:
                raise
            expected = isinstance(error, LinernotesError | OSError)
            reason = str(error) or type(error).__name__
            log.warning("a download was cut off: %s", reason, exc_info=None if expected else error)
        finally:
            await self._close()

    async def _read(self, chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
        while chunk := await self._in_thread(partial(next, chunks, b"")):
            yield chunk
        await self._close()  # before the last byte: who has all of it may ask for the next at once

    async def _in_thread(self, call: Callable[[], Result]) -> Result:
        def checked() -> Result:
            try:
                return call()
            except CancelledError as error:  # by the event; asyncio would take it for the end of this task
                raise ClientDisconnect from error

        return await asyncio.get_running_loop().run_in_executor(self._thread, checked)

    async def _close(self) -> None:
        """Close what was opened, behind whatever the thread is still doing, and give the slot back."""
        if self._closed:
            return
        self._closed = True
        self._stop.set()
        try:
            with anyio.CancelScope(shield=True):
                await self._in_thread(self._stack.close)
        finally:
            self._thread.shutdown(wait=False)
            self._slots.release()


def _in_chunks(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the same bytes in chunks of one size.

    >>> [len(chunk) for chunk in _in_chunks([b"a" * 200_000] * 2 + [b"b"])]
    [262144, 137857]
    """
    waiting = bytearray()
    for piece in pieces:
        waiting += piece
        while len(waiting) >= CHUNK_BYTES:
            yield bytes(waiting[:CHUNK_BYTES])
            del waiting[:CHUNK_BYTES]
    if waiting:
        yield bytes(waiting)
