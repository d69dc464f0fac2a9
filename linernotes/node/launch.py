"""Bring a node's processes up, and end them."""

import subprocess
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import psutil

from linernotes.node import config, files
from linernotes.node.account import Account
from linernotes.node.config import Ports
from linernotes.node.diagnose import explain
from linernotes.node.jdk import Jdk
from linernotes.node.layout import Layout
from linernotes.node.state import ended
from mappings.problems import Problem

# Seconds from the launcher's start to the server's answer: 6 to 12 measured, the rest is for slow disks.
PATIENCE = 240
# Seconds between two looks at the launcher: what a start may seem longer than it is.
LOOK = 0.05
# Seconds that a server has to write what it holds before it is killed: 0.1 to 0.5 measured.
GRACE = 60


def configure(layout: Layout, distribution: Path, ports: Ports, jdk: Jdk, heap: int) -> None:
    """Write the node's config folder."""
    modules = (folder.name for folder in (distribution / "modules").iterdir())
    shipped = distribution / "config"
    options = config.jvm_options((shipped / "jvm.options").read_text(), jdk) + config.own_options(layout, heap)
    content = {
        "elasticsearch.yml": config.as_yaml(config.settings(layout, ports, modules)),
        "jvm.options": options,
        "log4j2.properties": config.log_options((shipped / "log4j2.properties").read_text()),
    }
    for name, text in content.items():
        files.write_whole(layout.config / name, text.encode())


def launch(layout: Layout, distribution: Path, jdk: Jdk, account: Account) -> subprocess.Popen[bytes]:
    """Start the launcher, in a session of its own: a Ctrl-C in our terminal isn't meant for it."""
    with layout.console.open("wb") as console:
        return subprocess.Popen(
            config.command(distribution, layout, jdk),
            # Where the launcher looks for the modules; the server moves to the folder of the logs by itself.
            cwd=distribution,
            env=config.environment(layout, jdk),
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o022,
            user=account.uid if account.switch else None,
            group=account.gid if account.switch else None,
            extra_groups=[] if account.switch else None,
        )


def await_server(
    launcher: subprocess.Popen[bytes],
    layout: Layout,
    seen: Callable[[psutil.Process], None],
    patience: float = PATIENCE,
) -> psutil.Process:
    """Wait until the launcher ends, which it does when the server answers, and return the server.

    `seen` is called with each child of the launcher as soon as it is there. Raises `Problem`: why it died.
    """
    server: psutil.Process | None = None
    deadline = time.monotonic() + patience
    while (code := launcher.poll()) is None:
        child = _child(launcher.pid)
        if child and child != server:
            # Before the server the launcher runs a Java that only prints its flags: the last child counts.
            server = child
            seen(server)
        if time.monotonic() > deadline:
            raise Problem(f"Elasticsearch didn't answer within {patience:.0f} s.", f"See {layout.console}")
        time.sleep(LOOK)
    if code or server is None or not server.is_running():
        raise explain(layout.console.read_text(errors="replace"), code, str(layout.console))
    return server


def end(processes: Iterable[psutil.Process], grace: float = GRACE) -> bool:
    """End processes politely, or else by force; tell whether it went politely. None is left.

    Raises `Problem` when one can't be ended.
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
    raise Problem(f"Process {left[0].pid} can't be ended.", "It may belong to another user.")


def _child(pid: int) -> psutil.Process | None:
    """Return the launcher's child, of which it has one at a time."""
    with suppress(psutil.Error):
        children = psutil.Process(pid).children()
        return children[0] if children else None
    return None
