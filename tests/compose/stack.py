"""A project of Compose under test: a copy of its files with an environment of its own, and commands in it."""

import os
import shutil
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import Elasticsearch

from linernotes import settings
from linernotes.elastic import connect
from tests.compose.engine import COMMAND_S, Engine

PROJECT = Path(__file__).parents[2]
COPIED = ("docker-compose.yml", "compose")
NODES = ("elasticsearch", "elasticsearch-2", "elasticsearch-3")
OTHERS_BITS = 0o077
WAIT_S = 300.0
LOOK_S = 0.5

Done = subprocess.CompletedProcess[str]


def eventually(what: str, call: Callable[[], Any], seconds: float = WAIT_S) -> Any:
    """Return what `call` returns as soon as that is true."""
    deadline = time.monotonic() + seconds
    while not (result := call()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds:.0f} s"
        time.sleep(LOOK_S)
    return result


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@dataclass(frozen=True)
class Stack:
    """A project of Compose, and what its commands need."""

    folder: Path
    name: str
    engine: Engine
    environment: Mapping[str, str]
    port: int
    kibana_port: int
    web_port: int

    @classmethod
    def create(cls, folder: Path, engine: Engine, files: tuple[Path, ...], nodes: int) -> "Stack":
        """Make the project as a person would: a copy, readable by its owner alone, and `make compose-env`."""
        for name in COPIED:
            source = PROJECT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
        for path in (folder, *folder.rglob("*")):
            path.chmod(path.stat().st_mode & ~OTHERS_BITS)
        program = [sys.executable, str(folder / "compose" / "make_env.py"), "--nodes", str(nodes)]
        subprocess.run(program, check=True)
        name = f"linernotes-test-{uuid.uuid4().hex[:6]}"
        port, kibana_port, web_port = (free_port() for _ in range(3))
        environment = {
            **engine.environment,
            "COMPOSE_PROJECT_NAME": name,
            "COMPOSE_FILE": ":".join(["docker-compose.yml", *map(str, files)]),
            "ELASTICSEARCH_HEAP": "512m",
            "ELASTICSEARCH_MEMORY": "1200m",
            "ELASTICSEARCH_PORT": str(port),
            "KIBANA_PORT": str(kibana_port),
            "LINERNOTES_PORT": str(web_port),
        }
        return cls(folder, name, engine, environment, port, kibana_port, web_port)

    def compose(self, *arguments: str, check: bool = True) -> Done:
        """Run `docker compose`; a failure shows all that it printed."""
        done = self.start("docker", "compose", *arguments)
        out, err = done.communicate(timeout=COMMAND_S)
        assert not check or done.returncode == 0, f"docker compose {' '.join(arguments)}\n{out}{err}"
        return Done(arguments, done.returncode, out, err)

    def start(self, *command: str) -> subprocess.Popen[str]:
        """Start a program in the project's folder and environment."""
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def started(self, service: str, *arguments: str, name: str = "") -> subprocess.Popen[str]:
        """Start linernotes in a container that can be killed by its name."""
        named = ["--name", name] if name else []
        return self.start("docker", "compose", "run", "--rm", "-T", "--no-deps", *named, service, *arguments)

    def linernotes(self, *arguments: str, service: str = "linernotes", code: int | None = 0) -> Done:
        """Run linernotes in a container, and return what it printed."""
        process = self.started(service, *arguments)
        out, err = process.communicate(timeout=COMMAND_S)
        assert code is None or process.returncode == code, f"{arguments}: {process.returncode}\n{out}{err}"
        return Done(arguments, process.returncode, out, err)

    def total(self, dataset: str) -> int:
        """Return how many tracks of a data set a search counts, in a container."""
        done = self.linernotes("search", "--dataset", dataset, "--limit", "1", "--facets", "none", "--json")
        total = orjson.loads(done.stdout)["total"]
        assert total["exact"]
        return int(total["value"])

    def up(self, *services: str) -> None:
        """Bring services up, and wait until each is healthy."""
        self.compose("up", "-d", "--wait", *services)

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        return self.compose("ps", "-a", "-q", service).stdout.split()[0]

    def state(self, service: str) -> str:
        """Return the health of a service, or `exited`."""
        state = orjson.loads(self.engine.docker("inspect", self.container(service)).stdout)[0]["State"]
        return str(state["Health"]["Status"] if state["Running"] else "exited")

    def secrets(self) -> dict[str, str]:
        """Return all secrets by name."""
        return {path.name: path.read_text() for path in (self.folder / "secrets").iterdir()}

    def authority(self) -> Path:
        """Return the certificate that all others are signed by."""
        path = self.folder / "ca.crt"
        if not path.exists():
            path.write_text(self.compose("exec", "-T", "elasticsearch", "cat", "config/credentials/ca.crt").stdout)
        return path

    def client(self) -> Elasticsearch:
        """Return a client of the first node, as its superuser."""
        known = {
            "LINERNOTES_URL": f"https://127.0.0.1:{self.port}",
            "LINERNOTES_USERNAME": "elastic",
            "LINERNOTES_PASSWORD_FILE": str(self.folder / "secrets" / "elastic_password"),
            "LINERNOTES_CA_CERTS": str(self.authority()),
        }
        return connect(settings.from_environment(known))

    def remove(self) -> None:
        """Take everything down, with its volumes."""
        profiles = ("--profile", "cluster", "--profile", "web", "--profile", "tools")
        self.compose(*profiles, "down", "--volumes", "--remove-orphans", "--timeout", "20", check=False)
        left = self.engine.docker("ps", "-a", "-q", "--filter", f"label=com.docker.compose.project={self.name}").stdout
        if left.split():
            self.engine.docker("rm", "--force", "--volumes", *left.split())
