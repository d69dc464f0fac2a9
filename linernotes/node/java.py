"""Which Java to run Elasticsearch with: the first suitable one, in the order that a person would expect."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
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

    def lacks(self, release: Release) -> str:
        """Return why a release can't run on it, or nothing when it can."""
        if self.major < release.oldest_java:
            return f"it is Java {self.major}"
        absent = sorted(release.java_modules - self.modules) if self.modules is not None else []
        return f"it is cut down and lacks {' and '.join(absent)}" if absent else ""


def find(
    release: Release,
    environ: Mapping[str, str] = os.environ,
    usable: Callable[[Path], bool] = lambda home: os.access(home / "bin" / "java", os.X_OK),
    usual: Iterable[str] = USUAL,
) -> Jdk:
    """Return the first Java that suits the release: `JAVA_HOME`, the PATH, then the newest in the usual folders.

    `usable` tells whether the user that Elasticsearch runs as may execute it. Raises `LinernotesError`.
    """
    passed_over: list[str] = []
    for home in candidates(environ, usual):
        if not (jdk := probe(home)):
            continue
        if reason := jdk.lacks(release) or ("" if usable(jdk.home) else "its user may not run it"):
            passed_over.append(f"{home}: {reason}")
            continue
        return jdk
    seen = f" ({'; '.join(passed_over)})" if passed_over else ""
    raise LinernotesError(
        f"Elasticsearch {release.version} needs a JDK, version {release.oldest_java} or newer, "
        f"and none was found{seen}.",
        f"Install one (Debian and Ubuntu: apt install openjdk-{release.oldest_java}-jre-headless) or set JAVA_HOME; "
        "or use `docker compose up`, or set LINERNOTES_URL to an Elasticsearch that runs already.",
    )


def candidates(environ: Mapping[str, str], usual: Iterable[str] = USUAL) -> Iterator[Path]:
    """Yield folders that may be Java installations, each once, in order of preference."""
    named = [Path(environ["JAVA_HOME"])] if environ.get("JAVA_HOME") else []
    if command := shutil.which("java", path=environ.get("PATH", "")):
        # Behind a link is the installation; what isn't one (a shim that picks a version) answers for itself.
        named.append(Path(command).resolve().parent.parent)
        if not (named[-1] / "lib").is_dir() and (home := _ask(command).get("java.home")):
            named.append(Path(home))
    known = {folder.resolve(): folder for pattern in usual for folder in _glob(pattern)}
    newest_first = sorted(known.values(), key=lambda home: (-_major_of(home), home))
    yield from dict.fromkeys([*named, *newest_first])


def probe(home: Path) -> Jdk | None:
    """Return what is known of the Java in a folder: from its `release` file, else by asking it; None if none."""
    java = home / "bin" / "java"
    if not java.is_file():
        return None
    try:
        told = parse_release((home / "release").read_text(encoding="utf-8", errors="replace"))
    except OSError:
        told = {}
    version = told.get("JAVA_VERSION") or _ask(str(java)).get("java.version", "")
    if not (major := parse_major(version)):
        return None
    return Jdk(home, major, frozenset(told["MODULES"].split()) if told.get("MODULES") else None)


def parse_release(text: str) -> dict[str, str]:
    """Return the values of a JDK's `release` file.

    >>> parse_release('JAVA_VERSION="17.0.15"')
    {'JAVA_VERSION': '17.0.15'}
    """
    return dict(re.findall(r'^(\w+)="?(.*?)"?\s*$', text, flags=re.MULTILINE))


def parse_major(version: str) -> int:
    """Return the feature number of a Java version, 0 when there is none.

    >>> [parse_major(v) for v in ("17.0.15", "1.8.0_392", "25", "")]
    [17, 8, 25, 0]
    """
    match = re.match(r"(?:1\.)?(\d+)", version)
    return int(match[1]) if match else 0


def _major_of(home: Path) -> int:
    jdk = probe(home)
    return jdk.major if jdk else 0


def _glob(pattern: str) -> list[Path]:
    folder = Path(pattern).expanduser()
    return sorted(folder.parent.glob(folder.name))


def _ask(command: str) -> dict[str, str]:
    """Run a Java for its properties; an empty answer when it doesn't run."""
    try:
        asked = [command, "-XshowSettings:properties", "-version"]
        said = subprocess.run(asked, capture_output=True, text=True, timeout=20, check=False).stderr
    except (OSError, subprocess.TimeoutExpired):
        return {}
    return dict(re.findall(r"^\s+(java\.[a-z.]+) = (.+)$", said, flags=re.MULTILINE))
