"""What commands share: a searcher for the Elasticsearch of the settings, JSON for programs, and being stopped."""

import signal
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson
import typer

from linernotes import settings
from linernotes.elastic import connect
from queries import Searcher

GRACE_S = 1.5


@contextmanager
def asking() -> Iterator[Searcher]:
    """Give what asks the Elasticsearch of the settings."""
    config = settings.from_environment()
    with connect(config) as client:
        yield Searcher(client, config.prefix)


def print_json(answer: Mapping[str, Any]) -> None:
    """Print one answer for programs, on standard output."""
    typer.echo(orjson.dumps(answer))


@contextmanager
def stopping() -> Iterator[threading.Event]:
    """Give an event that Ctrl-C and SIGTERM set, so that what is in flight can be finished.

    What is not finished after `GRACE_S`, or at the second signal, is interrupted.
    """
    stop = threading.Event()

    def handle(_number: int, _frame: object) -> None:
        if stop.is_set():
            raise KeyboardInterrupt
        stop.set()
        signal.setitimer(signal.ITIMER_REAL, GRACE_S)

    before = {number: signal.signal(number, handle) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)}
    try:
        yield stop
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in before.items():
            signal.signal(number, handler)
