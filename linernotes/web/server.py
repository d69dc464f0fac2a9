"""The server: uvicorn around the application, on loopback unless it is told otherwise."""

import os
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import uvicorn

from linernotes.settings import Settings
from linernotes.web import app, listening, logs
from linernotes.web.bounds import HEADER_BYTES
from linernotes.web.options import Options
from linernotes.web.service import Source
from linernotes.web.source import Connection
from linernotes.web.turns import THREADS
from mappings.errors import UnreachableError

PROXIES = "127.0.0.1,::1"
"""Whose word on a client's address is taken: a proxy on this machine."""

CONNECTIONS = 1000
"""At a time; more get 503 from uvicorn itself. Each has a file, of which a process mostly has 1,024."""

KEEP_ALIVE_S = 60
"""How long a connection is kept for a visitor who reads; with 5 s, as usual, who clicks just then is turned away."""

ENDED, FORCED = 0, 130


class Server(uvicorn.Server):
    """Ends well on the first signal, when what is under way is done, and at once on the second; says when it begins."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Begin to end, or end."""
        # uvicorn would raise the signal again afterwards, and the exit code wouldn't be 0.
        self.force_exit, self.should_exit = self.should_exit, True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def config(options: Options, source: Source) -> uvicorn.Config:
    """Return how uvicorn is set up."""
    return uvicorn.Config(
        app.create(options, source),
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=PROXIES,
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=options.drain_s,
        timeout_keep_alive=KEEP_ALIVE_S,
        http="h11",
        ws="none",
        h11_max_incomplete_event_size=HEADER_BYTES,
    )


def run(options: Options, settings: Settings, ready: Callable[[str], None]) -> int:
    """Serve until a signal ends it, and return the exit code. `ready` is told the address once it can be asked.

    Elasticsearch needn't be there: as long as it isn't, answers are 503. Raises InputError for an address that can't
    be listened at, or a setting that can't be used.
    """
    sockets = listening.opened(options.host, options.port)
    url = listening.url(options.host, sockets)
    logs.write(texts=options.log_texts)
    source = Connection(settings, options.answer_s)
    try:
        with suppress(UnreachableError):
            source()
        server = Server(config(options, source), lambda: ready(url))
        server.run(sockets)
    finally:
        for each in sockets:
            each.close()
        source.close()
    if server.force_exit:
        _end(FORCED)
    if any(thread.name.startswith(THREADS) for thread in threading.enumerate()):
        _end(ENDED)
    return ENDED


def _end(code: int) -> None:
    """End this process without waiting for threads that still wait for Elasticsearch: nobody waits for them."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
