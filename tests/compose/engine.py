"""A Docker engine with Compose: the one that runs here, else one of our own on Debian, which ends with the tests.

Our own has its data, its socket and its configuration in folders of its own. What it changes of the machine, packet
filter and kernel settings, is put back when it has ended; its packages stay, and so do its images, as a cache.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_cache_path

COMPOSE = "github.com/docker/compose/v2@v2.24.7"
"""The first that knows `!reset` in all places where machine.yml has it, and that Debian's Go builds."""
PACKAGES = ("docker.io", "debootstrap", "iptables")
NO_RULES = b"*filter\n:FORWARD ACCEPT\nCOMMIT\n*nat\nCOMMIT\n"
"""What `iptables-restore` takes for a filter that had no tables yet."""
RUNTIME = Path("/run/linernotes-compose")
START_S, STOP_S, COMMAND_S = 60.0, 60.0, 900.0
CAP_SYS_RESOURCE = 24
MAX_MAP_COUNT = 262_144
KERNEL = ("vm/max_map_count", "net/ipv4/ip_forward", "net/bridge/bridge-nf-call-iptables")


FREE_SHARE, FREE_BYTES, NEEDED_BYTES = 0.15, 200 * 2**30, 5 * 2**30
"""What has to be free, or Elasticsearch puts no copies of shards there (its low watermark); and what we take."""


class MissingError(Exception):
    """What the tests need and this machine lacks, in one sentence."""


def say(sentence: str) -> None:
    """Tell whoever waits what takes so long."""
    print(sentence, file=sys.stderr, flush=True)  # noqa: T201 - images are built for minutes


def cache() -> Path:
    """Return the folder for the engine's images and for Compose."""
    folder = user_cache_path("linernotes") / "compose"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@dataclass(frozen=True)
class Engine:
    """Docker's command line, with the environment that leads it to an engine."""

    environment: Mapping[str, str] = field(default_factory=dict)
    is_ours: bool = False

    def docker(self, *arguments: str, check: bool = True, **options: object) -> subprocess.CompletedProcess[str]:
        """Run a command of Docker and return what it printed; a failure shows all of it."""
        done: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]
            ["docker", *arguments],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=COMMAND_S,
            check=False,
            **options,
        )
        assert not check or done.returncode == 0, f"docker {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done

    def answers(self, *arguments: str) -> bool:
        """Tell whether a command of Docker succeeds."""
        try:
            return self.docker(*arguments, check=False).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    @property
    def may_raise_limits(self) -> bool:
        """Tell whether containers get the limits that docker-compose.yml asks for: our own engine has our rights."""
        return not self.is_ours or has_capability(CAP_SYS_RESOURCE)


def has_capability(number: int) -> bool:
    """Tell whether this process has a capability of Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    effective = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
    return bool(int(effective, 16) >> number & 1)


@contextmanager
def running() -> Iterator[Engine]:
    """Give an engine with Compose, on a disk and a kernel that Elasticsearch takes; raises MissingError."""
    check_disk(cache())
    with ExitStack() as stack:
        engine = Engine()
        if not engine.answers("info"):
            stack.enter_context(kept_kernel_settings())
            engine = stack.enter_context(own_engine())
        if not engine.answers("compose", "version"):
            engine = with_compose(engine)
        stack.enter_context(enough_maps())
        yield engine


def check_disk(folder: Path) -> None:
    """Raise MissingError where Elasticsearch would find the disk too full: clusters would never be green."""
    disk = shutil.disk_usage(folder)
    needed = min(int(FREE_SHARE * disk.total), FREE_BYTES) + NEEDED_BYTES
    if disk.free < needed:
        raise MissingError(
            f"{disk.free / 2**30:.0f} of {disk.total / 2**30:.0f} GB of the disk are free, and Elasticsearch puts "
            f"copies of shards only where {needed / 2**30:.0f} are: free some space."
        )


@contextmanager
def own_engine() -> Iterator[Engine]:
    """Give an engine of our own, and end it with all that runs in it."""
    if os.geteuid():
        raise MissingError("No Docker engine answers (docker info), and only root can start one: start it, or be root.")
    if not shutil.which("dockerd"):
        install(PACKAGES)
    data, log = cache() / "engine", cache() / "dockerd.log"
    RUNTIME.mkdir(mode=0o700, exist_ok=True)
    socket = f"unix://{RUNTIME}/docker.sock"
    folders = {"data-root": data, "exec-root": RUNTIME / "exec", "pidfile": RUNTIME / "docker.pid"}
    options = [f"--{name}={path}" for name, path in folders.items()]
    config = cache() / "config"
    config.mkdir(exist_ok=True)
    engine = Engine({"DOCKER_HOST": socket, "DOCKER_CONFIG": str(config), "DOCKER_BUILDKIT": "0"}, is_ours=True)
    say("Starting a Docker engine of our own.")
    with kept_packet_filter(), log.open("wb") as output:
        process = subprocess.Popen(
            ["dockerd", f"--host={socket}", "--bridge=none", "--log-level=warn", *options],
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            deadline = time.monotonic() + START_S
            while not engine.answers("info"):
                if process.poll() is not None or time.monotonic() > deadline:
                    lines = log.read_text().strip().splitlines() or ["it said nothing"]
                    raise MissingError(f"A Docker engine does not start here: {lines[-1]}")
                time.sleep(0.5)
            remove_leftovers(engine)
            yield engine
        finally:
            process.terminate()
            process.wait(STOP_S)
            for namespace in (RUNTIME / "exec" / "netns").glob("*"):
                subprocess.run(["umount", str(namespace)], check=False)
            shutil.rmtree(RUNTIME, ignore_errors=True)


def remove_leftovers(engine: Engine) -> None:
    """Remove containers, volumes and networks of an earlier run that was killed; images stay."""
    for kind, listed in (("container", ("--all",)), ("volume", ())):
        names = engine.docker(kind, "ls", "--quiet", *listed).stdout.split()
        if names:
            say(f"Removing what an earlier run left: {kind}s, {len(names)} of them.")
            engine.docker(kind, "rm", "--force", *names)
    engine.docker("network", "prune", "--force")


def install(packages: Sequence[str]) -> None:
    """Install Debian's packages, and start none of their services; raises MissingError where that can't be done."""
    needed = f"No Docker engine answers, and {', '.join(packages)} can't be installed here"
    if not shutil.which("apt-get"):
        raise MissingError(f"{needed}: there is no apt-get. Install Docker with its Compose plugin, and start it.")
    say(f"Installing {', '.join(packages)}.")
    policy = Path("/usr/sbin/policy-rc.d")
    is_own = not policy.exists()
    if is_own:
        policy.write_text("#!/bin/sh\nexit 101\n")
        policy.chmod(0o755)
    try:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (("update",), ("install", "--yes", "--no-install-recommends", *packages)):
            done = subprocess.run(
                ["apt-get", "--quiet=2", *command], env=environment, capture_output=True, text=True, check=False
            )
        if done.returncode:
            raise MissingError(f"{needed}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    finally:
        if is_own:
            policy.unlink()


def with_compose(engine: Engine) -> Engine:
    """Return the engine with a Compose plugin, built from its Go module the first time; raises MissingError."""
    config = Path(engine.environment.get("DOCKER_CONFIG") or cache() / "config")
    plugin = config / "cli-plugins" / "docker-compose"
    found = Engine({**engine.environment, "DOCKER_CONFIG": str(config)}, engine.is_ours)
    if found.answers("compose", "version"):
        return found
    if not shutil.which("go"):
        raise MissingError("`docker compose` is missing, and there is no Go to build it with: install Docker's plugin.")
    say("Building Compose: some minutes, once.")
    plugin.parent.mkdir(parents=True, exist_ok=True)
    about = subprocess.run(["go", "mod", "download", "-json", COMPOSE], capture_output=True, text=True, check=False)
    if about.returncode:
        raise MissingError(f"`docker compose` is missing, and {COMPOSE} can't be had: {about.stderr.strip()[-200:]}")
    folder = json.loads(about.stdout)["Dir"]
    subprocess.run(["go", "build", "-trimpath", "-o", str(plugin), "./cmd"], cwd=folder, check=True)
    return found


@contextmanager
def kept_kernel_settings() -> Iterator[None]:
    """Put kernel settings back in the end that an engine changes when it starts."""
    paths = [Path("/proc/sys") / name for name in KERNEL]
    before = {path: path.read_text() for path in paths if path.exists()}
    try:
        yield
    finally:
        for path, value in before.items():
            if path.read_text() != value:
                path.write_text(value)


@contextmanager
def kept_packet_filter() -> Iterator[None]:
    """Put the packet filter back in the end: an engine leaves its chains behind, and forwards nothing but its own."""
    names = [name for name in ("iptables", "ip6tables") if shutil.which(f"{name}-save")]
    before = {name: subprocess.run([f"{name}-save"], capture_output=True, check=False).stdout for name in names}
    try:
        yield
    finally:
        for name, rules in before.items():
            subprocess.run([f"{name}-restore"], input=rules if rules.strip() else NO_RULES, check=False)


@contextmanager
def enough_maps() -> Iterator[None]:
    """Raise vm.max_map_count for the tests where it is too low for Elasticsearch, and put it back."""
    path = Path("/proc/sys/vm/max_map_count")
    before = path.read_text()
    if int(before) >= MAX_MAP_COUNT:
        yield
        return
    try:
        path.write_text(str(MAX_MAP_COUNT))
    except OSError as error:
        raise MissingError(
            f"vm.max_map_count is {before.strip()}: sysctl -w vm.max_map_count={MAX_MAP_COUNT}"
        ) from error
    try:
        yield
    finally:
        path.write_text(before)
