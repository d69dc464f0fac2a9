"""Ends the HTTP requests of one thread from another: their connection is shut down, and so Elasticsearch ends them too.

A thread can't be stopped while it waits for an answer. What it waits for can: the socket. `security.transport` makes
every connection abortable.
"""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from urllib3.connection import HTTPConnection

_thread = threading.local()
_lock = threading.Lock()
"""Guards who uses which connection: one that went back to the pool may be another thread's a moment later."""


class Abortable:
    """The requests of one thread. `stop_event` is set once they are to end."""

    def __init__(self) -> None:
        self.stop_event = threading.Event()
        self._connection: _Abortable | None = None

    @contextmanager
    def active(self) -> Iterator[None]:
        """Let this thread's requests be those that `abort` ends."""
        _thread.current = self
        try:
            yield
        finally:
            _thread.current = None

    def abort(self) -> None:
        """End the request that is under way, if there is one, and all that would follow."""
        self.stop_event.set()
        with _lock:
            if self._connection and self._connection.user is self and (used := self._connection.sock):
                with suppress(OSError):  # it is closed already
                    # Not the method of a TLS socket, which takes the session from the thread that reads.
                    socket.socket.shutdown(used, socket.SHUT_RDWR)

    def use(self, connection: "_Abortable") -> None:
        """Note the connection of a request that begins; raises ConnectionAbortedError once this was aborted."""
        with _lock:
            connection.user, self._connection = self, connection
        if self.stop_event.is_set():
            raise ConnectionAbortedError("the request was aborted")


def current() -> Abortable | None:
    """Return what this thread's requests belong to."""
    abortable: Abortable | None = getattr(_thread, "current", None)
    return abortable


class _Abortable(HTTPConnection):
    user: Abortable | None = None

    def request(self, *args: Any, **options: Any) -> None:
        abortable = current()
        if abortable is None:
            with _lock:
                self.user = None
        else:
            abortable.use(self)
        super().request(*args, **options)
        if abortable:
            abortable.use(self)  # again: before, there may have been no socket to shut down


def abortable_class(connection: type[Any]) -> type[Any]:
    """Return a class of urllib3 connections as one whose request another thread can end."""
    return type(connection.__name__, (_Abortable, connection), {})  # errors show the name
