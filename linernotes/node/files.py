"""Small certainties about files: whole or not at all, one writer at a time, enough room."""

import errno
import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mappings.errors import LinernotesError

ELSEWHERE = "Make room, or set LINERNOTES_HOME to a folder on another disk."


@contextmanager
def locked(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path`; call `waiting` once when another process has it, then wait.

    The kernel lets go of the lock when its holder ends, however it ends.
    """
    make(path.parent)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_whole(path: Path, data: bytes) -> None:
    """Write a file that all may read, so that a reader sees the old content or the new, never a part of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    # Created, never opened: in a folder of another user a link of that name could lead root anywhere.
    with fresh.open("xb") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(data)
    fresh.replace(path)


@contextmanager
def told(folder: Path) -> Iterator[None]:
    """Turn what the system refuses below `folder` into a `LinernotesError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise LinernotesError(f"The disk of {folder} is full.", f"{ELSEWHERE} What has arrived is kept.") from error
        where = error.filename or folder
        raise LinernotesError(
            f"{where} can't be used: {error.strerror}.", "Set LINERNOTES_HOME to another folder."
        ) from error


def make(folder: Path) -> None:
    """Make a folder and those above it; by root they are made for all to enter, whatever root's umask is."""
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    for step in reversed(missing):
        step.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            step.chmod(0o755)


def room(folder: Path) -> int:
    """Return the bytes that are free on the disk of a folder."""
    return shutil.disk_usage(folder).free


def need_room(folder: Path, needed: int, what: str) -> None:
    """Raise `LinernotesError` when the disk of `folder` has fewer than `needed` bytes free."""
    if (free := room(folder)) < needed:
        raise LinernotesError(
            f"{what} needs {needed / 1e6:,.0f} MB, and the disk of {folder} has {free / 1e6:,.0f} MB left.",
            ELSEWHERE,
        )
