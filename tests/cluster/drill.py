"""The parts of a drill: the cluster, its command line, and a load that runs in a process of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson
import psutil
from elasticsearch import Elasticsearch

from linernotes import settings
from linernotes.elastic import connect
from linernotes.node import service, status
from linernotes.settings import Settings

HEAP = "512m"
PREFIX = "drill"
LOOK_S = 0.1
PATIENCE_S = 600.0


def eventually(what: str, call: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    """Return what `call` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (found := call()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(LOOK_S)
    return found


@dataclass
class Command:
    """A command line that runs, and the files of its output."""

    process: subprocess.Popen[bytes]
    out: Path
    err: Path

    def code(self) -> int:
        """Return the exit code, waiting for it."""
        return self.process.wait(PATIENCE_S)

    def until(self, what: str, call: Callable[[], Any]) -> Any:
        """Return what `call` returns as soon as that is true; it must be while the command runs."""

        def look() -> Any:
            assert self.process.poll() is None, (what, self.err.read_text())
            return call()

        return eventually(what, look)

    def result(self) -> dict[str, Any]:
        """Return the last line of its output."""
        return dict(orjson.loads(self.out.read_bytes().splitlines()[-1]))


@dataclass(frozen=True)
class Cluster:
    """Three nodes below one home."""

    home: Path
    commands: list[Command] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """Return what the commands are told: only the home, so that they find all nodes by themselves."""
        return settings.from_environment(self.environment)

    @property
    def environment(self) -> Mapping[str, str]:
        """Return the environment of the commands."""
        bare = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
        return bare | {"LINERNOTES_HOME": str(self.home), "LINERNOTES_PREFIX": PREFIX}

    def client(self) -> Elasticsearch:
        """Return a client that tries again, for what the drill itself asks."""
        return connect(self.settings).options(max_retries=5, retry_on_status=(429, 502, 503, 504))

    def begin(self, *arguments: str | Path) -> Command:
        """Start a command."""
        number = len(list(self.home.glob("*.out")))
        out, err = self.home / f"{number}.out", self.home / f"{number}.err"
        line = [sys.executable, "-m", "linernotes", *map(str, arguments)]
        with out.open("wb") as stdout, err.open("wb") as stderr:
            process = subprocess.Popen(line, env=self.environment, stdout=stdout, stderr=stderr)
        self.commands.append(Command(process, out, err))
        return self.commands[-1]

    def end(self) -> None:
        """End what still runs, commands first."""
        for command in self.commands:
            command.process.kill()
            command.process.wait()
        service.stop(self.home)

    def run(self, *arguments: str | Path) -> Command:
        """Return a command that ended well."""
        command = self.begin(*arguments)
        assert command.code() == 0, (arguments, command.err.read_text())
        assert "Traceback" not in command.err.read_text()
        return command

    def master(self) -> str:
        """Return the elected master's name."""
        with self.client() as client:
            return str(client.cat.master(h="node")).strip()

    def kill(self, name: str) -> None:
        """End a node with SIGKILL."""
        (pid,) = [node.pid for node in status.read_status(self.home).nodes if node.name == name]
        assert pid
        psutil.Process(pid).kill()

    def bring_back(self) -> float:
        """Start what is missing, by the command line; return the seconds until all is green again."""
        began = time.monotonic()
        self.run("node", "start", "--heap", HEAP)
        self.wait_for_green()
        return time.monotonic() - began

    def wait_for_green(self) -> None:
        """Wait until three nodes have all copies of everything."""

        def is_green() -> bool:
            health = client.cluster.health()
            return bool(health["status"] == "green" and health["number_of_nodes"] == 3)

        with self.client() as client:
            eventually("green", is_green)

    def primary_of(self, index: str) -> str:
        """Return the node that has an index's primary."""
        with self.client() as client:
            rows: Any = client.cat.shards(index=index, format="json", h="node,prirep,state")
            return str(next(row["node"] for row in rows if row["prirep"] == "p" and row["state"] == "STARTED"))

    def let_another_be_master(self) -> None:
        """Have the elected master stand back."""
        before = self.master()
        with self.client() as client:
            client.cluster.post_voting_config_exclusions(node_names=before)
            eventually("another master", lambda: self.master() not in ("", before))
            client.cluster.delete_voting_config_exclusions(wait_for_removal=False)
