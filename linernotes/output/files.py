"""Files that people name: read as often as needed, written whole or not at all; `-` is standard input or output."""

import os
import shutil
import sys
import tempfile
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from mappings.errors import InputError

STANDARD = Path("-")
"""Standard input or output."""


@contextmanager
def input_file(path: Path, kind: str, name: str | None = None) -> Iterator[tuple[Path, str]]:
    """Give the path of a file, and what to call it: `name`, or the path's last part.

    Standard input, or a pipe, is kept in a temporary file meanwhile, so that it can be read twice. Raises InputError
    for what can't be read; `kind` is what is expected, such as "a CSV file".
    """
    if path == STANDARD:
        with _spooled(sys.stdin.buffer) as spool:
            yield spool, name or "standard input"
        return
    try:
        stream = path.open("rb")
    except FileNotFoundError as error:
        raise InputError(f"There is no file {path}.", f"Give the path of {kind}, or - for standard input.") from error
    except IsADirectoryError as error:
        raise InputError(f"{path} is a folder.", f"Give the path of {kind}.") from error
    except OSError as error:
        raise InputError(f"{path} can't be read: {error.strerror}.", f"Give the path of {kind}.") from error
    with stream:
        if path.is_file():
            yield path, name or path.name
        else:
            with _spooled(stream) as spool:
                yield spool, name or path.name


@contextmanager
def _spooled(stream: IO[bytes]) -> Iterator[Path]:
    with tempfile.NamedTemporaryFile(prefix="linernotes-") as spool:
        shutil.copyfileobj(stream, spool)
        spool.flush()
        yield Path(spool.name)


@dataclass(frozen=True)
class OutputFile:
    """A file that may be written, and the suffix that says in which format."""

    path: Path
    suffix: str
    overwrite: bool = False

    @property
    def is_stdout(self) -> bool:
        """Say whether it is standard output."""
        return self.path == STANDARD


def output_file(path: Path, suffixes: Collection[str], *, overwrite: bool) -> OutputFile:
    """Return the file that a person names; raises InputError, before anything is done, if it can't be written.

    Standard output gets NDJSON.

    >>> output_file(Path("Tracks.NDJSON.gz"), [".ndjson", ".ndjson.gz"], overwrite=True).suffix
    '.ndjson.gz'
    """
    if path == STANDARD:
        return OutputFile(path, ".ndjson")
    suffix = next((each for each in suffixes if len(path.name) > len(each) and path.name.lower().endswith(each)), None)
    if suffix is None:
        raise InputError(f"{path} has no known format.", f"End its name in {', '.join(suffixes)}.")
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(f"{path} can't be written: its folder is missing, or it is one.", "Give the path of a file.")
    file = OutputFile(path, suffix, overwrite)
    _need_room(file)
    return file


def _need_room(file: OutputFile) -> None:
    if not file.overwrite and os.path.lexists(file.path):
        raise InputError(f"{file.path} exists.", "Give another name, or --overwrite.")


@contextmanager
def open_output(file: OutputFile) -> Iterator[IO[bytes]]:
    """Give a stream; what is written to it becomes the file when the block ends well, and nothing when it doesn't.

    Raises InputError, in one sentence, when the folder can't be written to or the disk is full.
    """
    try:
        if file.is_stdout:
            yield sys.stdout.buffer
            sys.stdout.buffer.flush()
        else:
            with _whole(file) as stream:
                yield stream
    except BrokenPipeError as error:  # who read it has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # else the interpreter complains when it ends
        raise KeyboardInterrupt from error
    except OSError as error:
        name = "Standard output" if file.is_stdout else file.path
        raise InputError(f"{name} can't be written: {error.strerror}.", "Give another place with --out.") from error


@contextmanager
def _whole(file: OutputFile) -> Iterator[IO[bytes]]:
    final = file.path.resolve()
    part = final.with_name(f".{final.name[:100]}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        _need_room(file)  # somebody may have written it meanwhile
        part.replace(final)
        _sync_folder(final.parent)
    finally:
        part.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
