"""JSON Lines: every object once, in order; lines that hold none are named by their number."""

import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.readers.jsonl_reader import JsonLinesReader
from indexer.records import SOURCE_ROW, RawBatch, Rejection, SourceFile
from mappings.errors import InputError

KEYS = {"id": pl.String(), "tags": pl.List(pl.String)}


def reader(path: Path, content: bytes, block: int = 1 << 20) -> JsonLinesReader:
    path.write_bytes(content)
    return JsonLinesReader(SourceFile(path, path.name), KEYS, block)


def read_all(source: JsonLinesReader) -> tuple[list[dict[str, Any]], list[Rejection], int]:
    batches: list[RawBatch] = []
    for chunk in source.chunks():
        batch = source.read(chunk)
        assert chunk.rows == batch.frame.height + len(batch.rejections) + batch.skipped
        batches.append(batch)
    rows = [row for batch in batches for row in batch.frame.rows(named=True)]
    return rows, [entry for batch in batches for entry in batch.rejections], sum(batch.skipped for batch in batches)


def one(tmp_path: Path, line: bytes) -> dict[str, Any]:
    rows, rejected, _ = read_all(reader(tmp_path / "a.jsonl", line))
    assert not rejected
    return rows[0]


values = st.one_of(st.none(), st.text(max_size=5), st.integers(), st.booleans())
objects = st.fixed_dictionaries(
    {}, optional={"id": values, "tags": st.one_of(st.none(), st.text(max_size=3), st.lists(values)), "lyrics": values}
)


@settings(max_examples=200, deadline=None)
@given(st.lists(objects, max_size=20), st.integers(1, 300), st.booleans())
def test_every_object_comes_once_in_order_for_any_block_size(
    tmp_path_factory: pytest.TempPathFactory, records: list[dict[str, Any]], block: int, last_newline: bool
) -> None:
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    content = "\n".join(json.dumps(record) for record in records).encode()
    rows, rejected, skipped = read_all(reader(path, content + b"\n" * (last_newline or not content), block))
    assert (rejected, skipped) == ([], 0 if records else 1)
    assert [row[SOURCE_ROW] for row in rows] == list(range(1, len(records) + 1))
    strings = [record["id"] if isinstance(record.get("id"), str) else None for record in records]
    clean = [text and text.replace("\ud800", "?") for text in strings]
    assert [row["id"] if text is not None else None for row, text in zip(rows, clean, strict=True)] == clean


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.integers(1, 60))
def test_any_bytes_are_accounted_for(tmp_path_factory: pytest.TempPathFactory, content: bytes, block: int) -> None:
    path = tmp_path_factory.mktemp("json") / "a.jsonl"
    read_all(reader(path, b"{}\n" + content, block))


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b'{"id": 1', "no valid JSON: Expecting ',' delimiter at character 9 of the line"),
        (b'{"id": NaN}', "no valid JSON: NaN is not allowed"),
        (b'{"id": 1} {"id": 2}', "no valid JSON: Extra data at character 11 of the line"),
        (b"[1]", "a JSON array, not an object"),
        (b"null", "a JSON null, not an object"),
        (b'{"id": "\xff"}', "not UTF-8 at byte 9 of the line"),
        (b"\x00\x00", "no valid JSON: Expecting value at character 1 of the line"),
        (b"[" * 100_000, "no valid JSON: it is nested too deeply"),
    ],
)
def test_a_bad_line_is_rejected_by_number_and_the_others_come_through(tmp_path: Path, line: bytes, reason: str) -> None:
    rows, rejected, _ = read_all(reader(tmp_path / "a.jsonl", b'{"id": 1}\n' + line + b'\n{"id": 3}\n'))
    assert [(row["id"], row[SOURCE_ROW]) for row in rows] == [("1", 1), ("3", 3)]
    assert [(entry.row, entry.reason) for entry in rejected] == [(2, reason)]


def test_blank_lines_are_skipped_and_numbered(tmp_path: Path) -> None:
    rows, rejected, skipped = read_all(reader(tmp_path / "a.jsonl", b'\n{"id": 1}\r\n  \n{"id": 2}'))
    assert [(row["id"], row[SOURCE_ROW]) for row in rows] == [("1", 2), ("2", 4)]
    assert (rejected, skipped) == ([], 2)


def test_a_byte_order_mark_is_no_damage(tmp_path: Path) -> None:
    assert one(tmp_path, b'\xef\xbb\xbf{"id": 1}')["id"] == "1"


@pytest.mark.parametrize("damage", [b"", b"\n", b"broken\n"], ids=["fast", "blank line", "bad line"])
def test_oddly_typed_values_are_the_same_whether_a_line_nearby_is_damaged(tmp_path: Path, damage: bytes) -> None:
    records = [
        {"id": 12, "tags": ["a", None, "", 3]},
        {"id": 1.5, "tags": None},
        {"id": True, "tags": []},
        {"id": 'quoted "x" \\ é\n', "tags": ['"x"\\\n']},
        {},
    ]
    content = b"\n".join(json.dumps(record).encode() for record in records) + b"\n"
    rows, _, _ = read_all(reader(tmp_path / "a.jsonl", content + damage))
    assert [row["id"] for row in rows] == ["12", "1.5", "true", 'quoted "x" \\ é\n', None]
    assert [row["tags"] for row in rows] == [["a", None, "", "3"], None, [], ['"x"\\\n'], None]


def test_a_string_where_a_list_should_be_is_a_list_of_one(tmp_path: Path) -> None:
    assert one(tmp_path, b'{"tags": "rock"}')["tags"] == ["rock"]


def test_a_lone_surrogate_does_no_harm(tmp_path: Path) -> None:
    assert one(tmp_path, b'{"id": "a\\ud83d"}')["id"] in ("a\0", "a?")


def test_lyrics_are_not_kept_of_a_rejected_line(tmp_path: Path) -> None:
    line = b'{"id": 1, "lyrics": "la la \\"la\\" la", "qna": "text", "title": "kept'
    _, rejected, _ = read_all(reader(tmp_path / "a.jsonl", b"{}\n" + line))
    assert rejected[0].record == '… "id": 1 …'


def test_keys_are_told_from_the_first_object(tmp_path: Path) -> None:
    assert reader(tmp_path / "a.jsonl", b'\nbroken\n{"a": 1, "b": 2}\n').seen_columns() == {"a", "b"}
    with pytest.raises(InputError, match="no JSON Lines file"):
        reader(tmp_path / "a.jsonl", b"broken\n").seen_columns()


def test_an_empty_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is empty"):
        reader(tmp_path / "a.jsonl", b"")
