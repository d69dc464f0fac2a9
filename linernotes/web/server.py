"""Sockets to listen on: opened before anything else, so that an address that can't be had is told in one sentence."""

import json
import logging
import logging.config
import os
import socket
import sys
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from types import FrameType
from typing import Any

import orjson
import uvicorn

from linernotes.security.credentials import is_loopback
from linernotes.settings import Settings
from linernotes.web import app
from linernotes.web.config import Options
from linernotes.web.middleware.request_limits import HEADER_BYTES
from linernotes.web.services.es_client import Connection
from linernotes.web.services.service import Source
from linernotes.web.services.thread_pools import THREADS
from mappings.errors import InputError, UnreachableError

BACKLOG = 512
WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named to be told apart
"""Addresses that mean all of this machine's, with the one by which it is asked here."""


def opened(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets for all addresses of a host, of one port; port 0 is one that is free.

    Raises InputError for a host that isn't this machine, or a port that is taken or not for us.
    """
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host, port):
            taken = sockets[0].getsockname()[1] if sockets else port
            sockets.append(_listening(family, address, taken))
    except OSError as error:
        for each in sockets:
            each.close()
        reason = error.strerror or str(error)
        raise InputError(
            f"Nobody can listen at {host}, port {port}: {reason}.",
            "Choose others with --host and --port (0: a free one).",
        ) from error
    return sockets


def url(host: str, sockets: list[socket.socket]) -> str:
    """Return the address by which this machine asks what listens there."""
    shown = WILDCARDS.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{sockets[0].getsockname()[1]}"


def is_open(host: str) -> bool:
    """Tell whether other machines may come in."""
    return not is_loopback(host)


def _addresses(host: str, port: int) -> list[tuple[socket.AddressFamily, str]]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found))


def _listening(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    # Told to be TCP, as asyncio switches Nagle off for no other: else each answer waits 40 ms for an acknowledgement.
    made = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            made.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        made.bind((address, port))
        made.listen(BACKLOG)
    except OSError:
        made.close()
        raise
    return made


LIBRARIES = "WARNING"
"""From this level on others than us are heard: below, the client library writes every request."""


class JsonLines(logging.Formatter):
    """Writes a record as one line; what `extra={"told": {...}}` has stands beside the message."""

    def __init__(self, *, texts: bool = False) -> None:
        super().__init__()
        self._texts = texts

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
            **getattr(record, "told", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = [*_told(traceback.TracebackException.from_exception(record.exc_info[1]), self._texts)]
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # half a character, which no line may have
            return json.dumps(line, default=str, ensure_ascii=False).encode(errors="replace").decode()


def _told(error: traceback.TracebackException, texts: bool) -> Iterator[str]:
    """Yield an error's places and kind, the cause first."""
    if before := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        yield from _told(before, texts)
    for frame in error.stack:
        yield f"{frame.filename}:{frame.lineno} {frame.name}"
    yield "".join(error.format_exception_only()).strip() if texts else str(error.exc_type and error.exc_type.__name__)


def write(*, texts: bool) -> None:
    """Let everything be written so, from now on."""
    logging.captureWarnings(True)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": {"()": JsonLines, "texts": texts}},
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"level": LIBRARIES, "handlers": ["err"]},
            "loggers": {"linernotes.web": {"level": "INFO"}},
        }
    )


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
    sockets = opened(options.host, options.port)
    address = url(options.host, sockets)
    write(texts=options.log_texts)
    source = Connection(settings, options.answer_s)
    try:
        with suppress(UnreachableError):
            source()
        server = Server(config(options, source), lambda: ready(address))
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
