"""Finds a Java that can run Elasticsearch: `JAVA_HOME`, the PATH, then the newest in the usual folders."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from linernotes.node.releases import Release
from mappings.errors import LinernotesError

# Where Linux distributions, vendors' packages, IDEs and SDKMAN put them; `*` stands for one folder.
USUAL = (
    "/usr/lib/jvm/*",
    "/usr/lib64/jvm/*",
    "/usr/java/*",
    "/opt/java/*",
    "/opt/*",
    "~/.sdkman/candidates/java/*",
    "~/.jdks/*",
)


@dataclass(frozen=True)
class Jdk:
    """A Java installation. `modules` is None where it doesn't say what it has."""

    home: Path
    major: int
    modules: frozenset[str] | None = None

    def unfit_for(self, release: Release) -> str:
        """Return why a release can't run on it, or nothing when it can."""
        if self.major < release.oldest_java:
            return f"it is Java {self.major}"
        absent = sorted(release.java_modules - self.modules) if self.modules is not None else []
        return f"it is cut down and lacks {' and '.join(absent)}" if absent else ""


def find_java(
    release: Release,
    environ: Mapping[str, str] = os.environ,
    usable: Callable[[Path], bool] = lambda home: os.access(home / "bin" / "java", os.X_OK),
    usual: Iterable[str] = USUAL,
) -> Jdk:
    """Return the first Java that suits the release. Raises `LinernotesError`, naming those that don't.

    `usable` tells whether the user that Elasticsearch runs as may execute it.
    """
    rejected: list[str] = []
    for jdk in _installed(environ, usual):
        reason = jdk.unfit_for(release) or ("" if usable(jdk.home) else "its user may not run it")
        if not reason:
            return jdk
        rejected.append(f"{jdk.home}: {reason}")
    seen = f" ({'; '.join(dict.fromkeys(rejected))})" if rejected else ""
    raise LinernotesError(
        f"Elasticsearch {release.version} needs a JDK, version {release.oldest_java} or newer, "
        f"and none was found{seen}.",
        f"Install one (Debian and Ubuntu: apt install openjdk-{release.oldest_java}-jre-headless) or set JAVA_HOME; "
        "or use `docker compose up`, or set LINERNOTES_URL to an Elasticsearch that runs already.",
    )


def _installed(environ: Mapping[str, str], usual: Iterable[str]) -> Iterator[Jdk]:
    if environ.get("JAVA_HOME") and (jdk := _read(Path(environ["JAVA_HOME"]))):
        yield jdk
    if command := shutil.which("java", path=environ.get("PATH", "")):
        home = Path(command).resolve().parent.parent
        # What isn't in an installation is a shim that picks one: it says which.
        if not (home / "lib").is_dir():
            home = Path(_properties(command).get("java.home", home))
        if jdk := _read(home):
            yield jdk
    folders = {folder.resolve(): folder for pattern in usual for folder in _glob(Path(pattern).expanduser())}
    yield from sorted(filter(None, map(_read, folders.values())), key=lambda jdk: (-jdk.major, jdk.home))


def _glob(pattern: Path) -> list[Path]:
    return sorted(pattern.parent.glob(pattern.name))


def _read(home: Path) -> Jdk | None:
    """Return the Java in a folder, as its `release` file describes it or, without one, as it does itself."""
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    described: dict[str, str] = {}
    with suppress(OSError):
        text = (home / "release").read_text(encoding="utf-8", errors="replace")
        described = dict(re.findall(r'^(\w+)="?(.*?)"?\s*$', text, flags=re.MULTILINE))
    version = described.get("JAVA_VERSION") or _properties(str(java)).get("java.version", "")
    major = re.match(r"(?:1\.)?(\d+)", version)
    modules = frozenset(described["MODULES"].split()) if described.get("MODULES") else None
    return Jdk(home, int(major[1]), modules) if major else None


def _properties(command: str) -> dict[str, str]:
    """Run a Java for its properties; none when it doesn't run."""
    try:
        settings = [command, "-XshowSettings:properties", "-version"]
        printed = subprocess.run(settings, capture_output=True, text=True, timeout=20, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(re.findall(r"^\s+(java\.[a-z.]+) = (.+)$", printed, flags=re.MULTILINE))
