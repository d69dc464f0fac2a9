"""The user that Elasticsearch runs as: us, or, since it refuses to run as root, an unprivileged one."""

import os
import pwd
import re
import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from linernotes.node import config, state
from linernotes.node.config import Layout, Peers, Ports
from linernotes.node.java import Jdk
from linernotes.node.releases import Release
from linernotes.node.state import ended
from mappings.errors import LinernotesError

# The first that exists: a user made for it, the one of Elasticsearch's own packages, everybody's nobody.
PREFERRED = ("linernotes", "elasticsearch", "nobody")
# The number of "nobody" on Linux, for containers without a list of users.
OVERFLOW_ID = 65534


@dataclass(frozen=True)
class Account:
    """A user and group by number; `switch` tells whether a process must change to it."""

    uid: int
    gid: int
    name: str
    switch: bool

    def may(self, path: Path, mode: int) -> bool:
        """Tell whether this user has a right (`os.R_OK`, `os.X_OK`) on a path, all folders above included."""
        if not self.switch:
            return os.access(path, mode)
        # Asked as that user, because permission bits don't tell about access lists and network disks.
        test = ["/usr/bin/test", "-x" if mode == os.X_OK else "-r", str(path)]
        return not subprocess.run(test, user=self.uid, group=self.gid, extra_groups=[], check=False).returncode


def current() -> Account:
    """Return the user to run as."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid(), "", switch=False)
    for name in PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid, name, switch=True)
    return Account(OVERFLOW_ID, OVERFLOW_ID, str(OVERFLOW_ID), switch=True)


def give(folders: Iterable[Path], account: Account) -> None:
    """Make the folders where they are missing, owned by the user; mend what another user owns in them."""
    for folder in folders:
        folder.mkdir(exist_ok=True)
        if account.switch and folder.stat().st_uid != account.uid:
            _own(folder, account)


def need_entry(folder: Path, account: Account) -> None:
    """Raise `LinernotesError`, naming the folder in the way, when the user we change to can't get to `folder`."""
    if not account.switch:
        return
    for step in [*reversed(folder.parents), folder]:
        if not account.may(step, os.X_OK):
            raise LinernotesError(
                f"Elasticsearch refuses to run as root, so it runs as {account.name}, who may not enter {step}, "
                f"and {folder} is in there.",
                "Set LINERNOTES_HOME to another folder, such as /var/lib/linernotes.",
            )


def _own(folder: Path, account: Account) -> None:
    os.chown(folder, account.uid, account.gid)
    for path, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            os.chown(Path(path, name), account.uid, account.gid, follow_symlinks=False)


AGAIN = "Run `linernotes node start` again"


@dataclass(frozen=True)
class Cause:
    """What is printed, what it means (with the pattern's groups), and what to do."""

    pattern: re.Pattern[str]
    message: str
    hint: str


def _cause(pattern: str, message: str, hint: str) -> Cause:
    return Cause(re.compile(pattern, re.MULTILINE), message, hint)


# The first that matches counts, so the more particular ones stand above.
CAUSES = (
    _cause(
        r"\bBind\w*Exception\b",
        "A port that was free a moment ago was taken by another program.",
        f"{AGAIN}: it chooses another one.",
    ),
    _cause(
        r"No space left on device|Disk quota exceeded",
        "The disk is full.",
        "Make room, or set LINERNOTES_HOME to a folder on another disk.",
    ),
    _cause(
        r"Could not reserve enough space|Initial heap size set to a larger value|insufficient memory for the Java|"
        r"Cannot allocate memory|Invalid (?:initial|maximum) heap size|exceeds the maximum representable size",
        "Java can't have that much memory.",
        "Start it with a smaller --heap, such as 512m, or end other programs.",
    ),
    _cause(
        r"java\.lang\.OutOfMemoryError",
        "Elasticsearch ran out of memory.",
        "Start it with a larger --heap.",
    ),
    _cause(
        r"failed to obtain node locks?|Lock held by another program",
        "Another Elasticsearch is using this node's data.",
        "End it, or set LINERNOTES_HOME to another folder.",
    ),
    _cause(
        r"bootstrap check failure \[\d+\] of \[\d+\]: (?P<what>.+?);? ?(?:for more information.*)?$",
        "Elasticsearch found this machine's settings unfit: {what}.",
        "Change that setting, or use `docker compose up`.",
    ),
    _cause(
        r"cannot upgrade a node from version \[(?P<what>[\d.]+)\]|"
        r"cannot downgrade a node from version \[(?P<newer>[\d.]+)\]",
        "The data were written by another version of Elasticsearch.",
        "Set LINERNOTES_HOME to another folder and load again.",
    ),
    _cause(
        r"AccessDeniedException: (?P<what>\S+)",
        "Elasticsearch may not use {what}.",
        "Give that folder to the user that it runs as, or set LINERNOTES_HOME to another folder.",
    ),
    _cause(
        r"CorruptIndexException|CorruptStateException|IndexFormatToo(?:Old|New)Exception|failed to read .*_state",
        "The node's data are damaged.",
        "Move the folder `node` out of LINERNOTES_HOME, and load again.",
    ),
    _cause(
        r"unknown setting \[(?P<what>[^\]]+)\]",
        "Elasticsearch doesn't know the setting {what}.",
        "This is a mistake of linernotes: please report it.",
    ),
    _cause(
        r"UnsupportedClassVersionError|Unrecognized VM option '(?P<what>[^']+)'|Module (?P<module>\S+) not found",
        "This Java can't run Elasticsearch.",
        "Set JAVA_HOME to another JDK, version 17 or newer.",
    ),
    _cause(
        r"with exit code 137\b",
        "The system killed Elasticsearch, most likely for want of memory.",
        "Start it with a smaller --heap, such as 512m, or end other programs.",
    ),
)

CAUSED = re.compile(r"^Caused by: (.+)", re.MULTILINE)
FATAL = re.compile(
    r"(?:fatal exception while booting Elasticsearch|^ERROR:|Exception in thread.*?:)\s*(.+)", re.MULTILINE
)


def explain(printed: str, code: int | None, log: str) -> LinernotesError:
    """Return why it died, from what it printed and its exit code; `log` is where that text is.

    >>> explain("... java.net.BindException: Address already in use", 1, "log").message
    "Elasticsearch didn't start. A port that was free a moment ago was taken by another program."
    """
    if code and code < 0:
        return LinernotesError(f"Elasticsearch didn't start: its launcher was ended by signal {-code}.", f"{AGAIN}.")
    for cause in CAUSES:
        if match := cause.pattern.search(printed):
            told = {name: value or "" for name, value in match.groupdict().items()}
            return LinernotesError(f"Elasticsearch didn't start. {cause.message.format(**told)}", cause.hint)
    # The last cause is the first thing that went wrong; what stands above it only passed it on.
    said = CAUSED.findall(printed)[-1:] or FATAL.findall(printed)[:1] or ["it ended without a word"]
    return LinernotesError(f"Elasticsearch didn't start: {said[0].strip()[:200].rstrip('.')}.", f"More is in {log}")


# Seconds from the launcher's start to the server's answer: 6 to 12 measured, the rest is for slow disks.
PATIENCE = 240
# Seconds between two looks at the launcher: what a start may seem longer than it is.
LOOK = 0.05
# Seconds that a server has to write what it holds before it is killed: 0.1 to 0.5 measured.
GRACE = 60


@dataclass(frozen=True)
class Plan:
    """What a start is made with, the same for all nodes of a home."""

    release: Release
    distribution: Path
    jdk: Jdk
    account: Account
    heap: str
    size: int
    secure: bool


def configure(layout: Layout, plan: Plan, ports: Ports, peers: Peers | None) -> None:
    """Write the node's config folder."""
    modules = (folder.name for folder in (plan.distribution / "modules").iterdir())
    shipped = plan.distribution / "config"
    options = config.jvm_options((shipped / "jvm.options").read_text(), plan.jdk)
    content = {
        "elasticsearch.yml": config.as_yaml(config.settings(layout, ports, modules, secure=plan.secure, peers=peers)),
        "jvm.options": options + config.own_options(layout, plan.size),
        "log4j2.properties": config.log_options((shipped / "log4j2.properties").read_text()),
    }
    for name, text in content.items():
        state.write_whole(layout.config / name, text.encode())


def launch(layout: Layout, plan: Plan) -> subprocess.Popen[bytes]:
    """Start the launcher, in a session of its own: a Ctrl-C in our terminal isn't meant for it."""
    account = plan.account
    with layout.console.open("wb") as console:
        return subprocess.Popen(
            config.command(plan.distribution, layout, plan.jdk, plan.release),
            # Where the launcher looks for the modules; the server moves to the folder of the logs by itself.
            cwd=plan.distribution,
            env=config.environment(layout, plan.jdk, plan.distribution, plan.release),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o022,
            user=account.uid if account.switch else None,
            group=account.gid if account.switch else None,
            extra_groups=[] if account.switch else None,
        )


@dataclass
class Rising:
    """A node on its way up: its launcher, and the server as soon as it is there. `seen` hears of the server."""

    layout: Layout
    launcher: subprocess.Popen[bytes]
    seen: Callable[[psutil.Process], None]
    server: psutil.Process | None = None

    def is_up(self) -> bool:
        """Look once; tell whether the server answers. Raises `LinernotesError`: why it died."""
        code = self.launcher.poll()
        if code is None:
            child = _child(self.launcher.pid)
            if child and child != self.server:
                # Before the server the launcher runs a Java that only prints its flags: the last child counts.
                self.server = child
                self.seen(child)
            return False
        if code or self.server is None or not self.server.is_running():
            console = self.layout.console
            raise explain(console.read_text(errors="replace"), code, str(console))
        return True


def await_servers(rising: Iterable[Rising], patience: float = PATIENCE) -> None:
    """Wait until all launchers end, which they do when their server answers. Raises `LinernotesError`."""
    left = list(rising)
    deadline = time.monotonic() + patience
    while left := [one for one in left if not one.is_up()]:
        if time.monotonic() > deadline:
            raise LinernotesError(
                f"Elasticsearch didn't answer within {patience:.0f} s.", f"See {left[0].layout.console}"
            )
        time.sleep(LOOK)


def end(processes: Iterable[psutil.Process], grace: float = GRACE) -> bool:
    """End processes politely, or else by force; tell whether it went politely. None is left.

    Raises `LinernotesError` when one can't be ended.
    """
    left = list(processes)
    for ask in (psutil.Process.terminate, psutil.Process.kill):
        for process in left:
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                ask(process)
        deadline = time.monotonic() + grace
        # Not psutil's own wait: it waits for zombies too.
        while (left := [process for process in left if not ended(process)]) and time.monotonic() < deadline:
            time.sleep(LOOK)
        if not left:
            return ask is psutil.Process.terminate
    raise LinernotesError(f"Process {left[0].pid} can't be ended.", "It may belong to another user.")


def _child(pid: int) -> psutil.Process | None:
    """Return the launcher's child, of which it has one at a time."""
    with suppress(psutil.Error):
        children = psutil.Process(pid).children()
        return children[0] if children else None
    return None
