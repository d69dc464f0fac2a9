"""The server process: sockets, uvicorn, signals, and its log as JSON lines."""

import gc
import json
import logging
import logging.config
import os
import resource
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
from linernotes.web.app import create_app
from linernotes.web.config import Options
from linernotes.web.connections import protocol_class
from linernotes.web.middleware.limits import MAX_HEADERS
from linernotes.web.services.app_state import GetSearcher
from linernotes.web.services.elasticsearch_client import ClientProvider
from linernotes.web.services.executor import THREAD_NAME
from mappings.errors import InputError, UnreachableError

BACKLOG = 512

GC_THRESHOLDS = 50_000, 20, 100
"""New objects until a garbage collection looks at them, and collections until the next one looks at older ones, too."""

WILDCARDS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named to be recognised
"""Addresses that mean all of this machine's, with the one by which it is reached here."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets for all addresses of a host, on one port; port 0 is one that is free.

    Raises InputError for a host that isn't this machine, or a port that is taken. (uvicorn's own `bind_socket` logs and
    exits instead, and its connections wait 40 ms for each acknowledgement.)
    """
    sockets: list[socket.socket] = []
    try:
        addresses = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
        for family, address in dict.fromkeys((family, str(address[0])) for family, _, _, _, address in addresses):
            same_port = sockets[0].getsockname()[1] if sockets else port
            sockets.append(socket.create_server((address, same_port), family=family, backlog=BACKLOG))
            # Connections inherit it; asyncio sets it only where the socket was told to be TCP.
            sockets[-1].setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError as error:
        for each in sockets:
            each.close()
        reason = error.strerror or str(error)
        raise InputError(
            f"Can't listen on {host}, port {port}: {reason}.",
            "Choose others with --host and --port (0: a free one).",
        ) from error
    return sockets


def url_of(host: str, sockets: list[socket.socket]) -> str:
    """Return the address by which this machine reaches what listens there."""
    shown = WILDCARDS.get(host, host)
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{sockets[0].getsockname()[1]}"


def is_public(host: str) -> bool:
    """Tell whether other machines can connect."""
    return not is_loopback(host)


LIBRARY_LEVEL = "WARNING"
"""Log level of libraries: below it, the Elasticsearch client writes every request."""


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON, with the fields of `extra={"fields": {...}}` beside the message.

    Of an error it has the kind and the lines of code; its words, which may quote a search, only with `log_texts`.
    """

    def __init__(self, *, log_texts: bool = False) -> None:
        super().__init__()
        self._log_texts = log_texts

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line: dict[str, Any] = {
            "time": moment.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "from": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info and record.exc_info[1]:
            line["error"] = [*_lines(traceback.TracebackException.from_exception(record.exc_info[1]), self._log_texts)]
        try:
            return orjson.dumps(line, default=str).decode()
        except TypeError:  # half a character, which no line may have
            return json.dumps(line, default=str, ensure_ascii=False).encode(errors="replace").decode()


def _lines(error: traceback.TracebackException, log_texts: bool) -> Iterator[str]:
    """Yield an error's lines of code and kind, the cause first."""
    if before := error.__cause__ or (None if error.__suppress_context__ else error.__context__):
        yield from _lines(before, log_texts)
    for frame in error.stack:
        yield f"{frame.filename}:{frame.lineno} {frame.name}"
    if log_texts:
        yield "".join(error.format_exception_only()).strip()
    else:
        yield str(error.exc_type and error.exc_type.__name__)


def configure_logging(*, log_texts: bool) -> None:
    """Send all logs to standard error as JSON lines."""
    logging.captureWarnings(True)
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {"lines": {"()": JsonLines, "log_texts": log_texts}},
            "handlers": {"err": {"class": "logging.StreamHandler", "formatter": "lines"}},
            "root": {"level": LIBRARY_LEVEL, "handlers": ["err"]},
            "loggers": {"linernotes.web": {"level": "INFO"}},
        }
    )


SPARE_FILES = 500
"""Files that the process may open beside those of connections."""

EXIT_OK, EXIT_FORCED = 0, 130


class Server(uvicorn.Server):
    """Shuts down on the first signal, when requests under way are done, and at once on the second."""

    def __init__(self, config: uvicorn.Config, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._on_ready = on_ready

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - as uvicorn calls it
        """Begin to shut down, or end at once."""
        # uvicorn would raise the signal again afterwards, and the exit code wouldn't be 0.
        self.force_exit, self.should_exit = self.should_exit, True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to listen, and say so."""
        await super().startup(sockets)
        if self.started:
            self._on_ready()


def uvicorn_config(options: Options, get_searcher: GetSearcher) -> uvicorn.Config:
    """Return the configuration of uvicorn."""
    return uvicorn.Config(
        create_app(options, get_searcher),
        access_log=False,
        log_config=None,
        log_level="warning",
        server_header=False,
        proxy_headers=True,
        forwarded_allow_ips=[*options.trusted_proxies],
        timeout_graceful_shutdown=options.shutdown_s,
        timeout_keep_alive=options.keep_alive_s,
        http=protocol_class(options),
        ws="none",
        h11_max_incomplete_event_size=MAX_HEADERS,
    )


def run(options: Options, settings: Settings, on_ready: Callable[[str], None]) -> int:
    """Serve until a signal ends it, and return the exit code. `on_ready` gets the address once it can be requested.

    Elasticsearch needn't be there: as long as it isn't, responses are 503. Raises InputError for an address that can't
    be listened on, or a setting that can't be used.
    """
    sockets = bind(options.host, options.port)
    url = url_of(options.host, sockets)
    configure_logging(log_texts=options.log_texts)
    _allow_files(options.max_connections + SPARE_FILES)
    clients = ClientProvider(settings, options.search_timeout_s)
    try:
        with suppress(UnreachableError):
            clients()
        server = Server(uvicorn_config(options, clients), lambda: on_ready(url))
        _freeze_objects()
        server.run(sockets)
    finally:
        for each in sockets:
            each.close()
        clients.close()
    if server.force_exit:
        _exit(EXIT_FORCED)
    if any(thread.name.startswith(THREAD_NAME) for thread in threading.enumerate()):
        _exit(EXIT_OK)
    return EXIT_OK


def _freeze_objects() -> None:
    """Keep what is loaded by now out of garbage collection, and let it look less often at what comes.

    A collection looks at all objects that are alive, and nothing else runs meanwhile: half a million of them take
    40 ms, and one answer of Elasticsearch with ten thousand buckets made for several.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*GC_THRESHOLDS)


def _allow_files(number: int) -> None:
    """Let the process open so many files, as far as its hard limit allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < number:
        most = number if hard == resource.RLIM_INFINITY else min(number, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _exit(code: int) -> None:
    """End the process without waiting for threads that still wait for Elasticsearch."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)
