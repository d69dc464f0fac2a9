"""The one folder where the server keeps what it was sent; it goes with the server, also with one that was killed."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "linernotes-checks-"
_LOCK = "lock"
_YOUNG_S = 60.0
"""A folder so young may belong to a server that hasn't locked it yet."""


@contextmanager
def opened() -> Iterator[Path]:
    """Give a folder that only we may read (mode 700), and remove it in the end, with those that others left behind."""
    _sweep(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        with (folder / _LOCK).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _sweep(where: Path) -> None:
    for folder in where.glob(f"{PREFIX}*"):
        try:
            told = folder.stat(follow_symlinks=False)
            if told.st_uid != os.geteuid() or time.time() - told.st_mtime < _YOUNG_S:
                continue
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another server's: it holds the lock, or removes it just now
            continue
