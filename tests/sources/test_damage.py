"""Damaged texts: all good records come in under their own row numbers, the others are named by file and row."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from indexer.documents.bulk_body import encode, finalise
from indexer.readers.csv_reader import CsvReader
from indexer.readers.files import open_text
from indexer.readers.jsonl_reader import JsonLinesReader, only
from indexer.records import SourceFile
from indexer.sources import SOURCES
from mappings.errors import InputError
from tests.sources.support import SLEEPING, SPOTIFY, load

MEGABYTES_5 = 5_000_000

Bytes = Callable[[bytes], bytes]
Row = tuple[int, str | None]


def csv(*titles: bytes) -> bytes:
    rows = [b'%022d,"An artist",%b,rock' % (number, title) for number, title in enumerate(titles, 1)]
    return b"\n".join([b"track_id,artists,track_name,track_genre", *rows, b""])


def json(*titles: bytes) -> bytes:
    rows = [b'{"song_id":%d,"title":"%b","lyrics":"la"}' % (number, title) for number, title in enumerate(titles, 1)]
    return b"\n".join([*rows, b""])


WRITTEN: dict[str, Callable[..., bytes]] = {SPOTIFY: csv, SLEEPING: json}


def outcome(dataset: str, path: Path) -> tuple[list[Row], list[tuple[str, int]]]:
    """Return row and title of each track, and file and row of each rejection."""
    batches = load(dataset, path)
    rows = [row for batch in batches for row in batch.tracks.select("source_row", "title").rows()]
    assert sum(batch.read for batch in batches) == len(rows) + sum(b.skipped + len(b.rejections) for b in batches)
    return rows, [(entry.file, entry.row) for batch in batches for entry in batch.rejections]


HARMLESS: dict[str, Bytes] = {
    "as it should be": lambda text: text,
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "CRLF": lambda text: text.replace(b"\n", b"\r\n"),
    "byte order mark and CRLF": lambda text: b"\xef\xbb\xbf" + text.replace(b"\n", b"\r\n"),
    "no newline at the end": lambda text: text.removesuffix(b"\n"),
    "CRLF, none at the end": lambda text: text.replace(b"\n", b"\r\n").removesuffix(b"\r\n"),
    "blank lines at the end": lambda text: text + b"\n\r\n\n",
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS)
@pytest.mark.parametrize("dataset", WRITTEN)
def test_what_is_harmless_changes_nothing(tmp_path: Path, dataset: str, change: Bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(change(WRITTEN[dataset](b"One", "Zwöi".encode(), b"Three")))
    assert outcome(dataset, path) == ([(1, "One"), (2, "Zwöi"), (3, "Three")], [])


@pytest.mark.parametrize("repeat", [1, 700], ids=["first", "far behind"])
@pytest.mark.parametrize(
    ("dataset", "title"),
    [
        (SPOTIFY, b"\xff\xfe"),
        (SPOTIFY, b'"not closed'),
        (SPOTIFY, b"a,comma too many"),
        (SLEEPING, b"\xff\xfe"),
        (SLEEPING, b"\x00"),
        (SLEEPING, b'a quotation " mark'),
        (SLEEPING, b"tab\tin it"),
        (SLEEPING, b'"}, {"'),
    ],
)
def test_a_bad_record_is_named_and_no_other_is_lost(tmp_path: Path, dataset: str, title: bytes, repeat: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(WRITTEN[dataset](*[b"Good"] * repeat, title, b"Next", b"Last"))
    rows, rejected = outcome(dataset, path)
    good = [(row, "Good") for row in range(1, repeat + 1)]
    assert rows == [*good, (repeat + 2, "Next"), (repeat + 3, "Last")]
    assert rejected == [("file", repeat + 1)]


def test_a_nul_in_a_csv_cell_harms_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(csv(b"One", b"T\x00wo", b"Three"))
    rows, rejected = outcome(SPOTIFY, tmp_path / "file")
    assert [row for row, _ in rows] == [1, 2, 3]
    assert rejected == []


@pytest.mark.parametrize("before", [0, 3, 40_000], ids=["first", "early", "across chunks"])
@pytest.mark.parametrize("inner", [b"x", b"x, y\n", b'x ""y"" '], ids=["plain", "lines", "marks"])
@pytest.mark.parametrize("stray", [b"Good", b'6" record'], ids=["well formed", "stray mark"])
def test_a_cell_of_5_mb_is_one_record(tmp_path: Path, before: int, inner: bytes, stray: bytes) -> None:
    cell = b'"' + inner * (MEGABYTES_5 // len(inner)) + b'"'
    path = tmp_path / "file"
    path.write_bytes(csv(*[stray] * before, cell, b"Last"))
    reader = CsvReader(SourceFile(path, "file"), ("track_id", "track_name"), block=1 << 20)
    batches = [reader.read(chunk) for chunk in reader.chunks()]
    assert not any(batch.rejections for batch in batches)
    lengths = [len(title) for batch in batches for title in batch.frame["track_name"]]
    assert lengths[before:] == [len(cell.replace(b'""', b'"')) - 2, 4]


@pytest.mark.parametrize("dataset", WRITTEN)
def test_a_record_larger_than_a_request_goes_alone(tmp_path: Path, dataset: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(WRITTEN[dataset](b"One", b"x" * MEGABYTES_5, b"Three"))
    bodies = [body for batch in load(dataset, path) for body in encode(finalise(batch, "file").tracks, 0, 2_000_000)]
    assert [body.rows.to_list() for body in bodies] == [[1], [2], [3]]


WHOLE = b'{"song_id": 5, "title": "Kept", "tags": ["rock", null, "lyrics"], "lyrics": "SECRET words\\nSECRET \\"x\\" y"'


@pytest.mark.parametrize("end", range(1, len(WHOLE)))
def test_of_a_line_cut_anywhere_no_lyrics_are_kept(tmp_path: Path, end: int) -> None:
    assert "SECRET" not in kept(tmp_path, WHOLE[:end])


@pytest.mark.parametrize(
    "line",
    [
        b'{"lyrics": "SECRET, "SECRET" SECRET", "song_id": 5, "title": "Kept"',
        b'{"lyrics": ["SECRET", "SECRET"], "song_id": 5, "title": "Kept"',
        b'{"lyrics": {"text": "SECRET"}, "song_id": 5, "title": "Kept"',
        b"{'lyrics': 'SECRET', 'x': 1, \"title\": \"Kept\"",
        b'{"title": "Kept, "lyrics": "SECRET',
        b"{\"title\": \"Kept, 'lyrics': 'SECRET',",
        b'{"title": "Kept\\", "lyrics": "SECRET", ',
        b'{"title": "Kept", "tags": ["rock", "lyrics": "SECRET"]',
        b'SECRET, the second line of a record, "title": "Kept"}',
        b'"SECRET", "title": "Kept"',
        b'{"title": "Kept", "LYRICS": "SECRET"',
        b'\xff{"title": "Kept", "lyrics": "SECRET',
        b'["SECRET"], "title": "Kept"',
    ],
)
def test_no_lyrics_are_kept_of_a_damaged_line(tmp_path: Path, line: bytes) -> None:
    record = kept(tmp_path, line)
    assert "SECRET" not in record
    assert "Kept" in record


@pytest.mark.parametrize("line", [b"SECRET", b'"SECRET"', b'["SECRET"]'])
def test_of_a_line_that_is_no_object_only_the_length_is_kept(tmp_path: Path, line: bytes) -> None:
    assert kept(tmp_path, line) == f"… ({len(line)} bytes)"


def kept(folder: Path, line: bytes) -> str:
    """Return what is kept of a bad line after a good one."""
    path = folder / "a.jsonl"
    path.write_bytes(json(b"One") + line + b"\n")
    (batch,) = load(SLEEPING, path)
    (rejected,) = batch.rejections
    assert (rejected.file, rejected.row) == ("a.jsonl", 2)
    return rejected.record


def test_a_huge_bad_line_is_kept_in_part(tmp_path: Path) -> None:
    assert len(kept(tmp_path, b'{"title": "' + b"x" * MEGABYTES_5)) < 5_000
    assert only(["title"], b'"title": ' * 100_000)


@contextmanager
def nobody(path: Path) -> Iterator[None]:
    """Take the permission to read away; root, who runs the tests in some places, becomes another user meanwhile."""
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        path.chmod(0o755)


@pytest.mark.parametrize("closed", ["sub/a.jsonl", "sub", "."])
@pytest.mark.parametrize("given", ["sub/a.jsonl", "sub", "."])
def test_what_may_not_be_read_is_one_sentence(tmp_path: Path, given: str, closed: str) -> None:
    for folder in (tmp_path, *list(tmp_path.parents)[:2]):
        folder.chmod(0o755)
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.jsonl").write_bytes(json(b"One"))
    (tmp_path / "b.jsonl").write_bytes(json(b"One"))
    with nobody(tmp_path / closed), pytest.raises(InputError, match=r"may not be read by|can't be read"):
        load(SLEEPING, tmp_path / given)


def test_a_folder_a_missing_file_and_wrong_columns_are_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is a folder, not a file"):
        open_text(SourceFile(tmp_path, "folder"))
    with pytest.raises(InputError, match="does not exist"):
        JsonLinesReader(SourceFile(tmp_path / "absent", "absent"), {})
    with pytest.raises(InputError, match="does not exist"):
        SOURCES[SLEEPING].files([Path("nul\0in it")])
    (tmp_path / "file").write_bytes(b"a,b\n1,2\n")
    with pytest.raises(InputError, match="column track_id is missing"):
        load(SPOTIFY, tmp_path / "file")


def test_quoted_patterns_are_expanded_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("part-10.jsonl", "part-2.jsonl", "part-[1].jsonl", "sub/part-3.jsonl"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(json(b"One"))
    files = SOURCES[SLEEPING].files
    assert [file.name for file in files([tmp_path / "part-[0-9]*.jsonl"])] == ["part-2.jsonl", "part-10.jsonl"]
    assert [file.name for file in files([tmp_path / "part-[1].jsonl"])] == ["part-[1].jsonl"]
    assert len(files([tmp_path / "**" / "*.jsonl"])) == 4
    with pytest.raises(InputError, match="No file matches"):
        files([tmp_path / "*.json"])
