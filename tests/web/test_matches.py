"""Rows checked at once, and catalogues of NDJSON: the same verdicts as of a CSV."""

from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from linernotes.web.api import PREFIX, schemas
from linernotes.web.api.matches import MAX_CELL, MAX_ROWS
from tests.cli.conftest import Run, on_samples, run
from tests.web.conftest import Site
from tests.web.test_problems import told
from tests.web.uploads import CHECKS, checked, refused

__all__ = ["on_samples", "run"]

MATCHES = f"{PREFIX}/matches"
ROWS: list[dict[str, Any]] = [
    {"artist": "Kurt Vile", "title": "Freeway", "year": 2008, "album": "Constant Hitmaker"},
    {"artist": "Vile, Kurt", "title": "Freeway - Remastered 2011"},
    {"artist": "Kurt Vile", "title": "There is no such song"},
    {"artist": "Kurt Vile", "title": ""},
    {"artist": "kurt vile", "title": "FREEWAY", "album": "constant hitmaker"},
    {"fma": "10"},
    {"artist": "Кино", "title": "\u202e<b>"},
]
LINES = b"".join(orjson.dumps(row) + b"\n" for row in ROWS)


@pytest.mark.usefixtures("on_samples")
def test_verdicts_are_those_of_the_command(site: Site, run: Run, tmp_path: Path) -> None:
    answer = site.web.post(MATCHES, json={"rows": ROWS})
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    schemas.Matches.model_validate_json(answer.content, strict=True)
    table = tmp_path / "catalogue.ndjson"
    table.write_bytes(LINES)
    lines = [orjson.loads(line) for line in run("check", table, "--json").out.splitlines()]
    assert answer.json()["rows"] == lines[:-1]
    verdicts = [row["verdict"] for row in lines[:-1]]
    assert verdicts == ["found", "found", "not found", "unreadable", "found", "found", "not found"]
    assert lines[4]["duplicate_of"] == 1
    summary = checked(site.web, LINES, "catalogue.ndjson")["summary"]
    assert summary == lines[-1]["summary"]


def test_ndjson_as_the_body(web: httpx.Client) -> None:
    for kind in ("application/x-ndjson", "application/jsonl", "text/plain"):
        answer = web.post(CHECKS, content=LINES, headers={"content-type": kind})
        assert (answer.status_code, answer.json()["rows"]) == (202, len(ROWS))
    refused(web.post(CHECKS, content=b'{"a": 1}\n', headers={"content-type": "application/x-ndjson"}), 400, "no column")
    wide = b"".join(b'{"artist": "a", "title": "b", "x%d": 1}\n' % number for number in range(2000))
    refused(web.post(CHECKS, content=wide, headers={"content-type": "application/x-ndjson"}), 400, "properties")


def test_a_catalogue_with_row_numbers_is_no_report(web: httpx.Client) -> None:
    content = b'{"row": 7, "artist": "Kurt Vile", "title": "Freeway"}\n'
    assert checked(web, content, "catalogue.ndjson")["summary"]["rows"] == 1


def test_lines_that_are_no_objects(web: httpx.Client) -> None:
    odd = [b"{", b"[1]", b"null", b'"x"', b"{}", b'{"artist": {"a": 1}, "title": true}', b"\xff\xfe{}", b"  "]
    content = LINES + b"\n".join(odd) + b'\n{"Artist Name": ["Kurt Vile"], "Song": "Freeway"}\n'
    summary = checked(web, content, "catalogue.ndjson")["summary"]
    assert summary["rows"] == len(ROWS) + len(odd) - 1 + 1  # a blank line is none
    assert summary["unreadable"] == 1 + len(odd) - 1 + 1  # the last has names that the header knows as other ones


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({}, "rows"),
        ({"rows": []}, "rows"),
        ({"rows": [{"artist": "a"}] * (MAX_ROWS + 1)}, "rows"),
        ({"rows": [{"artist": "a"}, {"titel": "b"}]}, "rows.1.titel"),
        ({"rows": [{"artist": 1}]}, "rows.0.artist"),
        ({"rows": [{"title": "x" * (MAX_CELL + 1)}]}, "rows.0.title"),
        ({"rows": [{"year": "soon"}]}, "rows.0.year"),
        ([], "body"),
        ("x", "body"),
    ],
)
def test_what_is_no_row(web: httpx.Client, body: Any, parameter: str) -> None:
    problem = told(web.post(MATCHES, json=body))
    assert problem["status"] == 400
    assert problem["errors"][0]["parameter"] == parameter


def test_bodies_that_are_no_json(web: httpx.Client) -> None:
    for content in (b"", b"{", b"\xff", b"[" * 100_000):
        assert told(web.post(MATCHES, content=content, headers={"content-type": "application/json"}))["status"] == 400
    assert told(web.post(MATCHES, content=b'{"rows": []}', headers={"content-type": "text/plain"}))["status"] == 400
    assert told(web.post(f"{MATCHES}?x=1", json={"rows": [{"title": "a"}]}))["type"] == "/problems/unknown-parameter"


def test_any_text_is_a_row(web: httpx.Client) -> None:
    texts = ["\0", "x" * MAX_CELL, "'\"\\", "=1+1", "\u202e", "a\n{}", "ا" * 1000]
    answer = web.post(MATCHES, json={"rows": [{"artist": text, "title": text, "url": text} for text in texts]})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["rows"]) == len(texts)
