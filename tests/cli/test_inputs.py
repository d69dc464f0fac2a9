"""`load` takes files, patterns, folders, archives, packed files, standard input; damage loses no good record."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch

from mappings.index_names import rejected as rejected_index
from tests.cli.conftest import Run
from tests.cli.test_bad_input import one_sentence
from tests.sources.packing import STREAMS, zipped
from tests.sources.support import json_lines

SLEEPING = "sleeping-disco-9m"
SPOTIFY = "spotify-tracks-dataset"

pytestmark = pytest.mark.usefixtures("cli_environment")

Load = Callable[..., dict[str, Any]]


@pytest.fixture
def load(run: Run, client: Elasticsearch, prefix: str) -> Load:
    """Load files; return the result with exit code, and file, row and text of the rejected records."""

    def loaded(dataset: str, *paths: str | Path) -> dict[str, Any]:
        ran = run("load", dataset, *paths, "--max-rejected", "50", "--json")
        assert ran.code in (0, 4), ran.err
        result: dict[str, Any] = orjson.loads(ran.out.splitlines()[-1])
        assert client.count(index=prefix)["count"] == result["indexed"]
        client.indices.refresh(index=rejected_index(prefix), ignore_unavailable=True)
        found = client.search(index=rejected_index(prefix), ignore_unavailable=True, size=50, sort="row")
        return result | {"code": ran.code, "kept": [hit["_source"] for hit in found["hits"]["hits"]]}

    return loaded


def counts(result: dict[str, Any]) -> tuple[int, int, int, int]:
    return result["code"], result["read"], result["indexed"], result["rejected"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with twenty songs: five in each of a plain, a packed and a zipped file, and in a folder."""
    lines = json_lines(20).splitlines(keepends=True)
    pieces = [b"".join(lines[start : start + 5]) for start in range(0, 20, 5)]
    (tmp_path / "sub").mkdir()
    (tmp_path / "a.jsonl").write_bytes(pieces[0])
    (tmp_path / "b.jsonl.zst").write_bytes(STREAMS[".zst"](pieces[1]))
    (tmp_path / "c.jsonl.zip").write_bytes(zipped(pieces[2], "c.jsonl"))
    (tmp_path / "sub" / "d.jsonl.bz2").write_bytes(STREAMS[".bz2"](pieces[3]))
    return tmp_path


def test_a_folder(load: Load, folder: Path) -> None:
    assert counts(load(SLEEPING, folder)) == (0, 20, 20, 0)


def test_a_quoted_pattern(load: Load, folder: Path) -> None:
    assert counts(load(SLEEPING, folder / "[ab].jsonl*")) == (0, 10, 10, 0)


def test_standard_input_after_a_file(load: Load, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = os.dup(0)
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    try:
        with (folder / "b.jsonl.zst").open("rb") as packed:
            os.dup2(packed.fileno(), 0)
            assert counts(load(SLEEPING, folder / "a.jsonl", "-")) == (0, 10, 10, 0)
    finally:
        os.dup2(before, 0)
        os.close(before)


def test_bad_lines_are_rejected_by_row(load: Load, tmp_path: Path) -> None:
    lines = json_lines(6).splitlines()
    lines[1], lines[4] = b'{"lyrics": "SECRET "words" of it', b"\xff\x00 SECRET"
    (tmp_path / "a.jsonl").write_bytes(b"\r\n".join(lines))
    result = load(SLEEPING, tmp_path / "a.jsonl")
    assert counts(result) == (4, 6, 4, 2)
    assert [(kept["file"], kept["row"]) for kept in result["kept"]] == [("a.jsonl", 2), ("a.jsonl", 5)]
    assert "SECRET" not in str(result["kept"])


def test_a_cell_of_5_mb_keeps_no_other_record_out(load: Load, tmp_path: Path) -> None:
    rows = [b"%022d,An artist,%b,rock" % (row, b"x" * (5_000_000 if row == 2 else 5)) for row in range(1, 4)]
    (tmp_path / "dataset.csv").write_bytes(b"\n".join([b"track_id,artists,track_name,track_genre", *rows]))
    result = load(SPOTIFY, tmp_path / "dataset.csv")
    assert (result["read"], result["indexed"] + result["rejected"]) == (3, 3)
    assert [kept["row"] for kept in result["kept"]] in ([], [2])


BAD: dict[str, tuple[str, bytes | None]] = {
    "empty.jsonl.gz": ("is empty", STREAMS[".gz"](b"")),
    **{
        f"cut.jsonl{suffix}": (f"cut.jsonl{suffix} ends in the middle", pack(json_lines(900))[:-30])
        for suffix, pack in STREAMS.items()
    },
    "damaged.jsonl.bz2": ("is damaged", b"BZh9" + b"\0" * 100),
    "cut.zip": ("no whole zip archive", zipped(json_lines(9), "a.jsonl")[:200]),
    "header.csv.gz": ("no JSON Lines file", STREAMS[".gz"](b"track_id,artists\n1,2\n")),
    "nothing": ("holds no file of", None),
    "no*.jsonl": ("No file matches", None),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_of_no_use_is_one_sentence(run: Run, tmp_path: Path, name: str) -> None:
    told, content = BAD[name]
    (tmp_path / "nothing").mkdir()
    if content is not None:
        (tmp_path / name).write_bytes(content)
    ran = run("load", SLEEPING, tmp_path / name)
    assert ran.code == 1
    assert told in one_sentence(ran.err)
