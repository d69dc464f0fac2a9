"""Processes of a node: found by the mark on their command line, started as an unprivileged user, ended."""

import os
import pwd
import subprocess
import time
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from linernotes.node.state import Layout
from mappings.errors import LinernotesError

SERVER_CLASS = "org.elasticsearch.bootstrap.Elasticsearch"
# Seconds between two looks at a process: what a start may seem longer than it is.
POLL_S = 0.05
# Seconds that a server has to write what is in memory before it is killed: 0.1 to 0.5 measured.
GRACE_S = 60
# The first that exists: a user made for it, the one of Elasticsearch's own packages, everybody's nobody.
PREFERRED = ("linernotes", "elasticsearch", "nobody")
# The number of "nobody" on Linux, for containers without a list of users.
OVERFLOW_ID = 65534


@dataclass(frozen=True)
class NodeProcesses:
    """What runs of a node: Elasticsearch itself, and the launcher that starts it and then ends (or another tool)."""

    servers: Sequence[psutil.Process]
    launchers: Sequence[psutil.Process]

    @property
    def all(self) -> list[psutil.Process]:
        """Return servers and launchers."""
        return [*self.servers, *self.launchers]

    @property
    def pid(self) -> int | None:
        """Return the number of the server's process."""
        return self.servers[0].pid if self.servers else None

    @property
    def started(self) -> bool:
        """Tell whether the server is there, and its launcher done with it."""
        return bool(self.servers) and not self.launchers


def find_processes(layout: Layout) -> NodeProcesses:
    """Return the processes that carry the node's mark, whoever started them. A zombie has no command line."""
    servers: list[psutil.Process] = []
    launchers: list[psutil.Process] = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            arguments = process.cmdline()
            if layout.mark in arguments:
                is_server = any(one.endswith(SERVER_CLASS) for one in arguments)
                (servers if is_server else launchers).append(process)
    return NodeProcesses(servers, launchers)


def has_ended(process: psutil.Process) -> bool:
    """Tell whether a process holds nothing any more, no port and no lock.

    Its number may stay: until the parent asks for the exit code (for ever in a container without init) it is a zombie.
    But a zombie with threads is still on its way out: 30 ms measured after SIGKILL.
    """
    try:
        return not process.is_running() or (process.status() == psutil.STATUS_ZOMBIE and process.num_threads() <= 1)
    except psutil.NoSuchProcess:
        return True


def end(processes: Iterable[psutil.Process], grace_s: float = GRACE_S) -> bool:
    """End processes politely, or else by force; tell whether it went politely.

    Raises `LinernotesError` when one can't be ended.
    """
    left = list(processes)
    for signal in (psutil.Process.terminate, psutil.Process.kill):
        for process in left:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                signal(process)
        deadline = time.monotonic() + grace_s
        # Not psutil's own wait: it waits for zombies too.
        while (left := [process for process in left if not has_ended(process)]) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        if not left:
            return signal is psutil.Process.terminate
    raise LinernotesError(f"Process {left[0].pid} can't be ended.", "It may belong to another user.")


@dataclass(frozen=True)
class Account:
    """The user and group that Elasticsearch runs as; `switch` tells whether a process must change to it."""

    uid: int
    gid: int
    name: str
    switch: bool

    @property
    def options(self) -> dict[str, Any]:
        """Return what makes `subprocess` run something as this user."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.switch else {}

    def may(self, path: Path, mode: int) -> bool:
        """Tell whether this user has a right (`os.R_OK`, `W_OK`, `X_OK`) on a path, all folders above included."""
        if not self.switch:
            return os.access(path, mode)
        # Tried as that user, because permission bits don't tell about access lists and network disks.
        test = ["/usr/bin/test", {os.X_OK: "-x", os.W_OK: "-w"}.get(mode, "-r"), str(path)]
        return not subprocess.run(test, check=False, **self.options).returncode

    def take(self, folders: Iterable[Path]) -> None:
        """Make the folders where they are missing, owned by this user; mend what another user owns in them."""
        for folder in folders:
            folder.mkdir(exist_ok=True)
            if not self.switch or folder.stat().st_uid == self.uid:
                continue
            os.chown(folder, self.uid, self.gid)
            for path, inner, names in os.walk(folder):
                for name in [*inner, *names]:
                    os.chown(Path(path, name), self.uid, self.gid, follow_symlinks=False)

    def need_entry(self, folder: Path) -> None:
        """Raise `LinernotesError`, naming the folder in the way, when this user can't get to `folder`."""
        for step in [*reversed(folder.parents), folder] if self.switch else []:
            if not self.may(step, os.X_OK):
                raise LinernotesError(
                    f"Elasticsearch refuses to run as root, so it runs as {self.name}, who may not enter {step}, "
                    f"and {folder} is in there.",
                    "Set LINERNOTES_HOME to another folder, such as /var/lib/linernotes.",
                )


def current_account() -> Account:
    """Return the user to run Elasticsearch as: ours, or, since it refuses to run as root, an unprivileged one."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), "", switch=False)
    for name in PREFERRED:
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(entry.pw_uid, entry.pw_gid, name, switch=True)
    return Account(OVERFLOW_ID, OVERFLOW_ID, str(OVERFLOW_ID), switch=True)
