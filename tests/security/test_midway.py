"""A key that ends, or loses its rights, in the middle of a command: one sentence, exit code 3, and nothing is lost."""

import os
import re
import select
import socket
import socketserver
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from elasticsearch import Elasticsearch

from indexer.cluster.retry import policy_of, retrying
from linernotes import settings
from linernotes.elastic import connect
from linernotes.security import keys, transport
from linernotes.security.transport import CheckedHttpNode, RefusedError
from mappings.errors import UnreachableError
from tests.cli.conftest import Ran, Run
from tests.faults import pieces
from tests.faults.digest import digest
from tests.faults.pieces import DATASET
from tests.security.conftest import PREFIX, Node
from tests.security.test_refusals import one_sentence

pytestmark = pytest.mark.slow

RECORDS, FILES = 3_000, 45
PATIENCE_S = 300
PROGRESS = " a second, "

NOTHING: dict[str, Any] = {"nothing": {"cluster": ["cluster:monitor/main"], "indices": []}}


def revoke(node: Node, key: str) -> None:
    with node.client("elastic") as client:
        client.security.invalidate_api_key(ids=[key])


def weaken(node: Node, key: str) -> None:
    """Take all rights away from a key that stays valid."""
    with node.client("elastic") as client:
        client.security.update_api_key(id=key, role_descriptors=NOTHING)


@contextmanager
def after(requests: int, target: str, deed: Callable[[], None]) -> Iterator[None]:
    """Do something as soon as that many requests to a target were answered; the requests are sent as they are."""
    answered, lock, real = iter(range(1, 1_000_000)), threading.Lock(), CheckedHttpNode.perform_request
    mine = threading.local()

    def perform_request(self: CheckedHttpNode, method: str, path: str, *rest: Any, **more: Any) -> Any:
        answer = real(self, method, path, *rest, **more)
        if re.search(target, path) and not getattr(mine, "busy", False):
            mine.busy = True
            with lock:
                if next(answered) == requests:
                    deed()
            mine.busy = False
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(CheckedHttpNode, "perform_request", perform_request)
        yield


def new_key(node: Node, role: str, prefix: str = PREFIX) -> keys.NewKey:
    with node.client("elastic") as client:
        return keys.create(client, prefix, role, f"midway-{uuid.uuid4().hex[:6]}", None)


@pytest.mark.parametrize(
    ("end", "words"),
    [(revoke, "refuses the API key: it was revoked"), (weaken, "is not allowed to do this")],
    ids=["revoked", "without the right"],
)
@pytest.mark.parametrize("command", ["overlap", "stats", "artist", "export"])
def test_in_the_middle_of_a_search(
    node: Node, run: Run, tmp_path: Path, command: str, end: Callable[[Node, str], None], words: str
) -> None:
    key = new_key(node, "reader")
    known = node.environment(API_KEY=key.encoded)
    arguments = {"artist": ["Metallica"], "export": ["--out", str(tmp_path / "all.csv")]}.get(command, [])
    with after(1, "_count|_search|_msearch|_pit|_alias", lambda: end(node, key.id)):
        ran = run(known, command, *arguments)
    told = [line for line in ran.err.splitlines() if not line.endswith("tracks to export.")]
    assert (ran.code, len(told), ran.out) == (3, 1, ""), ran.err
    assert words in told[0]
    assert node.url.partition("//")[2] in told[0], "it says where"
    assert list(tmp_path.iterdir()) == [], "no half an export is left"


@pytest.mark.parametrize("returns", [True, False], ids=["for a moment", "for good"])
def test_a_user_who_is_unknown_for_a_moment(node: Node, monkeypatch: pytest.MonkeyPatch, *, returns: bool) -> None:
    """As users are to a node that starts again: retried, unlike credentials that never were right, but not for ever."""
    monkeypatch.setattr(transport, "RECOVERY_S", PATIENCE_S if returns else 1.0)
    name, password = f"midway-{uuid.uuid4().hex[:6]}", uuid.uuid4().hex
    known = settings.from_environment(node.environment(USERNAME=name, PASSWORD=password))
    with node.client("elastic") as admin:
        admin.security.put_user(username=name, password=password, roles=["superuser"])
        with connect(known) as client:
            retried = retrying(client)
            assert retried.info()
            admin.security.delete_user(username=name)
            user = {"username": name, "password": password, "roles": ["superuser"]}
            again = threading.Timer(2, admin.security.put_user, kwargs=user)
            if returns:
                again.start()
                assert retried.info()
                again.join()
            else:
                with pytest.raises(RefusedError, match="refuses the password"):
                    retried.info()
        if returns:
            admin.security.delete_user(username=name)
        with connect(known) as client, pytest.raises(UnreachableError, match="refuses the password"):
            retrying(client).info()


@contextmanager
def cut_off(node: Node) -> Iterator[tuple[str, threading.Event]]:
    """Give the address of a relay to the node, and what makes it close each connection once a handshake has begun."""
    parts, cut = urlsplit(node.url), threading.Event()

    class Relay(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            if cut.is_set():
                self.request.recv(65_536)
                return
            with socket.create_connection((parts.hostname, parts.port)) as there:
                other = {self.request: there, there: self.request}
                while not cut.is_set():
                    for side in select.select(list(other), [], [], 0.05)[0]:
                        data = side.recv(65_536)
                        if not data:
                            return
                        other[side].sendall(data)

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True

    with Server(("127.0.0.1", 0), Relay) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"https://127.0.0.1:{server.server_address[1]}", cut
        cut.set()
        server.shutdown()


def test_tls_that_is_cut_in_the_middle_is_tried_again(node: Node) -> None:
    """By who got an answer before; else it is one sentence, at once."""
    with cut_off(node) as (url, cut):
        known = settings.from_environment(node.environment(URL=url, API_KEY=node.keys["reader"].encoded))
        with connect(known) as client:
            retried = retrying(client)
            assert retried.info()
            cut.set()
            time.sleep(0.2)
            again = threading.Timer(2, cut.clear)
            again.start()
            assert retried.info()
            again.join()
            assert policy_of(retried).progress.retries
        cut.set()
        with connect(known) as client, pytest.raises(UnreachableError, match="TLS connection"):
            retrying(client).info()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return synthetic records in several files, each of which is a request or more."""
    return pieces.written(tmp_path_factory.mktemp("corpus"), RECORDS, FILES)


@pytest.fixture(scope="module")
def new_prefix(node: Node) -> Iterator[Callable[[], str]]:
    """Return what makes a prefix of its own; all indices of it are deleted in the end."""
    used: list[str] = []

    def make() -> str:
        used.append(f"midway{uuid.uuid4().hex[:8]}")
        return used[-1]

    yield make
    with node.client("elastic") as client:
        patterns = ",".join(f"{prefix}*" for prefix in used)
        for index in client.indices.get(index=patterns, features="aliases", expand_wildcards="all").body:
            client.indices.delete(index=index)


@pytest.fixture(scope="module")
def undisturbed(node: Node, files: list[Path], new_prefix: Callable[[], str]) -> tuple[dict[str, Any], object]:
    """Return result and digest of a load that nobody disturbs."""
    prefix = new_prefix()
    done = result(Load(node, new_key(node, "loader", prefix), prefix, files).end())
    with node.client("elastic") as client:
        return done, digest(client, prefix)


class Load:
    """A load in a process of its own: one that runs in ours would count as alive after its end."""

    def __init__(self, node: Node, key: keys.NewKey, prefix: str, files: list[Path]) -> None:
        known = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "linernotes", "load", DATASET, *map(str, files), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=known | node.environment(API_KEY=key.encoded, PREFIX=prefix),
        )

    def end(self) -> Ran:
        out, err = self.process.communicate(timeout=PATIENCE_S)
        return Ran(self.process.returncode, out, err)


def done(client: Elasticsearch, prefix: str) -> int:
    """Return how many chunks are acknowledged in the ledger."""
    quiet = client.options(ignore_status=(404, 503))  # 503: the ledger was created a moment ago
    quiet.indices.refresh(index=f"{prefix}-ledger")
    found = quiet.count(index=f"{prefix}-ledger", query={"term": {"state": "done"}})
    return int(found.body.get("count", 0))


@pytest.mark.parametrize(
    ("end", "words"), [(revoke, "it was revoked"), (weaken, "is not allowed to do this")], ids=["revoked", "weakened"]
)
def test_in_the_middle_of_a_load(
    node: Node,
    files: list[Path],
    new_prefix: Callable[[], str],
    undisturbed: tuple[dict[str, Any], object],
    end: Callable[[Node, str], None],
    words: str,
) -> None:
    prefix = new_prefix()
    key = new_key(node, "loader", prefix)
    with node.client("elastic") as client:
        load = Load(node, key, prefix, files)
        while done(client, prefix) < 3 and load.process.poll() is None:
            time.sleep(0.01)
        end(node, key.id)
        ran = load.end()
        told = [line for line in ran.err.splitlines() if PROGRESS not in line]
        one_sentence(Ran(ran.code, ran.out, "\n".join(told)), 3, words)
        assert not client.indices.exists_alias(name=prefix), "searchers don't see half a load"
        acknowledged = done(client, prefix)
        assert 3 <= acknowledged < FILES, "it was in the middle indeed"

        # With another key the same command goes on: nothing is lost, and nothing doubled.
        again = Load(node, new_key(node, "loader", prefix), prefix, files).end()
        assert "Going on with" in again.err
        first, (second, expected) = result(again), undisturbed
        same = ("read", "indexed", "duplicates", "skipped", "rejected")
        assert [first[name] for name in same] == [second[name] for name in same]
        assert digest(client, prefix) == expected
        assert done(client, prefix) == FILES


def result(ran: Ran) -> dict[str, Any]:
    assert ran.code in (0, 4), ran.err
    told: dict[str, Any] = orjson.loads(ran.out.splitlines()[-1])
    assert told["read"] == told["indexed"] + told["duplicates"] + told["skipped"] + told["rejected"] > 0
    assert told["alias_moved"]
    return told
