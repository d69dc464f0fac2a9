"""Starts, stops and restarts the local Elasticsearch: one node, or several that are one cluster."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from linernotes.node import config, download, releases, security, status
from linernotes.node.config import Peers, Ports
from linernotes.node.java import Jdk, find_java
from linernotes.node.process import POLL_S, Account, current_account, end, find_processes
from linernotes.node.releases import CURRENT, RELEASES, Release
from linernotes.node.start_errors import explain
from linernotes.node.state import (
    Layout,
    NodeState,
    exclusive,
    free_bytes,
    known_nodes,
    layouts,
    load,
    make_folder,
    need_free,
    save,
    translated_os_errors,
    write_atomically,
)
from linernotes.node.status import NodeStatus, answers, client_of, read_status
from mappings.errors import CheckFailedError, InputError, LinernotesError

Report = Callable[[str], None]
Nodes = Sequence[tuple[Layout, NodeState]]

# The largest of these whose sum over all nodes leaves half of the memory to files and programs.
HEAPS = ("1g", "768m", "512m", "256m")
MOST_NODES = 9
# Free bytes below which a start is refused: config, logs and the cluster state must fit.
SMALLEST_ROOM = 200 << 20
# Seconds from the launcher's start to the server's answer: 6 to 12 measured, the rest is for slow disks.
START_S = 240
# Seconds for the first answer of a server that says it is up: with security on it first reads its users and keys.
FIRST_ANSWER_S = 30
# Seconds to wait for the other nodes, and for the indices of a node that answers already.
HEALTH_S = 60
# Seconds that copies may take to be complete again during a rolling restart, and between two reports of that.
GREEN_S = 600
GREEN_REPORT_S = 30


def start(
    home: Path,
    *,
    heap: str | None = None,
    distribution: Path | None = None,
    nodes: int | None = None,
    is_secure: bool = False,
    version: int | None = None,
    snapshots: Path | None = None,
    report: Report = lambda _: None,
) -> NodeStatus:
    """Start those nodes of `home` that don't run, and return all of them when they answer.

    `heap` is the memory of each, like `1g`; `distribution` an Elasticsearch that is unpacked already, such as another
    home's `elasticsearch/8.19.13`; `snapshots` a folder for snapshot repositories. How many, whether secure, the major
    version and that folder are what they were the last time if they aren't given. Raises `LinernotesError`, which says
    why not and what to do.
    """
    heap_bytes(heap, nodes or 1)
    with _exclusive(home, report):
        before = [state for _, state in known_nodes(home)]
        target = plan(before, heap=heap, nodes=nodes, is_secure=is_secure, version=version, snapshots=snapshots)
        every = layouts(home, target.nodes)
        missing = [layout for layout in every if not _is_running(layout, target, heap, report)]
        if len(missing) < len(every):
            need_same(before, target)
        if leftover := [process for layout in missing for process in find_processes(layout).all]:
            # They would hold the lock on the data, or the port.
            report(f"An Elasticsearch that was left behind in this folder is ended first (process {leftover[0].pid}).")
            end(leftover)
        if missing:
            _start_nodes(every, missing, target, distribution, report)
    return read_status(home)


def stop(home: Path, report: Report = lambda _: None) -> NodeStatus:
    """End all nodes of `home` and nothing else. Raises `LinernotesError` where it can't."""
    if not Layout(home).lock.parent.is_dir():
        report("No node was ever started here.")
        return NodeStatus(())
    with _exclusive(home, report):
        known = known_nodes(home)
        began = time.monotonic()
        if running := [process for layout in layouts(home, len(known) or 1) for process in find_processes(layout).all]:
            forced = "" if end(running) else ", by force since it didn't end by itself"
            many = f"{len(known)} nodes were" if len(known) > 1 else "Elasticsearch was"
            report(f"{many} stopped in {time.monotonic() - began:.1f} s{forced}.")
        else:
            report("The node isn't running.")
        for layout, state in known:
            save(layout, replace(state, phase="stopped"))
    return read_status(home)


def restart(
    home: Path, *, heap: str | None = None, distribution: Path | None = None, report: Report = lambda _: None
) -> NodeStatus:
    """Restart all nodes of `home`, one after the other: of several, all others answer meanwhile.

    A node is stopped only when all copies of everything are there (health green); the elected master comes last, so
    that it changes once. `heap` changes the memory of each; `distribution` is as for `start`. Raises `CheckFailedError`
    when a node doesn't run, or a copy is missing, so that a restart might take away the last one.
    """
    with _exclusive(home, report):
        nodes = known_nodes(home)
        missing = [layout.name for layout, state in nodes if not answers(layout, state)]
        if missing or not nodes:
            who = ", ".join(missing) or "Elasticsearch"
            raise CheckFailedError(f"Not running: {who}.", "Start it with: linernotes node start")
        target = plan([state for _, state in nodes], heap=heap or nodes[0][1].heap)
        with client_of(*nodes[0]) as client:
            if len(nodes) > 1 and (alone := status.without_replica(client)):
                report(f"Without a replica, so not there while its node restarts: {', '.join(alone)}.")
            master = status.master(client)
        for layout, state in sorted(nodes, key=lambda node: node[0].name == master):
            _need_green(layout, state, len(nodes), f"{layout.name} was not restarted", report)
            report(f"Restarting {layout.name}.")
            end(find_processes(layout).all)
            _start_nodes([one for one, _ in nodes], [layout], target, distribution, report)
        _need_green(*nodes[0], len(nodes), "All nodes were restarted", report)
    return read_status(home)


@dataclass(frozen=True)
class Target:
    """What is to run: how many nodes, each with how much memory, of which release, with security or without.

    `snapshots` is the folder of snapshot repositories, or empty.
    """

    nodes: int
    heap: str
    heap_bytes: int
    secure: bool
    release: Release
    snapshots: str = ""

    def __str__(self) -> str:
        """Describe it."""
        many = "1 node" if self.nodes == 1 else f"{self.nodes} nodes"
        where = f", snapshots in {self.snapshots}" if self.snapshots else ""
        return f"{many} of {self.release.version} {'with' if self.secure else 'without'} security{where}"


def plan(
    before: Sequence[NodeState],
    *,
    heap: str | None = None,
    nodes: int | None = None,
    is_secure: bool = False,
    version: int | None = None,
    snapshots: Path | None = None,
) -> Target:
    """Return what to start. What isn't given stays as it was; security, once on, stays on.

    Raises `InputError`: a heap that can't be, or fewer nodes than have the data.
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
    heap = heap or default_heap(count, psutil.virtual_memory().total)
    known = next((RELEASES[state.version] for state in before if state.version in RELEASES), CURRENT)
    release = releases.of_major(version) if version else known
    folder = str(snapshots.expanduser().resolve()) if snapshots else next((one.snapshots for one in before), "")
    secure = is_secure or any(state.secure for state in before)
    return Target(count, heap, heap_bytes(heap, count), secure, release, folder)


def need_same(before: Sequence[NodeState], target: Target) -> None:
    """Raise `InputError` when nodes that run already are others than those to start."""
    release = RELEASES.get(before[0].version, target.release)
    secure = any(state.secure for state in before)
    running = replace(target, nodes=len(before), secure=secure, release=release, snapshots=before[0].snapshots)
    if running != target:
        raise InputError(f"Running here: {running}. Requested: {target}.", "Run `linernotes node stop` first.")


def default_heap(nodes: int, memory: int) -> str:
    """Return the heap of each node where none is given.

    >>> [default_heap(nodes, 4 << 30) for nodes in (1, 3, 9)]
    ['1g', '512m', '256m']
    """
    fitting = (heap for heap in HEAPS if config.parse_heap(heap) * nodes <= memory // 2)
    return next(fitting, HEAPS[-1])


def heap_bytes(heap: str | None, nodes: int) -> int:
    """Return a heap in bytes if this machine has that much memory for all nodes. Raises `InputError`."""
    size, memory = config.parse_heap(heap or HEAPS[-1]), psutil.virtual_memory().total
    if size * nodes > memory:
        many = f" for each of {nodes} nodes" if nodes > 1 else ""
        raise InputError(
            f"A heap of {heap}{many} is more than this machine's {memory / 2**30:.1f} GB of memory.",
            "Give it at most half of that.",
        )
    return size


@contextmanager
def _exclusive(home: Path, report: Report) -> Iterator[None]:
    busy = "Another start or stop of this node is at work: waiting for it."
    layout = Layout(home)
    with translated_os_errors(layout.home), exclusive(layout.lock, lambda: report(busy)):
        yield


def _is_running(layout: Layout, target: Target, heap: str | None, report: Report) -> bool:
    """Tell whether a node runs, after waiting for one that another start has left behind half-way."""
    if not (state := load(layout)):
        return False
    deadline, waiting = time.monotonic() + START_S, False
    while not ((processes := find_processes(layout)).started and answers(layout, state)):
        if not processes.all or time.monotonic() > deadline:
            return False
        if not waiting:
            waiting = True
            report("The node is there, but doesn't answer yet: waiting for it.")
        time.sleep(POLL_S)
    save(layout, replace(state, phase="started"))
    report(f"Elasticsearch runs already at {state.url} (process {processes.pid}).")
    if heap and config.parse_heap(state.heap) != target.heap_bytes:
        report(f"It keeps its heap of {state.heap}. To change it to {heap}, run `linernotes node stop` first.")
    return True


@dataclass(frozen=True)
class Runtime:
    """What nodes are run with: the distribution's folder, a Java, and the user that they run as."""

    distribution: Path
    jdk: Jdk
    account: Account


def _start_nodes(
    every: Sequence[Layout], missing: Sequence[Layout], target: Target, given: Path | None, report: Report
) -> None:
    """Start the missing nodes of a cluster and wait until it answers; raises LinernotesError, then none is left."""
    account, release = current_account(), target.release
    jdk = find_java(release, usable=lambda home: account.may(home / "bin" / "java", os.X_OK))
    for layout in missing:
        _prepare_folders(layout, account, report)
    if target.snapshots:
        _prepare_snapshots(Path(target.snapshots), account)
    # The download comes after all that may be in the way of a start.
    runtime = Runtime(_find_distribution(missing[0], given, release, account, report), jdk, account)
    began = time.monotonic()
    states = _plan_states(every, missing, target)
    if target.secure:
        security.install(missing, runtime.distribution, jdk, account)
    many = f" {len(missing)} nodes of" if len(missing) > 1 else ""
    report(f"Starting{many} Elasticsearch {release.version} with Java {jdk.major}.")
    _launch_nodes(missing, states, target, runtime)
    _need_cluster([(layout, states[layout.name]) for layout in every], report)
    urls = " ".join(states[layout.name].url for layout in missing)
    heap = f"a heap of {target.heap}" + (" each" if len(every) > 1 else "")
    report(f"Elasticsearch answers at {urls} after {time.monotonic() - began:.1f} s, with {heap}.")


def _prepare_folders(layout: Layout, account: Account, report: Report) -> None:
    """Make a node's folders; see that there is room in them, and that its user gets there."""
    make_folder(layout.folder)
    # Each start leaves libraries there that it unpacked; one that was killed can't take them away.
    shutil.rmtree(layout.tmp, ignore_errors=True)
    account.take(layout.owned)
    account.need_entry(layout.data)
    need_free(layout.data, SMALLEST_ROOM, "Starting Elasticsearch")
    if (free := free_bytes(layout.data)) < config.NO_NEW_INDEX:
        report(
            f"The disk of {layout.data} has only {free / 1e6:,.0f} MB left: Elasticsearch takes no new index below "
            f"{config.NO_NEW_INDEX / 1e6:,.0f} MB and no record below {config.NO_RECORD / 1e6:,.0f} MB."
        )


def _prepare_snapshots(folder: Path, account: Account) -> None:
    """Make the folder of snapshot repositories; one with files in it is left as it is, and must be writable."""
    try:
        make_folder(folder)
        if not any(folder.iterdir()):
            account.take([folder])
    except OSError as error:
        raise InputError(
            f"{folder} can't be used for snapshots: {error.strerror}.", "Name another folder in --snapshots."
        ) from error
    if not account.may(folder, os.W_OK):
        raise InputError(
            f"{folder} can't be written by the user {account.name}, as which Elasticsearch runs.",
            f"Give it to that user: chown -R {account.name} {folder}",
        )


def _find_distribution(layout: Layout, given: Path | None, release: Release, account: Account, report: Report) -> Path:
    """Return the folder of an Elasticsearch that the node's user can read."""
    if ":" in str(given or layout.home):
        # Java parts its module path there (tried: "Module org.elasticsearch.server not found").
        raise InputError(f"{given or layout.home} has a colon in it, which Java can't read.", "Choose another folder.")
    if given and not download.is_complete(given, release):
        raise InputError(f"{given} isn't a complete Elasticsearch {release.version}.")
    folder = (given or download.distribution(layout.home, report, release)).resolve()
    account.need_entry(folder / "modules")
    return folder


def _plan_states(every: Sequence[Layout], missing: Sequence[Layout], target: Target) -> dict[str, NodeState]:
    """Return the states of all nodes by name: as they are where they run, else with ports that are free, none twice."""
    known = {layout.name: load(layout) for layout in every}
    formed = any(state.formed for state in known.values() if state)
    states: dict[str, NodeState] = {}
    for layout in every:
        state = known[layout.name]
        if state is None or layout in missing:
            taken = {port for other in states.values() for port in (other.http_port, other.transport_port)}
            before = Ports(state.http_port, state.transport_port) if state else None
            ports = config.choose_ports(before, str(layout.home), taken)
            state = NodeState(
                target.release.version,
                target.heap,
                ports.http,
                ports.transport,
                target.secure,
                formed=formed,
                snapshots=target.snapshots,
            )
        states[layout.name] = state
    return states


def _launch_nodes(missing: Sequence[Layout], states: Mapping[str, NodeState], target: Target, runtime: Runtime) -> None:
    """Launch nodes together and wait for their servers; when that fails or is interrupted, leave no process behind."""
    founding = not any(state.formed for state in states.values())
    peers = Peers({name: state.transport_port for name, state in states.items()}, founding) if len(states) > 1 else None
    launched: dict[Layout, subprocess.Popen[bytes]] = {}
    try:
        for layout in missing:
            state = states[layout.name]
            _configure(layout, state, target, runtime, peers)
            # Before it is launched, so that whatever happens to us, others know of it.
            save(layout, state)
            launched[layout] = _launch(layout, target, runtime)
        _await_servers(launched)
    except BaseException:
        while left := [process for layout in missing for process in find_processes(layout).all]:
            end(left)
        for layout in missing:
            save(layout, replace(states[layout.name], phase="stopped"))
        for launcher in launched.values():
            launcher.wait()
        raise


def _configure(layout: Layout, state: NodeState, target: Target, runtime: Runtime, peers: Peers | None) -> None:
    """Write the node's config folder."""
    modules = (folder.name for folder in (runtime.distribution / "modules").iterdir())
    shipped = runtime.distribution / "config"
    table = config.settings(
        layout,
        Ports(state.http_port, state.transport_port),
        modules,
        secure=state.secure,
        peers=peers,
        snapshots=state.snapshots,
    )
    jvm = config.jvm_options((shipped / "jvm.options").read_text(), runtime.jdk)
    content = {
        "elasticsearch.yml": config.as_yaml(table),
        "jvm.options": jvm + config.own_options(layout, target.heap_bytes),
        "log4j2.properties": config.log_options((shipped / "log4j2.properties").read_text()),
    }
    for name, text in content.items():
        write_atomically(layout.config / name, text.encode())


def _launch(layout: Layout, target: Target, runtime: Runtime) -> subprocess.Popen[bytes]:
    """Start the launcher, in a session of its own: a Ctrl-C in our terminal isn't meant for it."""
    with layout.console.open("wb") as console:
        return subprocess.Popen(
            config.start_command(runtime.distribution, layout, runtime.jdk, target.release),
            # Where the launcher looks for the modules; the server moves to the folder of the logs by itself.
            cwd=runtime.distribution,
            env=config.environment(layout, runtime.jdk, runtime.distribution, target.release),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o022,
            **runtime.account.options,
        )


def _await_servers(launched: Mapping[Layout, subprocess.Popen[bytes]]) -> None:
    """Wait until all launchers end, which they do when their server answers. Raises `LinernotesError`."""
    deadline = time.monotonic() + START_S
    left = list(launched)
    while left:
        for layout in list(left):
            code = launched[layout].poll()
            if code == 0 and find_processes(layout).servers:
                left.remove(layout)
            elif code is not None:
                raise explain(layout.console.read_text(errors="replace"), code, str(layout.console))
        if left and time.monotonic() > deadline:
            raise LinernotesError(f"Elasticsearch didn't answer within {START_S} s.", f"See {left[0].console}")
        time.sleep(POLL_S)


def _need_cluster(nodes: Nodes, report: Report) -> None:
    """See that what answers is what was just started, all in one cluster, and that it can read its indices."""
    for layout, state in nodes:
        deadline = time.monotonic() + FIRST_ANSWER_S
        while not answers(layout, state):
            if time.monotonic() > deadline:
                raise CheckFailedError(f"{layout.name} doesn't answer.", "See `linernotes node logs`.")
            time.sleep(POLL_S)
    deadline = time.monotonic() + FIRST_ANSWER_S
    with client_of(*nodes[-1]) as client:
        # A node that has just started may refuse for a moment the users whom it knows.
        while (health := status.health(client, HEALTH_S, len(nodes))) == "unknown" and time.monotonic() < deadline:
            time.sleep(POLL_S)
    if health == "incomplete":
        raise CheckFailedError("The nodes didn't find each other.", "See `linernotes node logs`.")
    if health not in {"green", "yellow"}:
        report(f"It answers, but its health is {health}: an index can't be read, see `linernotes node logs`.")
    for layout, state in nodes:
        save(layout, replace(state, formed=True))


def _need_green(layout: Layout, state: NodeState, nodes: int, so_far: str, report: Report) -> None:
    """Wait until all copies of everything are there; a node that is alone has nowhere to put any."""
    if nodes == 1:
        return
    deadline = time.monotonic() + GREEN_S
    with client_of(layout, state) as client:
        while (health := status.health(client, GREEN_REPORT_S, nodes, "green")) != "green":
            if time.monotonic() > deadline:
                raise CheckFailedError(
                    f"{so_far}: the cluster's health is {health}, since a copy of something is missing.",
                    "See: linernotes doctor",
                )
            report(f"The cluster's health is {health}: waiting until all copies are there.")
