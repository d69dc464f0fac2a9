"""The one folder where the server keeps what it was sent; it goes with the server, also with one that was killed."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass
from email.message import Message
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import anyio
from fastapi import Request
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, HTTPConnection

from linernotes.output.terminal import visible
from linernotes.web.errors import ForeignError, TooMuchError, WrongKindError
from mappings.errors import InputError

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
            stat = folder.stat(follow_symlinks=False)
            if stat.st_uid != os.geteuid() or time.time() - stat.st_mtime < _YOUNG_S:
                continue
            with (folder / _LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another server's: it holds the lock, or removes it just now
            continue


OURS = ("same-origin", "none")

ORIGIN_TOLD = {"referrer-policy": "same-origin"}
"""Headers of a page with a form: by `no-referrer` browsers would tell no origin, to us neither."""


def refuse_foreign(asked: HTTPConnection) -> None:
    """Raise ForeignError for what another site sent through somebody's browser."""
    if not _is_ours(asked):
        raise ForeignError("A page of another site may not send this.", "Send it from the page of this server.")


def _is_ours(asked: HTTPConnection) -> bool:
    site, origin = asked.headers.get("sec-fetch-site"), asked.headers.get("origin")
    if site:
        return site in OURS
    return origin is None or urlsplit(origin).netloc == asked.headers.get("host")


if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

FIELD = "catalogue"
"""Name of the form's field that holds the file."""

FORM = "multipart/form-data"
PLAIN = ("text/csv", "text/plain", "text/tab-separated-values", "application/csv", "application/octet-stream")

NAMELESS = "catalogue.csv"
LONGEST_NAME = 100

AROUND = 10_000
"""Bytes that a form has around its file."""

DRAIN_S = 10.0
"""So long what isn't taken is read and thrown away: a browser that is still sending when it is answered shows an error
of its own instead of ours."""

UPLOAD_S = 300.0
"""What an upload may take: 20 MB need 64 kB a second."""

Write = Callable[[bytes], object]


@dataclass(frozen=True)
class Upload:
    """A file that came in, and what the client calls it."""

    path: Path
    name: str


async def receive(request: Request, path: Path, most: int) -> Upload:
    """Write what a request brings to a file that isn't there yet.

    Raises TooMuchError, WrongKindError, or InputError for a broken form; the file is gone then.
    """
    kind, _ = parse_options_header(request.headers.get("content-type", ""))
    reader = _READERS.get(kind.decode("latin-1").lower())
    if reader is None:
        raise WrongKindError("This is no kind of upload that is taken.", f"Send a form ({FORM}), or text/csv.")
    try:
        with path.open("xb") as stream, anyio.fail_after(UPLOAD_S):
            name = await reader(request, _up_to(most, stream.write), most)
    except (ClientDisconnect, TimeoutError) as error:
        path.unlink(missing_ok=True)
        raise InputError("The upload broke off.", "Send the file again.") from error
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Upload(path, name)


async def _plain(request: Request, write: Write, _most: int) -> str:
    # Pieces are 64 kB at most, into the page cache: quicker here than by way of a thread.
    async for piece in request.stream():
        write(piece)
    named = Message()
    named["content-disposition"] = request.headers.get("content-disposition", "")
    return shown(named.get_filename() or "")


async def _form(request: Request, write: Write, most: int) -> str:
    _, options = parse_options_header(request.headers["content-type"])
    form = _Form(write)
    try:
        if not (boundary := options.get(b"boundary")):
            raise FormParserError("no boundary")
        parser = MultipartParser(boundary, form.callbacks())
        whole = _up_to(most + AROUND, parser.write, said=most)
        async for piece in request.stream():
            whole(piece)
        parser.finalize()
    except FormParserError as error:
        raise InputError("The form that was sent is broken.", "Send the file again.") from error
    if form.name is None:
        raise InputError(f"The form has no file in its field {FIELD}.", "Choose a file, then send it.")
    return shown(form.name)


_READERS = {FORM: _form, **dict.fromkeys(PLAIN, _plain)}


class _Form:
    """The parts of a form as they pass; only the first file in the field is kept."""

    def __init__(self, write: Write) -> None:
        self.name: str | None = None
        self._write = write
        self._header, self._value, self._disposition = b"", b"", b""
        self._is_file = False

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._begin,
            "on_header_field": self._add_header,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._decide,
            "on_part_data": self._add_data,
        }

    def _begin(self) -> None:
        self._disposition, self._is_file = b"", False

    def _add_header(self, data: bytes, start: int, end: int) -> None:
        self._header += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._header.lower() == b"content-disposition":
            self._disposition = self._value
        self._header, self._value = b"", b""

    def _decide(self) -> None:
        _, options = parse_options_header(self._disposition)
        named = options.get(b"filename")
        self._is_file = self.name is None and options.get(b"name") == FIELD.encode() and named is not None
        if self._is_file:
            self.name = (named or b"").decode("utf-8", "replace")

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._write(data[start:end])


def _up_to(most: int, write: Write, said: int | None = None) -> Write:
    """Return the same, raising TooMuchError where it becomes more; that says another bound if it is given."""
    seen = 0

    def bounded(data: bytes) -> None:
        nonlocal seen
        seen += len(data)
        if seen > most:
            raise _too_much(said or most)
        write(data)

    return bounded


def _too_much(most: int) -> TooMuchError:
    return TooMuchError(f"The catalogue is larger than {most / 1e6:g} MB.", "Divide it, or use: linernotes check")


async def drain(request: Request, most: int) -> None:
    """Read what still comes and throw it away, up to so many bytes."""
    seen = 0
    with anyio.move_on_after(DRAIN_S), suppress(ClientDisconnect, RuntimeError):  # gone, or read to its end
        async with aclosing(request.stream()) as pieces:
            async for piece in pieces:
                seen += len(piece)
                if seen > most:
                    return


def shown(name: str) -> str:
    r"""Return a client's name of a file, fit to be shown: without folders, control characters and more than is needed.

    >>> shown("C:\\music\\my songs.csv"), shown("../../etc/passwd"), shown("  ")
    ('my songs.csv', 'passwd', 'catalogue.csv')
    >>> len(shown("x" * 10_000))
    100
    """
    last = visible(name.replace("\\", "/").rpartition("/")[2].strip())
    short = last if len(last) <= LONGEST_NAME else f"{last[: LONGEST_NAME - 6]}…{last[-5:]}"
    return short or NAMELESS
