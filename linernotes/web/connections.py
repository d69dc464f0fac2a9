"""Connections: one that is idle, or sends the head of its request too slowly, takes no place from others."""

import asyncio
from typing import Any, ClassVar

from uvicorn.protocols.http.h11_impl import H11Protocol

from linernotes.web.config import Options

FLUSHED_BYTES = 65_536
"""What a client has to take of a response that is written in `Options.stall_s`, unless that is all of it."""


class GuardedProtocol(H11Protocol):
    """uvicorn's HTTP protocol with a deadline for the heads of requests, and room for newcomers.

    uvicorn alone closes a connection only when it is idle after a response, and refuses requests where there are many
    connections, idle ones included.
    """

    options: ClassVar[Options] = Options()
    idle: ClassVar[dict["GuardedProtocol", None]] = {}
    """The idle connections, the one that is idle for longest first."""

    _head_timer: asyncio.TimerHandle | None = None
    _flush_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a request; where there are too many connections, end one that is idle."""
        super().connection_made(transport)
        if len(self.connections) > self.options.max_connections and self.idle:
            longest = next(iter(self.idle))
            del self.idle[longest]
            longest.transport.abort()  # of busy ones the limit of requests takes care
        self.idle[self] = None
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        self.idle.pop(self, None)
        self._set_timer(None)
        if self._flush_timer:
            self._flush_timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what has come; a head that isn't complete has to be soon."""
        super().data_received(data)
        if is_busy(self):
            self.idle.pop(self, None)
            self._set_timer(None)
        elif self._head_timer is None and self.timeout_keep_alive_task is None:
            self._await_head()

    def on_response_complete(self) -> None:
        """Note since when the connection is idle."""
        if self in self.connections:
            self.idle[self] = None
        super().on_response_complete()
        if is_busy(self):  # the next request was there already
            self.idle.pop(self, None)

        self._await_flush()

    def _await_flush(self) -> None:
        """Look now and then whether the client takes what was written: its last piece is sent without waiting."""
        if self._flush_timer is None and (size := self.transport.get_write_buffer_size()):
            self._flush_timer = self.loop.call_later(self.options.stall_s, self._end_if_stalled, size)

    def _end_if_stalled(self, size_before: int) -> None:
        self._flush_timer = None
        if is_busy(self):
            return  # what it sends has a limit of its own
        if size_before - self.transport.get_write_buffer_size() < min(FLUSHED_BYTES, size_before):
            self.transport.abort()
        else:
            self._await_flush()

    def _await_head(self) -> None:
        self._set_timer(self.loop.call_later(self.options.request_head_s, self._end_unless_busy))

    def _end_unless_busy(self) -> None:
        self._head_timer = None
        if not is_busy(self):
            self.transport.abort()

    def _set_timer(self, timer: asyncio.TimerHandle | None) -> None:
        if self._head_timer:
            self._head_timer.cancel()
        self._head_timer = timer


def protocol_class(options: Options) -> type[GuardedProtocol]:
    """Return the protocol with the limits of a server."""
    return type("Protocol", (GuardedProtocol,), {"options": options, "idle": {}})


def is_busy(connection: Any) -> bool:
    """Tell whether a connection has a request that isn't answered yet."""
    return connection.cycle is not None and not connection.cycle.response_complete
