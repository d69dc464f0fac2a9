"""Exports: what is in the file is what is in the index, and the file is whole or isn't there."""

import csv
import gzip
import hashlib
import io
import resource
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan as every
from jsonschema import validate

import queries
from linernotes.export import writers
from linernotes.export.run import run as export_all
from linernotes.export.writers import zstd
from linernotes.output.files import open_output, output_file
from mappings.schema import SCHEMA
from mappings.track import SHOWN
from queries import Hit, Searcher, export
from queries.export import ROW
from tests.cli.conftest import Run
from tests.cli.test_contract import schema
from tests.queries import made
from tests.queries.tracks import documents, load, track, write

KINDS = (".ndjson", ".csv", ".parquet")
ROWS = 30_000

Rows = Iterable[Mapping[str, Any]]


def as_texts(row: Mapping[str, Any]) -> list[str]:
    """Return a row as a CSV has it, so that all formats can be compared."""
    return [_text(row[name]) for name in ROW]


def _text(value: object) -> str:
    if isinstance(value, list):
        return writers.BETWEEN.join(value)
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def read(path: Path) -> Sequence[Mapping[str, Any]]:
    if path.suffix == ".csv":
        with path.open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))
    if path.suffix == ".parquet":
        return pl.read_parquet(path).to_dicts()
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def digest(rows: Rows) -> str:
    """Return a hash over ids and contents, whatever the order of rows."""
    lines = sorted(orjson.dumps(as_texts(row)) for row in rows)
    return hashlib.sha256(b"\n".join(lines)).hexdigest()


def indexed(client: Elasticsearch, prefix: str) -> Rows:
    """Yield all rows of the index, as the client library's own helper finds them."""
    for hit in every(client, index=prefix, query={"query": {"match_all": {}}}, size=5_000):
        yield Hit(hit["_id"], None, None, hit["_source"]).as_json()


def folder(path: Path) -> list[str]:
    return sorted(entry.name for entry in path.iterdir())


@pytest.mark.slow
def test_each_format_equals_the_index_under_ties_and_writes(client: Elasticsearch, prefix: str, tmp_path: Path) -> None:
    load(client, prefix, [entry | {"plays": 1, "year": 2000} for entry in made.tracks(ROWS, seed=1)], shards=2)
    searcher = Searcher(client, prefix)
    for number, kind in enumerate(KINDS):
        expected = digest(indexed(client, prefix))
        out = output_file(tmp_path / f"all{kind}", KINDS, overwrite=False)
        done = threading.Event()
        with open_output(out) as stream, export.open_scan(searcher, queries.request("")) as found:
            writer = threading.Thread(target=_disturb, args=(client, prefix, number, done))
            writer.start()
            while not client.count(index=prefix, query={"term": {"artists": "newcomer"}})["count"]:
                client.indices.refresh(index=prefix)
            try:
                exported = export_all(found, out, stream, threading.Event())
            finally:
                done.set()
                writer.join()
        rows = read(out.path)
        assert len({row["id"] for row in rows}) == len(rows) == exported.rows >= ROWS
        assert digest(rows) == expected
        assert digest(indexed(client, prefix)) != expected


def _disturb(client: Elasticsearch, prefix: str, number: int, done: threading.Event) -> None:
    old = documents(made.tracks(500, seed=1))
    while True:
        new = documents(track(ROWS + number * 500 + n, "newcomer", ["Newcomer"]) for n in range(500))
        write(client, prefix, [*new, *(doc | {"plays": number + 2} for doc in old)])
        if done.wait(0.05):
            return


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("kind", [".ndjson", ".csv", ".parquet", ".ndjson.gz", ".ndjson.zst", ".csv.gz"])
@pytest.mark.parametrize("arguments", [("love",), ("--genre", "rock", "--year", "1990..")], ids=" ".join)
def test_an_export_is_what_search_finds(run: Run, tmp_path: Path, kind: str, arguments: tuple[str, ...]) -> None:
    answer = orjson.loads(run("search", *arguments, "--size", "1000", "--json").out)
    out = tmp_path / f"found{kind}"
    ran = run("export", *arguments, "--out", out, "--json")
    assert ran.code == 0, ran.err
    summary = orjson.loads(ran.out)
    validate(summary, schema("export"))
    total = answer["total"]["value"]
    assert summary["rows"] == sum(summary["generations"].values()) == total > 10
    assert summary["bytes"] == out.stat().st_size
    assert f"{total:,} tracks to export." in ran.err
    assert folder(tmp_path) == [out.name]

    plain = tmp_path / f"plain{Path(out.stem).suffix or kind}"
    plain.write_bytes(_unpacked(out))
    rows = {row["id"]: as_texts(row) for row in read(plain)}
    if total <= 1000:
        expected = {hit["id"]: as_texts(hit) for hit in answer["hits"]}
        if ".csv" in kind:
            expected = {name: [value.replace("'", "") for value in row] for name, row in expected.items()}
            rows = {name: [value.replace("'", "") for value in row] for name, row in rows.items()}
        assert rows == expected


def _unpacked(path: Path) -> bytes:
    opened: Mapping[str, Any] = {".gz": gzip.open, ".zst": zstd.open}
    with opened.get(path.suffix, open)(path, "rb") as file:
        return bytes(file.read())


@pytest.mark.usefixtures("on_samples")
def test_a_line_is_a_hit_without_score_and_match(run: Run) -> None:
    lines = run("export", "kurt vile", "--out", "-").out.splitlines()
    hits = orjson.loads(run("search", "kurt vile", "--size", "1000", "--json").out)["hits"]
    for hit in hits:
        del hit["score"], hit["match"]
    assert sorted(lines) == sorted(orjson.dumps(hit).decode() for hit in hits)
    assert lines


@pytest.mark.usefixtures("on_samples")
def test_parquet_has_the_types_of_the_field_table(run: Run, tmp_path: Path) -> None:
    assert run("export", "--out", tmp_path / "all.parquet").code == 0
    frame = pl.read_parquet(tmp_path / "all.parquet")
    assert frame.schema == {"id": pl.String} | {name: SCHEMA[name] for name in frame.columns if name != "id"}
    assert set(frame.columns) == {"id", *SHOWN}
    assert frame["release_date"].drop_nulls().len() > 0


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("kind", KINDS)
def test_nothing_found_is_a_whole_file(run: Run, tmp_path: Path, kind: str) -> None:
    out = tmp_path / f"none{kind}"
    ran = run("export", "no such thing anywhere", "--out", out, "--json")
    assert (ran.code, orjson.loads(ran.out)["rows"]) == (0, 0)
    assert read(out) == []
    if kind == ".csv":
        assert out.read_text().splitlines() == [",".join(ROW)]
    if kind == ".parquet":
        assert list(pl.read_parquet(out).columns) == list(ROW)


HOSTILE = (
    "=1+1",
    "+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    " =1",
    '"=1',
    "'=1",
    "\u200b=1",
    "\ufeff@x",
    "＝1+1",
    "fine;=1+1",
    "fine;\t-1",
    "two\nlines",
    "two\n=lines",
    'say "x", he said; -y',
    '=HYPERLINK("http://127.0.0.1","x")',
    "AC/DC",
    "a-b+c=d@e",
)


@pytest.mark.usefixtures("cli_environment")
def test_no_cell_is_a_formula(client: Elasticsearch, prefix: str, run: Run, tmp_path: Path) -> None:
    hostile = [
        track(n, text, [text, f"and {text}", text], album=text, tags=[text], source_id=f"-{n}", duration_s=-1.5)
        for n, text in enumerate(HOSTILE)
    ]
    load(client, prefix, hostile)
    assert run("export", "--out", tmp_path / "all.csv").code == 0
    content = (tmp_path / "all.csv").read_text(encoding="utf-8")
    for separator in (",", ";", "\t"):
        for row in list(csv.reader(io.StringIO(content, newline=""), delimiter=separator))[1:]:
            for cell in row:
                bare = cell.lstrip(" \t\r\n\"'\u200b\ufeff")
                quoted = cell[: len(cell) - len(bare)]
                assert "'" in quoted or not bare.startswith(tuple("=+-@＝＋－＠")) or _number(cell), (separator, cell)
    rows = {row["title"]: row for row in read(tmp_path / "all.csv")}
    assert len(rows) == len(HOSTILE)
    assert {"AC/DC", "a-b+c=d@e", "two\nlines"} < set(rows)
    assert {row["duration_s"] for row in rows.values()} == {"-1.5"}
    assert rows["AC/DC"]["source_id"] == f"'-{HOSTILE.index('AC/DC')}"
    assert rows["AC/DC"]["artists"] == "AC/DC; and AC/DC; AC/DC"


def _number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("name", ["x.xls", "x", "x.parquet.gz", "no/such/folder.csv", ".ndjson"])
def test_a_place_that_is_none_is_told_before_anything_is_asked(
    run: Run, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LINERNOTES_URL", "http://127.0.0.1:9")
    ran = run("export", "--out", tmp_path / name)
    assert (ran.code, ran.out, ran.err.count("\n")) == (1, "", 1)
    assert folder(tmp_path) == []


@pytest.mark.usefixtures("on_samples")
def test_an_existing_file_is_kept(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "mine.csv"
    out.write_text("mine")
    ran = run("export", "kurt vile", "--out", out)
    assert (ran.code, out.read_text(), ran.err.count("\n")) == (1, "mine", 1)
    assert run("export", "kurt vile", "--out", out, "--overwrite").code == 0
    assert read(out)


@pytest.mark.usefixtures("on_samples")
def test_rows_and_summary_do_not_mix(run: Run) -> None:
    ran = run("export", "--out", "-", "--json")
    assert (ran.code, ran.out) == (1, "")


def test_without_elasticsearch_nothing_is_left(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINERNOTES_URL", "http://127.0.0.1:9")
    ran = run("export", "--out", tmp_path / "x.csv")
    assert (ran.code, ran.out, folder(tmp_path)) == (3, "", [])


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_export_leaves_nothing(tmp_path: Path, kind: str, number: int) -> None:
    out = tmp_path / f"all{kind}"
    command = [sys.executable, "-m", "linernotes", "export", "--out", str(out)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    while process.poll() is None and not folder(tmp_path):
        time.sleep(0.001)
    process.send_signal(number)
    _, said = process.communicate(timeout=60)
    assert (process.returncode, folder(tmp_path)) == (130, []), said
    assert said.splitlines()[-1] == "Interrupted: nothing was written."


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("kind", [*KINDS, ".ndjson.gz", ".csv.zst"])
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path, kind: str) -> None:
    # -B: Python 3.11 takes what it could write of a module's bytecode for all of it, and later can't import it.
    command = [sys.executable, "-B", "-m", "linernotes", "export", "--out", str(tmp_path / f"all{kind}")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, preexec_fn=_small_files, timeout=60)
    assert (ran.returncode, ran.stdout, folder(tmp_path)) == (1, "", []), ran.stderr
    assert "can't be written: File too large." in ran.stderr.splitlines()[-1]


def _small_files() -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


@pytest.mark.usefixtures("on_samples")
def test_who_reads_may_stop() -> None:
    command = [sys.executable, "-m", "linernotes", "export", "--out", "-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        said = process.stderr.read().decode()
    assert process.returncode == 130
    assert "Traceback" not in said
    assert "Exception" not in said


@pytest.mark.usefixtures("on_samples")
def test_other_rows_than_counted_are_no_export(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = export.Scan.frames
    monkeypatch.setattr(export.Scan, "frames", lambda found: (frame.head(-1) for frame in whole(found)))
    ran = run("export", "--out", tmp_path / "x.ndjson")
    assert (ran.code, ran.out, folder(tmp_path)) == (5, "", [])
    assert "rows came where" in ran.err
