"""A real server: in a thread of this process, or as the command runs it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from linernotes.web.config import Options
from linernotes.web.server import Server, bind, url_of, uvicorn_config
from linernotes.web.services.app_state import GetSearcher

PROJECT = Path(__file__).parents[2]
PATIENCE_S = 30
SERVE = (sys.executable, "-m", "linernotes", "serve", "--port", "0")


@contextmanager
def serving(get_searcher: GetSearcher, options: Options) -> Iterator[str]:
    """Serve in a thread; give the address."""
    sockets = bind(options.host, 0)
    url = url_of(options.host, sockets)
    ready = threading.Event()
    server = Server(uvicorn_config(options, get_searcher), ready.set)
    thread = threading.Thread(target=server.run, args=(sockets,))
    thread.start()
    try:
        assert ready.wait(PATIENCE_S)
        yield url
    finally:
        server.should_exit = True
        thread.join(PATIENCE_S)
        assert not thread.is_alive()


@dataclass
class Command:
    """The command in a process of its own; `log` is a file with its standard error."""

    process: "subprocess.Popen[str]"
    url: str
    log: Path

    def lines(self) -> list[dict[str, Any]]:
        """Return what it has logged."""
        return [orjson.loads(line) for line in self.log.read_text().splitlines()]

    def requests(self, number: int) -> list[dict[str, Any]]:
        """Return the lines of so many requests: the last may come a moment after its answer."""
        until = time.monotonic() + PATIENCE_S
        while len(found := [line for line in self.lines() if line["message"] == "request"]) < number:
            assert time.monotonic() < until
            time.sleep(0.02)
        return found


@contextmanager
def command(log: Path, environment: Mapping[str, str], *arguments: str) -> Iterator[Command]:
    """Run `linernotes serve` on a free port until it is ended, or until the end of the test."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
    program = [*SERVE, "--json", *arguments]
    with log.open("w") as err:
        process = subprocess.Popen(
            program, cwd=PROJECT, env={**known, **environment}, stdout=subprocess.PIPE, stderr=err, text=True
        )
    assert process.stdout
    try:
        said = process.stdout.readline()
        assert said, log.read_text()
        ready = orjson.loads(said)
        assert ready["pid"] == process.pid
        yield Command(process, ready["url"], log)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
