"""What the node wrote: the last lines, and the next ones as they come."""

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from linernotes.node import config
from mappings.errors import InputError

# Seconds between two looks at a log that is followed.
LOOK = 0.3


def path_of(home: Path, *, structured: bool = False) -> Path:
    """Return the log to read: what was written to last, the node's log or what its start printed.

    A start that dies early says why only in what it prints. `structured` picks the log of JSON lines.
    Raises `InputError` when there is none.
    """
    layout = config.of(home)
    logs = [layout.json_log] if structured else [layout.log, layout.console]
    there = [path for path in logs if path.is_file()]
    if not there:
        raise InputError(f"There are no logs in {layout.logs}.", "Start the node first: linernotes node start")
    return max(there, key=lambda path: path.stat().st_mtime)


def tail(path: Path, lines: int) -> list[str]:
    """Return the last lines of a file, without their ends."""
    with path.open(encoding="utf-8", errors="replace") as file:
        return [line.rstrip("\n") for line in deque(file, maxlen=lines)]


def follow(path: Path, lines: int) -> Iterator[str]:
    """Yield the last lines, then each new one, for ever; goes over to the new file when the log is rotated."""
    file = path.open(encoding="utf-8", errors="replace")
    try:
        yield from (line.rstrip("\n") for line in deque(file, maxlen=lines))
        started = ""
        while True:
            started += file.readline()
            if started.endswith("\n"):
                yield started.rstrip("\n")
                started = ""
            elif _replaced(path, file.fileno(), file.tell()):
                file.close()
                file = path.open(encoding="utf-8", errors="replace")
            else:
                time.sleep(LOOK)
    finally:
        file.close()


def _replaced(path: Path, descriptor: int, position: int) -> bool:
    """Tell whether the path leads to another file by now, or to less than was read of it."""
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    return now.st_ino != os.fstat(descriptor).st_ino or now.st_size < position
