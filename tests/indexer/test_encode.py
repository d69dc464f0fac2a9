"""Encoding: finished bytes, and nothing lost, whatever stands in a title."""

import orjson
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from indexer.documents.bulk_body import encode, row_of, version
from mappings.schema import SCHEMA
from mappings.track import FINGERPRINT

TEXT = st.text(max_size=30)


def tracks(titles: list[str | None], languages: list[str | None]) -> pl.DataFrame:
    rows = range(1, len(titles) + 1)
    return pl.DataFrame(
        {
            "dataset": ["a-set"] * len(titles),
            "source_id": [f'{row}"\\é' for row in rows],
            "title": titles,
            "artists": [["x", "y"]] * len(titles),
            "year": [None] * len(titles),
            "language": languages,
            "source_file": ["a.csv"] * len(titles),
            "source_row": rows,
        },
        schema={
            name: SCHEMA[name]
            for name in ("dataset", "source_id", "title", "artists", "year", "language", "source_file", "source_row")
        },
    )


@given(st.lists(st.tuples(st.none() | TEXT, st.sampled_from(["fr", "und", None])), min_size=1), st.integers(1, 2000))
def test_decodes_to_what_went_in(rows: list[tuple[str | None, str | None]], max_bytes: int) -> None:
    frame = tracks([title for title, _ in rows], [language for _, language in rows])
    bodies = list(encode(frame, 3, max_bytes))
    lines = [orjson.loads(line) for body in bodies for line in body.lines()]
    actions, documents = lines[::2], lines[1::2]
    assert [row for body in bodies for row in body.rows] == frame["source_row"].to_list()
    assert [action["index"]["_id"] for action in actions] == [f"a-set:{name}" for name in frame["source_id"]]
    assert [row_of(action["index"]["version"]) for action in actions] == [(3, row) for row in frame["source_row"]]
    for document, (title, language) in zip(documents, rows, strict=True):
        assert document.get("title") == title
        assert "year" not in document
        in_french = {"fr": title} if title is not None and language == "fr" else None
        assert document.get("title_by_language") == in_french
    assert all(len(body.body) <= max_bytes or body.count == 1 for body in bodies)


def test_fingerprint_is_of_the_content_and_not_of_the_place() -> None:
    frame = tracks(["a", "a", "b"], ["fr", "fr", "fr"]).with_columns(pl.lit("id").alias("source_id"))
    documents = [orjson.loads(line) for body in encode(frame, 0, 10_000) for line in body.lines()[1::2]]
    first, second, third = (document[FINGERPRINT] for document in documents)
    assert first == second != third


def test_halves_keep_every_document_with_its_row() -> None:
    (body,) = encode(tracks(["a", "b", "c"], ["fr", None, "und"]), 0, 10_000)
    left, right = body.halves()
    assert left.lines() + right.lines() == body.lines()
    assert [*left.rows, *right.rows] == [1, 2, 3]


@given(st.integers(0, 1000), st.integers(1, 2**33), st.integers(0, 1000), st.integers(1, 2**33))
def test_an_earlier_record_has_a_higher_version(file: int, row: int, other_file: int, other_row: int) -> None:
    assert ((file, row) < (other_file, other_row)) == (version(file, row) > version(other_file, other_row))
    assert row_of(version(file, row)) == (file, row)
    assert 0 < version(file, row) < 2**63
