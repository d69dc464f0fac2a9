"""Files that only their owner may read: written so from their first byte, and refused when they are not."""

import os
import stat
from pathlib import Path

from mappings.errors import InputError

PRIVATE = 0o600
OTHERS = stat.S_IRWXG | stat.S_IRWXO


def write_private(path: Path, data: bytes, owner: tuple[int, int] | None = None) -> None:
    """Write a file of mode 0600 whole or not at all; `owner` is the user and group to give it to, if not us."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    # Created with its mode: a file that is closed to others afterwards was open to them for a moment.
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, PRIVATE)
    with os.fdopen(descriptor, "wb") as file:
        if owner:
            os.fchown(descriptor, *owner)
        file.write(data)
    fresh.replace(path)


def read_secret(path: Path, what: str) -> str:
    """Return the one line of a file with a secret, less the blanks around it.

    Raises InputError, naming `what` points to the file: not there, empty, or open to other users.
    """
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            text = file.read(1 << 16).decode().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"{what} is {path}, which can't be read: {reason}.") from error
    if stat.S_ISREG(mode) and mode & OTHERS:
        raise InputError(f"{what} is {path}, which other users may read or write.", f"Run: chmod 600 {path}")
    if not text:
        raise InputError(f"{what} is {path}, which is empty.")
    return text
