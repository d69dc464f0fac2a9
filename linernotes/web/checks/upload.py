"""Receives a catalogue: a form with a file, or the file itself as the body."""

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import anyio
import anyio.to_thread
from fastapi import Request
from python_multipart.multipart import parse_options_header
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from linernotes.i18n import N_
from linernotes.output.terminal import visible
from linernotes.web.errors import UnsupportedTypeError, too_large
from mappings.errors import InputError

FIELD = "catalogue"
"""Name of the form's field that holds the file."""

FORM_TYPE = "multipart/form-data"
FILE_TYPES = (
    *("text/csv", "text/plain", "text/tab-separated-values", "application/csv", "application/octet-stream"),
    *("application/x-ndjson", "application/ndjson", "application/jsonl", "text/html"),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)
"""What a catalogue, or a report that is to be checked again, may be sent as."""

DEFAULT_NAME = "catalogue.csv"
MAX_NAME = 100

MAX_DISPOSITION = 1_000
"""Characters of a Content-Disposition header; of a longer one no name is read."""


@dataclass(frozen=True)
class Upload:
    """A file that was uploaded, and what the client calls it."""

    path: Path
    name: str


def disk_bytes(request: Request, max_bytes: int) -> int:
    """Return how much disk an upload may take while it is received: a form takes its file twice."""
    length = request.headers.get("content-length", "")
    size = min(int(length), max_bytes) if length.isascii() and length.isdigit() else max_bytes
    return 2 * size if _media_type(request) == FORM_TYPE else size


def _media_type(request: Request) -> str:
    return parse_options_header(request.headers.get("content-type", ""))[0].decode("latin-1").lower()


async def receive(request: Request, path: Path, max_bytes: int, seconds: float) -> Upload:
    """Write the catalogue of a request to a file that isn't there yet, within so many seconds.

    Raises PayloadTooLargeError, UnsupportedTypeError, or InputError for a broken form; the file is gone then.
    """
    media_type = _media_type(request)
    if media_type != FORM_TYPE and media_type not in FILE_TYPES:
        raise UnsupportedTypeError(
            N_("This type of upload is not accepted."), N_("Send a form, text/csv or application/x-ndjson.")
        )
    read = _read_form if media_type == FORM_TYPE else _read_body
    try:
        with path.open("xb") as file, anyio.fail_after(seconds):
            name = await read(request, file, max_bytes)
    except BaseException as error:
        path.unlink(missing_ok=True)
        if isinstance(error, ClientDisconnect | TimeoutError):
            raise InputError(N_("The upload was interrupted."), N_("Send the file again.")) from error
        raise
    return Upload(path, name)


async def _read_body(request: Request, file: BinaryIO, max_bytes: int) -> str:
    size = 0
    # Pieces are 64 kB at most, into the page cache: quicker here than by way of a thread.
    async for piece in request.stream():
        size += len(piece)
        if size > max_bytes:
            raise too_large(max_bytes)
        file.write(piece)
    disposition = request.headers.get("content-disposition", "")
    if len(disposition) > MAX_DISPOSITION:
        return DEFAULT_NAME
    return display_name(parse_options_header(disposition)[1].get(b"filename", b"").decode("utf-8", "replace"))


async def _read_form(request: Request, file: BinaryIO, max_bytes: int) -> str:
    try:
        async with request.form(max_files=1, max_fields=1) as form:
            upload = form.get(FIELD)
            if not isinstance(upload, UploadFile):
                raise InputError(f"The form has no file in its field {FIELD}.", N_("Choose a file, then send it."))
            if (upload.size or 0) > max_bytes:
                raise too_large(max_bytes)
            await anyio.to_thread.run_sync(shutil.copyfileobj, upload.file, file)
            return display_name(upload.filename or "")
    except HTTPException as error:
        raise InputError("The form is malformed.", "Send the file again, as the only file of the form.") from error


def display_name(name: str) -> str:
    r"""Return a client's name of a file, fit to be shown: without folders and control characters, shortened.

    >>> display_name("C:\\music\\my songs.csv"), display_name("../../etc/passwd"), display_name("  ")
    ('my songs.csv', 'passwd', 'catalogue.csv')
    >>> len(display_name("x" * 10_000))
    100
    """
    last = visible(name.replace("\\", "/").rpartition("/")[2].strip())
    short = last if len(last) <= MAX_NAME else f"{last[: MAX_NAME - 6]}…{last[-5:]}"
    return short or DEFAULT_NAME
