"""The images that docker-compose.yml names: the official ones where they can be had, else stand-ins made of Debian.

A stand-in has another name than what it stands for. It imitates layout, users and entry point, as far as
docker-compose.yml relies on them: of Elasticsearch with the very server that `linernotes node start` fetches; that of
Kibana has its settings, TLS and login, and none of its pages.
"""

import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

import yaml

from linernotes import settings
from linernotes.node import download
from tests.compose.engine import Engine, MissingError, install, say

HERE = Path(__file__).parent
PROJECT = HERE.parents[1]
STANDINS = HERE / "standins"
NAME = "linernotes-standin"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
RELEASE = "bookworm"
OFFICIAL = ("elasticsearch", "kibana", "proxy")
"""Services whose images are needed."""


@dataclass(frozen=True)
class Images:
    """Whether the official images are used, and the files of Compose that say so."""

    is_official: bool
    files: tuple[Path, ...]


def prepare(engine: Engine) -> Images:
    """Fetch or build all images, that of linernotes included; raises MissingError."""
    services = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())["services"]
    official = [services[name]["image"] for name in OFFICIAL]
    is_official = all(engine.answers("image", "inspect", name) or is_pulled(engine, name) for name in official)
    if not is_official:
        build_standins(engine)
    say("Building the image of linernotes.")
    base = [] if is_official else ["--build-arg", f"PYTHON={NAME}/python"]
    engine.docker("build", "--network=host", *base, "--tag=linernotes-test", str(PROJECT))
    files = [HERE / "test.yml"]
    files += [] if is_official else [HERE / "standins.yml"]
    files += [] if engine.may_raise_limits else [HERE / "machine.yml"]
    return Images(is_official, tuple(files))


def is_pulled(engine: Engine, name: str) -> bool:
    """Pull an image, and tell whether that could be done."""
    return engine.answers("manifest", "inspect", name) and engine.answers("pull", "--quiet", name)


def build_standins(engine: Engine) -> None:
    """Build the stand-ins, from what is cached of them."""
    if not engine.answers("image", "inspect", f"{NAME}/debian"):
        import_debian(engine)
    say("Building stand-ins of Elasticsearch, Kibana, nginx and Python.")
    tree = download.distribution(settings.from_environment().home, say)
    with tempfile.TemporaryDirectory(prefix="linernotes-standins-") as name:
        folder = Path(name)
        shutil.copytree(STANDINS, folder, dirs_exist_ok=True)
        shutil.copy(AUTHORITIES, folder / "base")
        shutil.copytree(tree, folder / "elasticsearch" / "tree")
        library = folder / "elasticsearch" / "limits.so"
        library.touch()
        if not engine.may_raise_limits:
            source = folder / "elasticsearch" / "limits.c"
            subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", str(library), str(source)], check=True)
        for image in ("base", "python", "nginx", "elasticsearch", "kibana"):
            engine.docker("build", "--network=host", f"--tag={NAME}/{image}", str(folder / image))


def import_debian(engine: Engine) -> None:
    """Import a smallest Debian as an image."""
    if not shutil.which("debootstrap"):
        install(("debootstrap",))
    say("Making an image of Debian: a minute, once.")
    with tempfile.TemporaryDirectory(prefix="linernotes-debian-", dir="/var/tmp") as name:
        done = subprocess.run(
            ["debootstrap", "--variant=minbase", RELEASE, name], capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise MissingError(f"Neither images of a registry nor Debian's packages can be had: {done.stdout[-200:]}")
        with subprocess.Popen(["tar", "-C", name, "-c", "."], stdout=subprocess.PIPE) as tar:
            engine.docker("import", "-", f"{NAME}/debian", stdin=tar.stdout)
        assert tar.returncode == 0
