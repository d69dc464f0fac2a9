"""Snapshots are taken, restored, and moved to Elasticsearch 9, by the calls of `docs/snapshots.md`; so is a home."""

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from linernotes import samples, settings
from linernotes.cli import main
from linernotes.node import download, releases, service, status
from linernotes.node.process import current_account
from linernotes.node.state import Layout
from mappings.errors import InputError
from tests.conftest import MAJOR, node_home

PAGE = Path(__file__).parents[2] / "docs" / "snapshots.md"
CALL = re.compile(r"""curl -X (\w+) "\$URL(\S+)" -H 'Content-Type: application/json' \\\n  -d '(.*)'""")
HEAP = "512m"

Run = Callable[..., Any]


def calls() -> list[tuple[str, str, dict[str, Any]]]:
    return [(method, path, orjson.loads(body)) for method, path, body in CALL.findall(PAGE.read_text("utf-8"))]


def test_the_page_has_the_calls_that_are_tried() -> None:
    assert [(method, path.partition("?")[0]) for method, path, _ in calls()] == [
        ("PUT", "/_snapshot/linernotes"),
        ("PUT", "/_snapshot/linernotes/SNAPSHOT"),
        ("POST", "/_snapshot/linernotes/SNAPSHOT/_restore"),
        ("PUT", "/_snapshot/linernotes"),
    ]
    assert PAGE.read_text("utf-8").count("curl -X") == len(calls())


@pytest.fixture
def snapshots(home: Path) -> Path:
    return home / "snapshots"


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run a command against the node of a home, and return what it answers in JSON."""
    for name in [name for name in os.environ if name.startswith("LINERNOTES_")]:
        monkeypatch.delenv(name)

    def ran(home: Path, *arguments: str) -> Any:
        monkeypatch.setenv("LINERNOTES_HOME", str(home))
        capfd.readouterr()
        code = main.run([*arguments, "--json"])
        out, err = capfd.readouterr()
        assert code in (0, 4), err  # the sample has records that are rejected
        return orjson.loads(out.splitlines()[-1])

    return ran


def send(home: Path, call: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    method, path, body = call
    with Elasticsearch(str(status.url_of(home)), request_timeout=60) as client:
        headers = {"accept": "application/json", "content-type": "application/json"}
        answer = client.perform_request(method, path.replace("SNAPSHOT", "before"), body=body, headers=headers)
        return dict(answer.body)


def answers(run: Run, home: Path) -> dict[str, Any]:
    """Return what users get of the data: hits, facets, generations, rejected records."""
    searches = [("", "dataset,genre,licence,year"), ("kurt vile", "dataset"), ("kino", "language")]
    found = {
        text: run(home, "search", *([text] if text else []), "--facets", facets, "--limit", "20")
        for text, facets in searches
    }
    for answer in found.values():
        answer.pop("took_ms")
    generations = run(home, "generations")["generations"]
    for one in generations:
        one.pop("size_bytes")
    return found | {"generations": generations, "rejected": run(home, "rejected", "list")}


@pytest.mark.slow
@pytest.mark.skipif(MAJOR != 9, reason="a part of `make test-es9`: version 9 needs Java 21 or newer")
def test_data_survive_a_restore_and_the_move_to_version_9(
    home: Path, snapshots: Path, run: Run, tmp_path: Path
) -> None:
    shared = settings.from_environment().home
    eight, nine = (download.distribution(shared, print, releases.of_major(major)) for major in (8, 9))
    repository, take, restore, read_only = calls()
    service.start(home, heap=HEAP, version=8, distribution=eight, snapshots=snapshots)
    files = samples.write(tmp_path)
    for dataset in ("free-music-archive", "sleeping-disco-9m"):
        run(home, "load", dataset, *map(str, files[dataset]))
    before = answers(run, home)
    assert before[""]["total"]["value"] > 2_000
    assert before["rejected"]["total"] > 0

    send(home, repository)
    assert send(home, take)["snapshot"]["state"] == "SUCCESS"
    with Elasticsearch(str(status.url_of(home))) as client:  # what is lost comes back, aliases too
        for index in client.indices.get(index="linernotes*", features="aliases").body:
            client.indices.delete(index=index)
    assert send(home, restore)["snapshot"]["shards"]["failed"] == 0
    assert answers(run, home) == before

    service.stop(home)
    service.start(home, heap=HEAP, version=9, distribution=nine)
    assert status.read_status(home).nodes[0].version == releases.of_major(9).version
    assert answers(run, home) == before
    loaded = run(home, "load", "spotify-tracks-dataset", *map(str, files["spotify-tracks-dataset"]))
    assert (loaded["alias_moved"], loaded["read"]) == (True, 6_000)
    assert run(home, "load", "free-music-archive", *map(str, files["free-music-archive"]))["alias_moved"] is False
    service.stop(home)

    with node_home() as other:  # and beside the old one, from the snapshot that 8 wrote
        copied = other / "snapshots"
        shutil.copytree(snapshots, copied)
        current_account().take([copied])
        service.start(other, heap=HEAP, version=9, distribution=nine, snapshots=copied)
        send(other, read_only)
        assert send(other, restore)["snapshot"]["shards"]["failed"] == 0
        assert answers(run, other) == before


@pytest.mark.skipif(not current_account().switch, reason="only root starts it as another user")
def test_a_folder_that_is_in_use_is_not_given_away(home: Path, distribution: Path) -> None:
    folder = home / "letters"
    folder.mkdir(mode=0o700)
    (folder / "private").write_text("hello")
    with pytest.raises(InputError, match="can't be written"):
        service.start(home, heap="256m", distribution=distribution, snapshots=folder)
    assert (folder / "private").stat().st_uid == os.getuid()
    assert not Layout(home).state.exists()


def test_what_is_no_folder_is_said(home: Path, distribution: Path) -> None:
    (home / "file").write_text("")
    with pytest.raises(InputError, match="can't be used for snapshots: Not a directory"):
        service.start(home, heap="256m", distribution=distribution, snapshots=home / "file")
