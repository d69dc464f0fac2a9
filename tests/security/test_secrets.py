"""A known password and a known API key run through every command, half of which fail: they turn up nowhere."""

import base64
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
import psutil
import pytest
from elasticsearch.helpers import scan
from typer.main import get_command

from linernotes.cli import app
from tests.cli.conftest import Run, commands
from tests.security.conftest import PREFIX, Node

# What each command is given. One that isn't named here explains itself, which must not tell anything either.
ARGUMENTS: dict[tuple[str, ...], list[str]] = {
    ("node", "status"): [],
    ("node", "start"): ["--heap", "512m"],
    ("node", "logs"): ["--lines", "100000"],
    ("keys", "list"): [],
    ("keys", "revoke"): ["no-such-id"],
    ("datasets",): [],
    ("load",): ["spotify-tracks-dataset", "{sample}", "--limit", "60", "--fresh", "--force", "a test"],
    ("update",): ["spotify-tracks-dataset", "{sample}", "--dry-run"],
    ("reindex",): ["spotify-tracks-dataset"],
    ("generations",): [],
    ("rollback",): ["spotify-tracks-dataset"],
    ("prune",): ["spotify-tracks-dataset", "--keep", "1"],
    ("history",): [],
    ("watch", "list"): [],
    ("rejected", "list"): ["spotify-tracks-dataset"],
    ("rejected", "export"): ["spotify-tracks-dataset", "--out", "{out}/rejected.ndjson"],
    ("rejected", "replay"): ["spotify-tracks-dataset"],
    ("search",): ["love"],
    ("facet",): ["genre"],
    ("suggest",): ["lo"],
    ("artist",): ["comedy"],
    ("overlap",): [],
    ("stats",): [],
    ("export",): ["--out", "{out}/all.ndjson"],
    ("check",): ["{catalogue}", "--out", "{out}/report.html"],
    ("verify",): ["{catalogue}"],
    ("doctor",): [],
}
WRONG = "c2VjcmV0LW9mLXRoZS13cm9uZy1rZXk6d3Jvbmctc2VjcmV0LXZhbHVl"


@contextmanager
def processes() -> Iterator[set[str]]:
    """Collect what anybody can see of all processes, many times a second."""
    seen: set[str] = set()
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.02):
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


def test_the_secrets_are_found_nowhere(node: Node, run: Run, tmp_path: Path) -> None:
    password, key = node.own.read_password(), node.keys["operator"].encoded
    secrets = {"password": password, "key": key, "wrong key": WRONG, "wrong password": "a-password-that-is-wrong"}
    # The key's second half is its secret; it stands in the key in Base64, and could be shown without.
    secrets["secret of the key"] = base64.b64decode(key).decode().partition(":")[2]
    ways = {
        "password": node.environment(USERNAME="elastic", PASSWORD=password),
        "key": node.environment(API_KEY=key),
        "wrong key": node.environment(API_KEY=WRONG),
        "wrong password": node.environment(USERNAME="elastic", PASSWORD=secrets["wrong password"]),
        "in the address": node.environment(URL=node.url.replace("//", f"//elastic:{password}@")),
        "in the open": node.environment(URL="http://192.0.2.1:9", USERNAME="elastic", PASSWORD=password),
        "unsendable": node.environment(API_KEY=f"{key}\nx"),
    }
    catalogue, out = tmp_path / "catalogue.csv", tmp_path / "out"
    catalogue.write_text("artist,title\nkurt vile,pretty pimpin\n")
    out.mkdir()
    known = {"sample": str(node.sample), "catalogue": str(catalogue), "out": str(out)}
    printed: dict[str, bytes] = {}
    codes: dict[str, int] = {}
    every = list(commands(get_command(app.app)))
    with processes() as seen:
        for number, command in enumerate(every):
            arguments = [one.format(**known) for one in ARGUMENTS.get(command, ["--help"])]
            # Each command by one way that works and one that doesn't, with the traceback that --debug shows.
            works, fails = list(ways)[number % 2], list(ways)[2 + number % 5]
            for way in (works, fails):
                ran = run(ways[way], "--debug", *command, *arguments)
                told = f"{' '.join(command)} by {way}"
                printed[told], codes[told] = f"{ran.out}{ran.err}".encode(), ran.code
    texts = printed | {"processes": "\n".join(seen).encode()} | files_below(out)
    texts |= files_below(node.home / "node" / "node-1" / "logs")
    texts |= {str(path): path.read_bytes() for path in (node.home / "node").glob("node-1.*")}
    texts |= {"indices": indexed(node)}
    assert found_in(texts, secrets) == []
    assert seen
    failed = [told for told, code in codes.items() if code]
    assert len(failed) >= len(ARGUMENTS) * 2 // 3, "enough of it went wrong"
    assert len(codes) - len(failed) >= len(ARGUMENTS) // 2, "and enough of it worked"


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


@pytest.mark.parametrize("text", ["Credentials", "NewKey", "Access", "Settings", "Pair"])
def test_no_repr_tells_a_secret(text: str) -> None:
    from linernotes import settings
    from linernotes.node.probe import Access
    from linernotes.security.certificates import Pair
    from linernotes.security.credentials import Credentials
    from linernotes.security.keys import NewKey

    shown = {
        "Credentials": Credentials("hunter2", "ann", "hunter2"),
        "NewKey": NewKey("1", "n", "reader", "hunter2"),
        "Access": Access(None, "hunter2"),
        "Pair": Pair(b"", b"hunter2"),
        "Settings": settings.from_environment({"LINERNOTES_PASSWORD": "hunter2", "LINERNOTES_API_KEY": "hunter2"}),
    }
    assert "hunter2" not in repr(shown[text])
