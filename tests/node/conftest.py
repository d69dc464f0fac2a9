"""A small archive behind a repository that misbehaves as told, and homes that an unprivileged user can enter."""

import hashlib
import random
import tempfile
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from linernotes.node.releases import Release
from tests.conftest import node_home

from .server import Handler, Repository, Server


@pytest.fixture(scope="session")
def archive() -> tuple[Release, bytes]:
    """Return a zip of other things around an `elasticsearch` folder, and the row that pins that folder."""
    noise = random.Random(7)
    wanted = {f"lib/{n:02}.jar": noise.randbytes(n * 997) for n in range(40)} | {"bin/run": b"x", "modules/a/é": b"e"}
    others = {f"lib/{n}.jar": noise.randbytes(300_000) for n in range(12)}
    with tempfile.TemporaryFile() as file:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, (name, data) in enumerate(others.items()):
                archive.writestr(f"thing-1/{name}", data)
                if number == 4:
                    for inner, content in wanted.items():
                        archive.writestr(f"thing-1/elasticsearch/{inner}", content)
                if number == 8:
                    archive.writestr("thing-1/elasticsearch/late.txt", b"late")
            archive.writestr("thing-1/elasticsearch/last.txt", b"last")
        file.seek(0)
        body = file.read()
    wanted |= {"late.txt": b"late", "last.txt": b"last"}
    lines = (f"{hashlib.sha256(wanted[name]).hexdigest()}  {name}\n" for name in sorted(wanted))
    release = Release(
        version="1.2.3",
        group="org.example",
        artifact="thing",
        artifact_version="1",
        folder="elasticsearch",
        files=len(wanted),
        unpacked_bytes=sum(map(len, wanted.values())),
        tree_sha256=hashlib.sha256("".join(lines).encode()).hexdigest(),
        oldest_java=17,
        java_modules=frozenset(),
    )
    return release, body


@pytest.fixture
def repository(archive: tuple[Release, bytes]) -> Iterator[Repository]:
    """Serve the archive where Maven's layout has it."""
    release, body = archive
    with Server(("127.0.0.1", 0), Handler) as server:
        server.repository = Repository(f"/{release.path}", body)
        server.repository.url = f"http://127.0.0.1:{server.server_port}/{release.path}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.repository
        server.shutdown()
        thread.join()


@pytest.fixture
def home() -> Iterator[Path]:
    """Return an empty home that an unprivileged user can enter (pytest's own folders are closed)."""
    with node_home() as folder:
        yield folder
