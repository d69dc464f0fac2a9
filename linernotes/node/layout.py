"""Where a node's files are below a home. Pure.

home/elasticsearch/8.19.13/      the unpacked distribution, never written to
home/node/node-1.json, .console  what is known about the node; what its last start printed
home/node/node-1.lock            who is starting or stopping this home's nodes
home/node/node-1/                config, data, logs, tmp: these four belong to the user that Elasticsearch
                                 runs as; the folder itself doesn't, so that nobody can swap one of them
                                 for a link while root writes there
"""

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path


@dataclass(frozen=True)
class Layout:
    """The paths of one node, and the names that come from them."""

    home: Path
    name: str = "node-1"

    @property
    def folder(self) -> Path:
        """Return the folder that the node owns."""
        return self.home / "node" / self.name

    @property
    def state(self) -> Path:
        """Return the file that remembers the node."""
        return self.home / "node" / f"{self.name}.json"

    @property
    def lock(self) -> Path:
        """Return the file that is locked while the node is started or stopped."""
        return self.home / "node" / f"{self.name}.lock"

    @property
    def config(self) -> Path:
        """Return the folder of elasticsearch.yml."""
        return self.folder / "config"

    @property
    def data(self) -> Path:
        """Return the folder of the indices."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """Return the folder of the logs."""
        return self.folder / "logs"

    @property
    def tmp(self) -> Path:
        """Return the folder for what Elasticsearch throws away itself."""
        return self.folder / "tmp"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Return what must be there, owned by the node's user, before it starts."""
        return self.config, self.data, self.logs, self.tmp

    @property
    def cluster(self) -> str:
        """Return a cluster name that no other home has, so that two nodes never take each other for peers."""
        return f"linernotes-{hashlib.sha256(str(self.home).encode()).hexdigest()[:8]}"

    @property
    def log(self) -> Path:
        """Return the node's own log."""
        return self.logs / f"{self.cluster}.log"

    @property
    def json_log(self) -> Path:
        """Return the same log as lines of JSON."""
        return self.logs / f"{self.cluster}_server.json"

    @property
    def console(self) -> Path:
        """Return what Java and Elasticsearch printed during the last start."""
        return self.home / "node" / f"{self.name}.console"

    @property
    def mark(self) -> str:
        """Return the argument by which a process of this node, and of no other, is known."""
        return f"-Dlinernotes.node={self.folder}"


def of(home: Path) -> Layout:
    """Return the layout of the first node below a home folder, whichever way its path was written."""
    return Layout(home.expanduser().resolve())


def several(home: Path, count: int) -> list[Layout]:
    """Return the layouts of the first nodes of a home.

    >>> [layout.name for layout in several(Path("/srv"), 2)]
    ['node-1', 'node-2']
    """
    first = of(home)
    return [replace(first, name=f"node-{number}") for number in range(1, count + 1)]
