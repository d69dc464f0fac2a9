"""A known password and a known API key run through every command, half of which fail: they turn up nowhere."""

import base64
import os
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import orjson
import psutil
import pytest
import urllib3
from elasticsearch.helpers import scan

from tests.cli.conftest import Ran, Run, commands
from tests.kibana.stub import Stub, running
from tests.security.conftest import PREFIX, Node

pytestmark = pytest.mark.slow


@dataclass(frozen=True)
class Given:
    """What a command is given: arguments, other settings, and the way in that works if it isn't either of the two."""

    arguments: tuple[str, ...] = ()
    settings: Mapping[str, str] = field(default_factory=dict)
    way: str | None = None


def given(*arguments: str, way: str | None = None, **settings: str) -> Given:
    return Given(arguments, settings, way)


SPOTIFY = "spotify-tracks-dataset"
ELSEWHERE = "{out}/home"
"""A home without a node: the one of the session must not end."""

# Every command has to be here: one that is added to the command line is missed by a test of its own.
ARGUMENTS: dict[tuple[str, ...], Given] = {
    ("demo",): given(PREFIX=f"{PREFIX}-demo"),
    ("node", "start"): given("--heap", "512m"),
    ("node", "stop"): given(HOME=ELSEWHERE),
    ("node", "restart"): given(HOME=ELSEWHERE),
    ("node", "status"): given(),
    ("node", "logs"): given("--lines", "100000"),
    ("keys", "create"): given("--role", "reader", "--name", "made-in-a-test", way="password"),
    ("keys", "list"): given(way="password"),
    ("keys", "revoke"): given("no-such-id"),
    ("datasets", "add"): given("{declaration}"),
    ("datasets", "guess"): given("{sample}"),
    ("datasets", "schema"): given(),
    ("datasets", "remove"): given("fma-excerpt"),
    ("load",): given(SPOTIFY, "{sample}", "--limit", "60", "--fresh", "--force", "a test"),
    ("update",): given(SPOTIFY, "{sample}", "--dry-run"),
    ("reindex",): given(SPOTIFY),
    ("generations",): given(),
    ("rollback",): given(SPOTIFY),
    ("prune",): given(SPOTIFY, "--keep", "1"),
    ("history",): given(),
    ("watch", "add"): given("Kurt Vile"),
    ("watch", "list"): given(),
    ("watch", "remove"): given("Kurt Vile"),
    ("rejected", "list"): given(SPOTIFY),
    ("rejected", "show"): given(SPOTIFY),
    ("rejected", "export"): given(SPOTIFY, "--out", "{out}/rejected.ndjson", "--overwrite"),
    ("rejected", "replay"): given(SPOTIFY),
    ("search",): given("love"),
    ("facet",): given("genre"),
    ("suggest",): given("lo"),
    ("artist",): given("comedy"),
    ("overlap",): given(),
    ("stats",): given(),
    ("export",): given("--out", "{out}/all.ndjson"),
    ("check",): given("{catalogue}", "--out", "{out}/report.html", "--overwrite"),
    ("verify",): given("{catalogue}"),
    ("doctor",): given(),
    ("kibana", "import"): given("--url", "{kibana}"),
    ("kibana", "check"): given("--live"),
    ("bench",): given("--searches", "3"),
    ("serve",): given("--port", "0", "--log-texts"),
}
EVERY = sorted(commands())


def test_every_command_is_in_the_table() -> None:
    assert sorted(ARGUMENTS) == EVERY, "give each command what it needs, in ARGUMENTS"


WRONG = "c2VjcmV0LW9mLXRoZS13cm9uZy1rZXk6d3Jvbmctc2VjcmV0LXZhbHVl"


@contextmanager
def processes() -> Iterator[set[str]]:
    """Collect what anybody can see of all processes, many times a second."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.05):
            for process in psutil.process_iter():
                with suppress(psutil.Error):
                    seen.add("\0".join([process.name(), *process.cmdline()]))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def found_in(texts: dict[str, bytes], secrets: dict[str, str]) -> list[tuple[str, str]]:
    return [
        (name, where) for where, text in texts.items() for name, secret in secrets.items() if secret.encode() in text
    ]


def files_below(*folders: Path) -> dict[str, bytes]:
    found = (path for folder in folders for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {str(path): path.read_bytes() for path in found}


def served(environment: dict[str, str], *arguments: str) -> Ran:
    """Serve until a few pages were asked for, and end it as an operator would."""
    known = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
    program = [sys.executable, "-m", "linernotes", *arguments, "--json"]
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=known | environment
    ) as process:
        assert process.stdout
        ready = process.stdout.readline()
        bodies = [urllib3.request("GET", f"{orjson.loads(ready)['url']}{path}").data for path in PAGES] if ready else []
        process.terminate()
        out, err = process.communicate(timeout=60)
    return Ran(process.returncode, ready + out + b"".join(bodies).decode(errors="replace"), err)


PAGES = ("/", "/?text=love", "/api/v1/search?text=love", "/api/v1/nonsense", "/api/v1/export", "/health", "/ready")


def test_the_secrets_are_found_nowhere(node: Node, run: Run, tmp_path: Path) -> None:
    password, key = node.own.read_password(), node.keys["operator"].encoded
    secrets = {"password": password, "key": key, "wrong key": WRONG, "wrong password": "a-password-that-is-wrong"}
    # The key's second half is its secret; it stands in the key in Base64, and could be shown without.
    secrets["secret of the key"] = base64.b64decode(key).decode().partition(":")[2]
    ways = {
        "password": {"USERNAME": "elastic", "PASSWORD": password},
        "key": {"API_KEY": key},
        "wrong key": {"API_KEY": WRONG},
        "wrong password": {"USERNAME": "elastic", "PASSWORD": secrets["wrong password"]},
        "in the address": {"URL": node.url.replace("//", f"//elastic:{password}@")},
        "in the open": {"URL": "http://192.0.2.1:9", "USERNAME": "elastic", "PASSWORD": password},
        "unsendable": {"API_KEY": f"{key}\nx"},
    }
    catalogue, out = tmp_path / "catalogue.csv", tmp_path / "out"
    catalogue.write_text("artist,title\nkurt vile,pretty pimpin\n")
    out.mkdir()
    printed: dict[str, bytes] = {}
    codes: dict[str, int] = {}
    with processes() as seen, running(Stub()) as kibana:
        known = {"sample": str(node.sample), "catalogue": str(catalogue), "out": str(out), "kibana": kibana.url}
        known["declaration"] = str(Path(__file__).parents[2] / "docs" / "examples" / "fma-excerpt.toml")
        for number, (command, one) in enumerate(ARGUMENTS.items()):
            arguments = [argument.format_map(known) for argument in one.arguments]
            others = {name: value.format_map(known) for name, value in one.settings.items()}
            # Each command by one way that works and one that doesn't, with the traceback that --debug shows.
            works, fails = one.way or list(ways)[number % 2], list(ways)[2 + number % 5]
            for way in (works, fails):
                told = f"{' '.join(command)} by {way}"
                environment = node.environment(**(ways[way] | others))
                start = served if command == ("serve",) else run
                ran = start(environment, "--debug", *command, *arguments)
                shown = ran.out
                if command == ("keys", "create") and not ran.code:
                    secrets["new key"], shown = ran.out.strip(), ""  # to be shown this once, and nowhere else
                printed[told], codes[told] = f"{shown}{ran.err}".encode(), ran.code
    texts = printed | {"processes": "\n".join(seen).encode()} | files_below(out)
    texts |= files_below(node.home / "node" / "node-1" / "logs")
    texts |= {str(path): path.read_bytes() for path in (node.home / "node").glob("node-1.*")}
    texts |= {"indices": indexed(node)}
    tidy(node)
    assert "new key" in secrets
    assert found_in(texts, secrets) == []
    assert any("serve" in one.split("\0") for one in seen), "the server was looked at while it ran"
    failed = [told for told, code in codes.items() if code]
    assert len(failed) >= len(ARGUMENTS) * 2 // 3, "enough of it went wrong"
    assert len(codes) - len(failed) >= len(ARGUMENTS) // 2, "and enough of it worked"


def tidy(node: Node) -> None:
    """Delete what the demo loaded."""
    with node.client("elastic") as client:
        for index in client.indices.get(index=f"{PREFIX}-demo*", features="aliases", expand_wildcards="all").body:
            client.indices.delete(index=index)


def test_the_search_for_secrets_finds_one(tmp_path: Path) -> None:
    (tmp_path / "log").write_text("... password=hunter2 ...")
    assert found_in(files_below(tmp_path), {"password": "hunter2"}) == [("password", str(tmp_path / "log"))]


def indexed(node: Node) -> bytes:
    """Return all that is written in the indices of the prefix: tracks, ledger, history, rejected records, locks."""
    with node.client("elastic") as client:
        client.indices.refresh(index=f"{PREFIX}*")
        hits = list(scan(client, index=f"{PREFIX}*"))
        about = client.indices.get(index=f"{PREFIX}*").body
    assert any("ledger" in hit["_index"] for hit in hits)
    return orjson.dumps([hits, about])


@pytest.mark.parametrize("text", ["Credentials", "NewKey", "Settings", "Pair"])
def test_no_repr_tells_a_secret(text: str) -> None:
    from linernotes import settings
    from linernotes.security.certificates import Pair
    from linernotes.security.credentials import Credentials
    from linernotes.security.keys import NewKey

    shown = {
        "Credentials": Credentials("hunter2", "ann", "hunter2"),
        "NewKey": NewKey("1", "n", "reader", "hunter2"),
        "Pair": Pair(b"", b"hunter2"),
        "Settings": settings.from_environment({"LINERNOTES_PASSWORD": "hunter2", "LINERNOTES_API_KEY": "hunter2"}),
    }
    assert "hunter2" not in repr(shown[text])
