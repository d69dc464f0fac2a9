"""Bring a node's processes up, and end them."""

import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from linernotes.node import config, files
from linernotes.node.account import Account
from linernotes.node.config import Peers, Ports
from linernotes.node.diagnose import explain
from linernotes.node.jdk import Jdk
from linernotes.node.layout import Layout
from linernotes.node.releases import Release
from linernotes.node.state import ended
from mappings.errors import LinernotesError

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
        files.write_whole(layout.config / name, text.encode())


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
