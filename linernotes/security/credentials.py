"""Credentials: from settings, private files or a prompt, and where they may be sent."""

import ipaddress
import os
import re
import signal
import stat
import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from urllib.parse import urlsplit

import typer

from linernotes.settings import Settings
from mappings.errors import InputError, UnreachableError

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


# What a header may carry: anything else would be shown by the library that refuses it.
_SENDABLE = re.compile(r"[\x21-\x7e]+")


@dataclass(frozen=True, repr=False)
class Credentials:
    """An API key, or a user's name and password, or nothing of either. Its repr shows none of it."""

    api_key: str | None = None
    username: str | None = None
    password: str | None = None

    def __bool__(self) -> bool:
        """Tell whether there is anything to send."""
        return bool(self.api_key or self.username)


def of(settings: Settings) -> Credentials:
    """Return the credentials that the settings name; asks for the password of a user where there is a terminal.

    Raises InputError for a file that can't be used, UnreachableError for a user without a password.
    """
    if api_key := settings.api_key or _from_file(settings.api_key_file, "LINERNOTES_API_KEY_FILE"):
        if not _SENDABLE.fullmatch(api_key):
            raise InputError(
                "LINERNOTES_API_KEY is no API key: it has blanks or letters with accents in it.",
                "Take the value `encoded` that was printed when the key was made.",
            )
        return Credentials(api_key=api_key)
    if settings.username:
        password = settings.password or _from_file(settings.password_file, "LINERNOTES_PASSWORD_FILE")
        return Credentials(username=settings.username, password=password or _prompt(settings.username))
    return Credentials()


def need_safe_transport(url: str, credentials: Credentials) -> None:
    """Raise UnreachableError when credentials would go to another machine over plain HTTP, for all to read.

    >>> need_safe_transport("http://127.0.0.1:9200", Credentials("key"))
    >>> need_safe_transport("http://example.org:9200", Credentials())
    """
    parts = urlsplit(url)
    if credentials and parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise UnreachableError(
            f"Credentials are not sent over plain HTTP to another machine ({parts.hostname}): anyone between could "
            "read them.",
            "Write LINERNOTES_URL with https://, or take the credentials out of the environment.",
        )


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself, by its address or by the one name that is reserved for it.

    >>> [is_loopback(host) for host in ("localhost", "127.0.0.9", "::1", "10.0.0.1", "localhost.example.org")]
    [True, True, True, False, False]
    """
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _from_file(path: Path | None, name: str) -> str | None:
    return read_secret(path, name) if path else None


@lru_cache
def _prompt(username: str) -> str:
    """Prompt for a password, once for a command that connects more than once."""
    if not sys.stdin.isatty():
        raise UnreachableError(
            f"There is no password for the user {username}.",
            "Set LINERNOTES_PASSWORD, or LINERNOTES_PASSWORD_FILE to a file that only you may read.",
        )
    # Polars, once imported, has reads go on after Ctrl-C: it would be noticed at the next Enter only.
    signal.siginterrupt(signal.SIGINT, True)
    return str(typer.prompt(f"Password of {username}", hide_input=True, err=True))
