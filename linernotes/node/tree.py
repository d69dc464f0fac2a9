"""A folder of files as one value: what was unpacked is what was pinned."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Yield each file below `folder`, as its path from there with `/` and where it is, in a fixed order."""
    found = ((path.relative_to(folder).as_posix(), path) for path in folder.rglob("*") if path.is_file())
    yield from sorted(found)


def digest(folder: Path) -> str:
    r"""Return the SHA-256 over the lines `<sha256 of the file>  <path>` of all files, sorted by path.

    It is what `find . -type f -printf '%P\n' | LC_ALL=C sort | xargs sha256sum | sha256sum` prints there.
    """
    whole = hashlib.sha256()
    for name, path in files(folder):
        with path.open("rb") as file:
            one = hashlib.file_digest(file, "sha256").hexdigest()
        whole.update(f"{one}  {name}\n".encode())
    return whole.hexdigest()


def extent(folder: Path) -> tuple[int, int]:
    """Return how many files are below `folder` and their bytes in all: (0, 0) when it isn't there."""
    sizes = [path.stat().st_size for _, path in files(folder)]
    return len(sizes), sum(sizes)


def open_to_read(folder: Path) -> None:
    """Let every user read the tree, and nobody but its owner change it.

    Elasticsearch runs as another user than root, who unpacked it, whatever root's umask was.
    """
    folder.chmod(0o755)
    for path, folders, names in os.walk(folder):
        for name in folders:
            Path(path, name).chmod(0o755)
        for name in names:
            Path(path, name).chmod(0o644)
