"""What a start is to bring about: from what was asked for, and from what was there the last time."""

from collections.abc import Sequence
from dataclasses import dataclass

import psutil

from linernotes.node import config, releases
from linernotes.node.releases import CURRENT, RELEASES, Release
from linernotes.node.state import NodeState
from mappings.errors import InputError

DEFAULT_HEAP = "1g"
# The largest of these whose sum over all nodes leaves half of the memory to files and programs.
HEAPS = ("1g", "768m", "512m", "256m")
MOST_NODES = 9


@dataclass(frozen=True)
class Wanted:
    """How many nodes, each with how much memory, of which release, with security or without."""

    nodes: int
    heap: str
    size: int
    secure: bool
    release: Release


def decide(
    before: Sequence[NodeState],
    *,
    heap: str | None = None,
    nodes: int | None = None,
    is_secure: bool = False,
    version: int | None = None,
    memory: int | None = None,
) -> Wanted:
    """Return what to start. What isn't asked for stays as it was; security, once on, stays on.

    Raises `InputError`: a heap that can't be, or fewer nodes than hold the data.
    """
    count = nodes or len(before) or 1
    if not 1 <= count <= MOST_NODES:
        raise InputError(f"--nodes {count} is not between 1 and {MOST_NODES}.")
    if count < len(before):
        raise InputError(
            f"The cluster here has {len(before)} nodes, and {count} alone can't go on without "
            "the data and votes of the others.",
            "Leave --nodes out, or set LINERNOTES_HOME to another folder.",
        )
    given = heap or fitting(count, memory or psutil.virtual_memory().total)
    known = next((RELEASES[state.version] for state in before if state.version in RELEASES), CURRENT)
    release = releases.of_major(version) if version else known
    return Wanted(count, given, sizes(given, count), is_secure or any(s.secure for s in before), release)


def need_same(before: Sequence[NodeState], goal: Wanted) -> None:
    """Raise `InputError` when nodes that run already are others than what is wanted now."""
    was = (len(before), any(state.secure for state in before), before[0].version)
    if was != (goal.nodes, goal.secure, goal.release.version):
        raise InputError(
            f"What runs here is {_told(*was)}, and not {_told(goal.nodes, goal.secure, goal.release.version)}.",
            "Run `linernotes node stop` first.",
        )


def _told(nodes: int, is_secure: bool, version: str) -> str:
    many = "1 node" if nodes == 1 else f"{nodes} nodes"
    return f"{many} of {version} {'with' if is_secure else 'without'} security"


def fitting(nodes: int, memory: int) -> str:
    """Return the heap of each node where none is asked for.

    >>> [fitting(nodes, 4 << 30) for nodes in (1, 3, 9)]
    ['1g', '512m', '256m']
    """
    fit = (heap for heap in HEAPS if config.parse_heap(heap) * nodes <= memory // 2)
    return next(fit, HEAPS[-1])


def sizes(heap: str | None, nodes: int) -> int:
    """Return a heap in bytes if this machine has that much memory for all nodes. Raises `InputError`."""
    size, memory = config.parse_heap(heap or HEAPS[-1]), psutil.virtual_memory().total
    if size * nodes > memory:
        many = f" for each of {nodes} nodes" if nodes > 1 else ""
        raise InputError(
            f"A heap of {heap}{many} is more than this machine's {memory / 2**30:.1f} GB of memory.",
            "Give it at most half of that.",
        )
    return size
