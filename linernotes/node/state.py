"""Files of a home: where each node's are, what is remembered of it, and how they are locked and written.

home/elasticsearch/8.19.13/      the unpacked distribution, never written to
home/node/node-1.json, .console  what is remembered of the node; what its last start printed
home/node/node-1.lock            who is starting or stopping this home's nodes
home/node/node-1/                config, data, logs, tmp: these four belong to the user that Elasticsearch runs as; the
                                 folder itself doesn't, so that nobody can swap one for a link while root writes there
"""

import errno
import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Literal

import orjson

from mappings.errors import LinernotesError

LOOPBACK = "127.0.0.1"
MORE_ROOM = "Make room, or set LINERNOTES_HOME to a folder on another disk."


class Layout:
    """The paths of one node of a home, and the names that come from them."""

    def __init__(self, home: Path, name: str = "node-1") -> None:
        self.home = home.expanduser().resolve()
        self.name = name
        self.folder = self.home / "node" / name
        self.state, self.lock, self.console = (
            self.folder.with_name(f"{name}.{ending}") for ending in ("json", "lock", "console")
        )
        self.config, self.data, self.logs, self.tmp = self.owned = tuple(
            self.folder / part for part in ("config", "data", "logs", "tmp")
        )
        # A cluster name that no other home has, so that nodes of two homes never take each other for peers.
        self.cluster = f"linernotes-{hashlib.sha256(str(self.home).encode()).hexdigest()[:8]}"
        self.log, self.json_log = self.logs / f"{self.cluster}.log", self.logs / f"{self.cluster}_server.json"
        # The argument that each process of this node has on its command line, and no other process.
        self.mark = f"-Dlinernotes.node={self.folder}"


def layouts(home: Path, count: int) -> list[Layout]:
    """Return the layouts of the first nodes of a home.

    >>> [layout.name for layout in layouts(Path("/srv"), 2)]
    ['node-1', 'node-2']
    """
    return [Layout(home, f"node-{number}") for number in range(1, count + 1)]


@dataclass(frozen=True)
class NodeState:
    """What is remembered of a node between two starts; whether it runs is seen from the processes.

    `phase` is whether it was last started or stopped; `formed` is whether it has been in a cluster that worked: until
    then its founders are named. `snapshots` is the folder in which snapshot repositories may be, if there is one.
    """

    version: str
    heap: str
    http_port: int
    transport_port: int
    secure: bool = False
    formed: bool = True
    phase: Literal["started", "stopped"] = "started"
    snapshots: str = ""

    @property
    def url(self) -> str:
        """Return the node's address."""
        return f"{'https' if self.secure else 'http'}://{LOOPBACK}:{self.http_port}"


def save(layout: Layout, state: NodeState) -> None:
    """Write what is to be remembered of a node, as JSON that a person can read."""
    write_atomically(layout.state, orjson.dumps(asdict(state), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))


def load(layout: Layout) -> NodeState | None:
    """Return what is remembered of a node; None where there is nothing, or nothing that can be read."""
    try:
        table = orjson.loads(layout.state.read_bytes())
        return NodeState(**{one.name: table[one.name] for one in fields(NodeState) if one.name in table})
    except (OSError, ValueError, TypeError):
        return None


def known_nodes(home: Path) -> list[tuple[Layout, NodeState]]:
    """Return the nodes of a home that were ever started, in order."""
    count = len(list((Layout(home).home / "node").glob("node-*.json")))
    return [(layout, state) for layout in layouts(home, count) if (state := load(layout))]


@contextmanager
def exclusive(path: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file `path`; call `on_wait` once when another process has it, then wait.

    The kernel releases the lock when its holder ends, however it ends.
    """
    make_folder(path.parent)
    with path.open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file that all may read; a reader sees the old content or the new, never a part of it."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    # Created, never opened: in a folder of another user a link of that name could lead root anywhere.
    with fresh.open("xb") as file:
        os.fchmod(file.fileno(), 0o644)
        file.write(data)
    fresh.replace(path)


def make_folder(folder: Path) -> None:
    """Make a folder and those above it; by root they are made for all to enter, whatever root's umask is."""
    missing = [step for step in (folder, *folder.parents) if not step.exists()]
    for step in reversed(missing):
        step.mkdir(exist_ok=True)
        if os.geteuid() == 0:
            step.chmod(0o755)


def free_bytes(folder: Path) -> int:
    """Return the bytes that are free on the disk of a folder."""
    return shutil.disk_usage(folder).free


def need_free(folder: Path, needed: int, what: str) -> None:
    """Raise `LinernotesError` when the disk of `folder` has fewer than `needed` bytes free."""
    if (free := free_bytes(folder)) < needed:
        raise LinernotesError(
            f"{what} needs {needed / 1e6:,.0f} MB, and the disk of {folder} has {free / 1e6:,.0f} MB left.", MORE_ROOM
        )


@contextmanager
def translated_os_errors(folder: Path) -> Iterator[None]:
    """Turn what the system refuses below `folder` into a `LinernotesError` that says what to do."""
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise LinernotesError(f"The disk of {folder} is full.", MORE_ROOM) from error
        raise LinernotesError(
            f"{error.filename or folder} can't be used: {error.strerror}.", "Set LINERNOTES_HOME to another folder."
        ) from error
