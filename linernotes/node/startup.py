"""What a start is to bring about: from what was asked for, and from what was there the last time."""

import os
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil

from linernotes.node import config, download, releases, security
from linernotes.node import health as probe
from linernotes.node import process as launch
from linernotes.node.config import Layout, Peers, Ports
from linernotes.node.health import answers
from linernotes.node.java import find
from linernotes.node.process import Account, Plan, Rising, current, give, need_entry
from linernotes.node.releases import CURRENT, RELEASES, Release
from linernotes.node.state import NodeState, load, make, need_room, noted, processes, room, save
from mappings.errors import CheckFailedError, InputError

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


Report = Callable[[str], None]

# Seconds to wait for the other nodes, and for the indices of a node that answers already.
HEALTH_SECONDS = 60
# Seconds for the first answer of a server that says it is up: with security on it first reads its users and keys.
FIRST_ANSWER_SECONDS = 30
# Free bytes below which a start is refused: config, logs and the cluster state must fit.
SMALLEST_ROOM = 200 << 20


def start(every: Sequence[Layout], missing: Sequence[Layout], goal: Wanted, given: Path | None, report: Report) -> None:
    """Start the missing nodes of a cluster and wait until it answers; raises LinernotesError, then none is left."""
    account = current()
    release = goal.release
    java = find(release, usable=lambda home: account.may(home / "bin" / "java", os.X_OK))
    for layout in missing:
        _prepare(layout, account, report)
    # The download comes after all that may be in the way of a start.
    unpacked = _distribution(missing[0], given, release, account, report)
    plan = Plan(release, unpacked, java, account, goal.heap, goal.size, goal.secure)
    began = time.monotonic()
    chosen = _ports(every, missing)
    formed = any(state.formed for layout in every if (state := load(layout)))
    peers = Peers({name: at.transport for name, at in chosen.items()}, not formed) if len(every) > 1 else None
    _arm(missing, plan)
    many = f" {len(missing)} nodes of" if len(missing) > 1 else ""
    report(f"Starting{many} Elasticsearch {release.version} with Java {java.major}.")
    urls = _see_through([partial(_begin, layout, plan, chosen[layout.name], peers, formed) for layout in missing])
    _check(every, report)
    heap = f"a heap of {goal.heap}" + (" each" if len(every) > 1 else "")
    report(f"Elasticsearch answers at {' '.join(urls)} after {time.monotonic() - began:.1f} s, with {heap}.")


def _distribution(layout: Layout, given: Path | None, release: Release, account: Account, report: Report) -> Path:
    """Return the folder of an Elasticsearch that the node's user can read."""
    if ":" in str(given or layout.home):
        # Java parts its module path there (tried: "Module org.elasticsearch.server not found").
        raise InputError(f"{given or layout.home} has a colon in it, which Java can't read.", "Choose another folder.")
    if given and not download.is_whole(given, release):
        raise InputError(f"{given} isn't a whole Elasticsearch {release.version}.")
    found = (given or download.distribution(layout.home, report, release)).resolve()
    need_entry(found / "modules", account)
    return found


def _prepare(layout: Layout, account: Account, report: Report) -> None:
    """Make the folders; see that there is room in them, and that the node's user gets there."""
    make(layout.folder)
    # Each start leaves libraries there that it unpacked; one that was killed can't take them away.
    shutil.rmtree(layout.tmp, ignore_errors=True)
    give(layout.folders, account)
    need_entry(layout.data, account)
    need_room(layout.data, SMALLEST_ROOM, "Starting Elasticsearch")
    if (free := room(layout.data)) < config.NO_NEW_INDEX:
        report(
            f"The disk of {layout.data} has only {free / 1e6:,.0f} MB left: Elasticsearch takes no new index below "
            f"{config.NO_NEW_INDEX / 1e6:,.0f} MB and no record below {config.NO_RECORD / 1e6:,.0f} MB."
        )


def _ports(every: Sequence[Layout], missing: Sequence[Layout]) -> dict[str, Ports]:
    """Return the ports of all nodes: those of the running ones, and for the others what is free, no port twice."""
    chosen: dict[str, Ports] = {}
    for layout in every:
        state = load(layout)
        remembered = Ports(state.http_port, state.transport_port) if state else None
        if layout not in missing and remembered:
            chosen[layout.name] = remembered
            continue
        free = partial(_is_left, {port for at in chosen.values() for port in (at.http, at.transport)})
        chosen[layout.name] = config.choose(remembered, str(layout.home), free)
    return chosen


def _is_left(taken: set[int], port: int) -> bool:
    return port not in taken and config.is_free(port)


def _arm(missing: Sequence[Layout], plan: Plan) -> None:
    """Give the nodes certificate and password."""
    if not plan.secure:
        return
    own = security.ensure(missing[0].home, missing[0].cluster)
    for layout in missing:
        security.equip(layout, own, plan.account)
        security.fill_keystore(layout, own, plan)


def _begin(layout: Layout, plan: Plan, at: Ports, peers: Peers | None, formed: bool) -> tuple[Rising, NodeState]:
    """Configure and launch a node. It is noted at once, so that whatever happens to us, others know of it."""
    launch.configure(layout, plan, at, peers)
    launcher = launch.launch(layout, plan)
    state = NodeState(
        name=layout.name,
        url=f"{'https' if plan.secure else 'http'}://{config.LOOPBACK}:{at.http}",
        version=plan.release.version,
        heap=plan.heap,
        http_port=at.http,
        transport_port=at.transport,
        phase="starting",
        launcher=noted(psutil.Process(launcher.pid)),
        secure=plan.secure,
        formed=formed,
    )
    save(layout, state)
    seen = lambda found: save(layout, replace(state, server=noted(found)))  # noqa: E731
    return Rising(layout, launcher, seen), state


def _see_through(begin: Sequence[Callable[[], tuple[Rising, NodeState]]]) -> list[str]:
    """Wait for the servers and note them; when that fails or is interrupted, leave no process behind."""
    begun: list[tuple[Rising, NodeState]] = []
    try:
        for one in begin:
            begun.append(one())  # noqa: PERF401 - what was begun before one fails must be ended
        launch.await_servers([rising for rising, _ in begun])
        for rising, state in begun:
            server = noted(rising.server) if rising.server else None
            save(rising.layout, replace(state, phase="running", server=server, launcher=None))
    except BaseException:
        launch.end([process for rising, _ in begun for process in processes(rising.layout)])
        for rising, state in begun:
            rising.launcher.wait()
            save(rising.layout, state.stopped())
        raise
    return [state.url for _, state in begun]


def _check(every: Sequence[Layout], report: Report) -> None:
    """See that what answers is what was just started, all in one cluster, and that it can read its indices."""
    for layout in every:
        state = load(layout)
        if not state or not _comes_to_answer(layout, state):
            raise CheckFailedError(f"{layout.name} doesn't answer.", "See `linernotes node logs`.")
        url, way = state.url, probe.access(layout.home, is_secure=state.secure)
    health = probe.health(url, HEALTH_SECONDS, way, len(every))
    if health == "incomplete":
        raise CheckFailedError("The nodes didn't find each other.", "See `linernotes node logs`.")
    if health not in {"green", "yellow"}:
        report(f"It answers, but its health is {health}: an index can't be read, see `linernotes node logs`.")
    for layout in every:
        if found := load(layout):
            save(layout, replace(found, formed=True))


def _comes_to_answer(layout: Layout, state: NodeState) -> bool:
    deadline = time.monotonic() + FIRST_ANSWER_SECONDS
    while not (there := answers(layout, state)) and time.monotonic() < deadline:
        time.sleep(launch.LOOK)
    return there
