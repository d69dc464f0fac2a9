"""Packed files give what the plain ones give; those that end in the middle are told, and nothing of them is read."""

import hashlib
import io
import itertools
import os
import random
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from indexer.load.plan import make
from indexer.readers import compression
from indexer.readers.compression import STDIN
from indexer.readers.jsonl_reader import JsonLinesReader
from indexer.sources import SOURCES
from linernotes.samples.synthetic import laion_row
from mappings.errors import InputError
from tests.sources.packing import STREAMS, zipped
from tests.sources.support import FMA, FMA_TRACKS, LAION, SLEEPING, SPOTIFY, SPOTIFY_ORIGINAL, json_lines, load, tracks

Pack = Callable[[bytes], bytes]

TEXTS = {FMA: FMA_TRACKS.read_bytes(), SPOTIFY: SPOTIFY_ORIGINAL.read_bytes(), SLEEPING: json_lines(300)}
PLAIN = {FMA: "tracks.csv", SPOTIFY: "dataset.csv", SLEEPING: "a.jsonl", LAION: "0.parquet"}
EVIDENCE = pl.exclude("source_file")


def parquet() -> bytes:
    written = io.BytesIO()
    pl.DataFrame([laion_row(number) for number in range(1, 50)]).write_parquet(written)
    return written.getvalue()


@pytest.mark.parametrize("suffix", [*STREAMS, ".zip"])
@pytest.mark.parametrize("dataset", PLAIN)
def test_packed_is_read_as_plain(tmp_path: Path, dataset: str, suffix: str) -> None:
    content = TEXTS.get(dataset) or parquet()
    plain = tmp_path / PLAIN[dataset]
    plain.write_bytes(content)
    packed = tmp_path / f"{plain.name}{suffix}"
    packed.write_bytes(zipped(content, plain.name) if suffix == ".zip" else STREAMS[suffix](content))
    assert tracks(dataset, packed).select(EVIDENCE).equals(tracks(dataset, plain).select(EVIDENCE))
    assert {file.name.split("/")[0] for file in SOURCES[dataset].files([tmp_path])} == {plain.name, packed.name}


@pytest.mark.parametrize("suffix", STREAMS)
def test_the_name_does_not_matter_and_streams_may_follow_each_other(tmp_path: Path, suffix: str) -> None:
    first, second = json_lines(3), json_lines(5)[len(json_lines(3)) :]
    path = tmp_path / "a.jsonl"
    path.write_bytes(STREAMS[suffix](first) + STREAMS[suffix](second))
    assert tracks(SLEEPING, path)["source_row"].to_list() == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.9999])
@pytest.mark.parametrize("suffix", STREAMS)
@pytest.mark.parametrize("dataset", PLAIN)
def test_of_a_file_that_ends_in_the_middle_nothing_is_read(
    tmp_path: Path, dataset: str, suffix: str, share: float
) -> None:
    packed = STREAMS[suffix](TEXTS.get(dataset) or parquet())
    path = tmp_path / f"{PLAIN[dataset]}{suffix}"
    path.write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(InputError) as told:
        load(dataset, path)
    assert str(told.value) == f"{path.name} ends in the middle. Download it again."


def test_a_missing_checksum_is_a_missing_end(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl.gz").write_bytes(STREAMS[".gz"](json_lines(5))[:-8])
    with pytest.raises(InputError, match="ends in the middle"):
        load(SLEEPING, tmp_path / "a.jsonl.gz")


@pytest.mark.parametrize("suffix", STREAMS)
def test_of_a_damaged_file_nothing_is_read(tmp_path: Path, suffix: str) -> None:
    packed = bytearray(STREAMS[suffix](json_lines(300)))
    packed[len(packed) // 2 : len(packed) // 2 + 40] = random.Random(1).randbytes(40)
    path = tmp_path / f"a.jsonl{suffix}"
    path.write_bytes(packed)
    with pytest.raises(InputError, match=rf"^a\.jsonl{suffix} is damaged \([^\n]*\)\. Download it again\.$"):
        load(SLEEPING, path)


def test_a_wrong_checksum_is_damage(tmp_path: Path) -> None:
    packed = bytearray(STREAMS[".gz"](json_lines(5)))
    packed[-8] ^= 1
    (tmp_path / "a.jsonl.gz").write_bytes(packed)
    with pytest.raises(InputError, match="is damaged"):
        load(SLEEPING, tmp_path / "a.jsonl.gz")


@pytest.mark.parametrize("share", [0.001, 0.5, 0.99])
def test_a_cut_off_archive_is_one_sentence_as_its_table_of_contents_is_at_its_end(tmp_path: Path, share: float) -> None:
    packed = zipped(TEXTS[SPOTIFY])
    (tmp_path / "a.zip").write_bytes(packed[: int(len(packed) * share)])
    with pytest.raises(InputError, match=r"^a\.zip is no whole zip archive"):
        load(SPOTIFY, tmp_path / "a.zip")


def test_all_members_of_an_archive_are_read_in_order(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in ("s/b.jsonl", "s/a.jsonl", "__MACOSX/s/._a.jsonl", "notes.txt"):
            archive.writestr(name, json_lines(2))
    for given in (path, tmp_path):
        names = [file.name for file in SOURCES[SLEEPING].files([given])]
        assert names == ["all.zip/s/a.jsonl", "all.zip/s/b.jsonl"]


def test_a_locked_archive_is_one_sentence(tmp_path: Path) -> None:
    packed = bytearray(zipped(TEXTS[SPOTIFY]))
    for flags in (6, packed.rindex(b"PK\x01\x02") + 8):
        packed[flags] |= 1
    (tmp_path / "a.zip").write_bytes(packed)
    with pytest.raises(InputError, match="encrypted, password required"):
        load(SPOTIFY, tmp_path / "a.zip")


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[bytes], None]]:
    """Make bytes this process's standard input, through a real pipe."""
    before = os.dup(0)
    writers = []

    def pipe(content: bytes) -> None:
        code = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
        path = Path(os.environ["PIPED"])
        path.write_bytes(content)
        writer = subprocess.Popen([sys.executable, "-c", code, path], stdout=subprocess.PIPE)
        assert writer.stdout
        os.dup2(writer.stdout.fileno(), 0)
        writers.append(writer)

    monkeypatch.setattr(sys, "stdin", io.StringIO())
    yield pipe
    os.dup2(before, 0)
    os.close(before)
    for writer in writers:
        writer.communicate()


@pytest.mark.parametrize("pack", [bytes, *STREAMS.values()], ids=["plain", *STREAMS])
@pytest.mark.parametrize("dataset", PLAIN)
def test_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piped: Callable[[bytes], None], dataset: str, pack: Pack
) -> None:
    monkeypatch.setenv("PIPED", str(tmp_path / "piped"))
    content = pack(TEXTS.get(dataset) or parquet())
    piped(content)
    plan = make(SOURCES[dataset], SOURCES[dataset].files([STDIN]), None)
    (entry,) = plan.files
    assert (entry.file.name, entry.file.sha256) == ("stdin", hashlib.sha256(content).hexdigest())
    (tmp_path / "plain").write_bytes(content)
    read = sum(entry.reader.read(chunk).frame.height for chunk in entry.chunks)
    assert read == sum(batch.read for batch in load(dataset, tmp_path / "plain")) > 0


def test_an_archive_as_standard_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piped: Callable[[bytes], None]
) -> None:
    monkeypatch.setenv("PIPED", str(tmp_path / "piped"))
    piped(zipped(TEXTS[FMA], "fma_metadata/tracks.csv"))
    (file,) = SOURCES[FMA].files([STDIN])
    assert file.name == "stdin/fma_metadata/tracks.csv"
    assert SOURCES[FMA].normalise(*next(reading(FMA, file))).tracks.height > 600


def reading(dataset: str, file: Any) -> Iterator[Any]:
    reader = SOURCES[dataset].reader(file)
    return ((reader.read(chunk), file) for chunk in reader.chunks())


def test_empty_standard_input_and_a_terminal_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, piped: Callable[[bytes], None]
) -> None:
    monkeypatch.setenv("PIPED", str(tmp_path / "piped"))
    piped(b"")
    with pytest.raises(InputError, match="stdin is empty"):
        load(SLEEPING, STDIN)
    monkeypatch.setattr(sys, "stdin", type("Terminal", (), {"isatty": lambda _: True})())
    with pytest.raises(InputError, match="is a terminal"):
        load(SLEEPING, STDIN)


def test_a_pipe_with_a_name_is_read_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "plain").write_bytes(json_lines(4))
    with subprocess.Popen(["cp", tmp_path / "plain", tmp_path / "fifo"]):
        (file,) = SOURCES[SLEEPING].files([tmp_path / "fifo"])
    plan = make(SOURCES[SLEEPING], [file], None)
    assert (plan.rows, file.name) == (4, "fifo")


def packed_json(folder: Path) -> Path:
    path = folder / "a.jsonl.gz"
    path.write_bytes(STREAMS[".gz"](json_lines(10)))
    return path


def test_nothing_is_left_of_temporary_files_after_a_kill(tmp_path: Path) -> None:
    code = (
        "import os, sys, signal; from pathlib import Path; from indexer.sources import SOURCES;"
        "s = SOURCES['sleeping-disco-9m']; r = s.reader(s.files([Path(sys.argv[1])])[0]); os.kill(os.getpid(), 9)"
    )
    path = packed_json(tmp_path)
    (tmp_path / "spool").mkdir()
    environment = os.environ | {"TMPDIR": str(tmp_path / "spool")}
    ended = subprocess.run([sys.executable, "-c", code, path], env=environment, check=False)
    assert (ended.returncode, list((tmp_path / "spool").iterdir())) == (-9, [])


def test_a_file_is_unpacked_once_for_a_load(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = itertools.count()
    temporary = compression._temporary
    monkeypatch.setattr(compression, "_temporary", lambda *given: (next(calls), temporary(*given))[1])
    plan = make(SOURCES[SLEEPING], SOURCES[SLEEPING].files([packed_json(tmp_path)]), None)
    for _, chunk in [*plan.chunks(), *plan.chunks()]:
        plan.files[0].reader.read(chunk)
    assert next(calls) == 1


def test_descriptors_are_closed_when_nobody_reads_any_more(tmp_path: Path) -> None:
    path = packed_json(tmp_path)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        load(SLEEPING, path)
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2


@pytest.mark.parametrize("pack", [bytes, STREAMS[".gz"]], ids=["plain", "packed"])
def test_there_may_be_more_files_than_may_be_open(tmp_path: Path, pack: Pack) -> None:
    for number in range(1_100):
        (tmp_path / f"{number}.jsonl.gz").write_bytes(pack(b'{"song_id": %d, "title": "One"}\n' % number))
    code = (
        "import resource, sys; from pathlib import Path;"
        "from indexer.load import plan; from indexer.sources import SOURCES;"
        "most = resource.getrlimit(resource.RLIMIT_NOFILE)[1];"
        "resource.setrlimit(resource.RLIMIT_NOFILE, (100, int(sys.argv[2]) or most));"
        "s = SOURCES['sleeping-disco-9m']; p = plan.make(s, s.files([Path(sys.argv[1])]), None);"
        "print(sum(entry.reader.read(chunk).frame.height for entry in p.files for chunk in entry.chunks))"
    )
    limit = 100 if pack is bytes else 0  # a copy needs a descriptor, so the limit is raised
    ran = subprocess.run([sys.executable, "-c", code, tmp_path, str(limit)], capture_output=True, check=False)
    assert (ran.stdout, ran.stderr) == (b"1100\n", b"")


def test_a_file_that_is_changed_while_it_is_loaded_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(json_lines(3))
    source = SOURCES[SLEEPING]
    reader = source.reader(source.files([path])[0])
    (chunk,) = reader.chunks()
    path.write_bytes(json_lines(4))
    with pytest.raises(InputError, match=r"^a\.jsonl was changed while it was read\. "):
        reader.read(chunk)
    path.unlink()
    with pytest.raises(InputError, match=r"^a\.jsonl can't be read: No such file"):
        reader.read(chunk)


def test_too_small_a_disk_is_told_before_unpacking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed_json(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(InputError, match=r"^a\.jsonl\.gz needs 0 MB in .* which has 0 MB left\. Free some"):
        load(SLEEPING, path)


def test_a_disk_that_gets_full_is_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = packed_json(tmp_path)
    monkeypatch.setattr(compression, "_temporary", lambda *_: open("/dev/full", "wb", buffering=0))  # noqa: PTH123, SIM115
    with pytest.raises(InputError, match=r"can't be unpacked into .*: No space left on device\. Free some"):
        load(SLEEPING, path)


def test_text_without_the_end_of_a_record_stops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexer.readers.files.UNENDED_BYTES", 1000)
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"song_id": 1}\n' + b"[" * 5000)
    (file,) = SOURCES[SLEEPING].files([path])
    with pytest.raises(InputError, match="has no end of a record in 0 MB"):
        JsonLinesReader(file, {}, block=100).chunks()
