"""Downloads of any size: generated in a thread, no faster than the client reads, and cut off if they aren't whole.

What is sent in pieces has no length that a client could compare. So a download that can't be finished isn't ended: the
connection breaks before the last chunk, which every client tells from a whole one.
"""

import asyncio
import logging
import re
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from concurrent.futures import CancelledError, ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from contextvars import copy_context
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

import anyio
from anyascii import anyascii
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from linernotes.i18n import N_
from linernotes.web.errors import BusyError, TimeLimitError, TooManyRequestsError
from linernotes.web.services.executor import current_client
from mappings.errors import LinernotesError

log = logging.getLogger(__name__)

Result = TypeVar("Result")

CHUNK_BYTES = 1 << 18
"""Bytes that are sent at a time; from 128 kB on, the gzip middleware compresses in a thread."""

STALL_S = 60.0
"""A client that takes no chunk for so long is given up: others wait for its slot."""

SLOW_GRACE_S = 15.0
"""How long a client may be slow before its rate counts."""

SLOW_BYTES_PER_S = 1_000_000
"""Below this a client is slow; one slot at least is never a slow client's."""

HEAD_KEY = "linernotes.head"
"""Key of the ASGI scope that says that only the headers are requested."""

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
    """A semaphore that nobody waits for: a slow reader may hold a slot for long.

    A client has `per_client` slots at most. Slow clients have all but one; of a single slot, that one.
    """

    slots: int
    per_client: int
    bytes_per_s: int
    max_s: float
    used: int = 0
    _slow: int = 0
    _clients: Counter[str] = field(default_factory=Counter)

    def acquire(self, client: str | None) -> None:
        """Take a slot; raises TooManyRequestsError for a client that has its own, BusyError where all are taken."""
        if client is not None and self._clients[client] >= self.per_client:
            raise TooManyRequestsError(
                N_("Your address is downloading a file already."), N_("Try again when that has been downloaded.")
            )
        if self.used >= self.slots:
            raise BusyError(N_("Too many downloads are running."), N_("Please try again in a few minutes."))
        self.used += 1
        if client is not None:
            self._clients[client] += 1

    def release(self, client: str | None, *, slow: bool) -> None:
        """Give a slot back."""
        self.used -= 1
        self._slow -= slow
        if client is not None:
            self._clients[client] -= 1
            self._clients += Counter()  # without those that have none

    def slow_down(self) -> None:
        """Count a client as slow; raises TimeoutError where other slow ones have all the slots that they may have."""
        if self._slow >= max(self.slots - 1, 1):
            raise TimeoutError("the client is slow, and others are already")
        self._slow += 1


@dataclass
class Pace:
    """How quickly a client takes what it is sent: only the time counts in which the server waits for it."""

    bytes_per_s: int
    sent: int = 0
    waited_s: float = 0.0

    def patience_s(self, size: int) -> float:
        """Return how long the client may take for the next bytes."""
        return max(min(STALL_S, SLOW_GRACE_S + (self.sent + size) / self.bytes_per_s - self.waited_s), 0.0)

    @property
    def slow(self) -> bool:
        """Tell whether the client is slow."""
        return self.waited_s > SLOW_GRACE_S and self.sent < SLOW_BYTES_PER_S * self.waited_s


@dataclass(frozen=True)
class Download:
    """What is sent: headers, and the body in pieces of any size."""

    headers: Mapping[str, str]
    pieces: Iterable[bytes]


OpenDownload = Callable[[threading.Event, bool], AbstractContextManager[Download]]
"""Opens what is sent. The event is set when the client goes away: nothing more is to be asked then. With true, only the
headers are needed."""


class StreamedDownload(Response):
    """A streaming response with a slot and a thread of its own, in which it is opened, generated and closed.

    An error while it is opened is answered as any other; one later breaks the connection.
    """

    def __init__(self, slots: DownloadSlots, open_download: OpenDownload) -> None:
        super().__init__()
        self._slots, self._open = slots, open_download
        self._client, self._slow = current_client.get(), False
        self._stop, self._stack, self._closed = threading.Event(), ExitStack(), False
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="download")
        self._context = copy_context()  # one for all steps: what a step sets, the next one sees

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send all of it, or as much as the client takes."""
        started, pace = False, Pace(self._slots.bytes_per_s)

        async def send_in_time(message: Message) -> None:
            nonlocal started
            started = True
            began, size = time.monotonic(), len(message.get("body", b""))
            with anyio.fail_after(pace.patience_s(size)):
                await send(message)
            pace.sent, pace.waited_s = pace.sent + size, pace.waited_s + time.monotonic() - began
            if pace.slow and not self._slow and not self._closed:
                self._slots.slow_down()
                self._slow = True

        async def receive_and_stop() -> Message:
            message = await receive()
            if message["type"] == "http.disconnect":
                self._stop.set()
            return message

        self._slots.acquire(self._client)
        try:
            with anyio.fail_after(self._slots.max_s):
                headers_only = scope.get(HEAD_KEY, False)
                download = await self._in_thread(
                    lambda: self._stack.enter_context(self._open(self._stop, headers_only))
                )
                chunks = _in_chunks(() if headers_only else download.pieces)
                response = StreamingResponse(self._read(chunks), headers=download.headers)
                await response(scope, receive_and_stop, send_in_time)
        except ClientDisconnect:
            return
        except Exception as error:  # whatever it is, the client mustn't take what it has for the whole
            if not started:
                if isinstance(error, TimeoutError):
                    raise _too_long() from error
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

        return await asyncio.get_running_loop().run_in_executor(self._thread, self._context.run, checked)

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
            self._slots.release(self._client, slow=self._slow)


def _too_long() -> TimeLimitError:
    return TimeLimitError(N_("This download takes longer than one may."), N_("Set a filter, or choose another format."))


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
