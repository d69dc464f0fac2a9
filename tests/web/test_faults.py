"""A fault of ours is one sentence with an id for its visitor, and a line without anybody's text in the log."""

import logging

import httpx
import orjson
import pytest

from linernotes.web.api import PREFIX
from linernotes.web.config import Options
from linernotes.web.server import JsonLines
from queries import Searcher
from tests.web.serving import serving
from tests.web.test_problems import told

SECRET = "sekretnyj"


def broken() -> Searcher:
    """Fail as no part of this program says it does."""
    try:
        raise ValueError(SECRET)
    except ValueError as error:
        raise RuntimeError(f"no room for {SECRET}") from error


def test_a_fault_of_ours(caplog: pytest.LogCaptureFixture) -> None:
    with serving(broken, Options()) as url:
        answer = httpx.get(f"{url}{PREFIX}/search?q={SECRET}")
        page = httpx.get(f"{url}/search?q={SECRET}")
    problem = told(answer)
    assert problem["status"] == 500
    assert answer.headers["x-request-id"] in problem["detail"]
    assert SECRET not in answer.text
    assert page.status_code == 500
    assert page.headers["content-type"].startswith("text/html")
    faults = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(faults) == 2
    line = orjson.loads(JsonLines().format(faults[0]))
    assert line["id"] == answer.headers["x-request-id"]
    assert line["error"][-1] == "RuntimeError"
    assert "ValueError" in line["error"]
    assert any("test_faults.py" in place for place in line["error"])
    assert SECRET not in JsonLines().format(faults[0])
    assert SECRET in JsonLines(log_texts=True).format(faults[0])


def test_a_line_is_one_line() -> None:
    record = logging.LogRecord("x", logging.WARNING, "f", 1, "two\nlines \ud800 %s", ("a\0b",), None)
    line = JsonLines().format(record)
    assert "\n" not in line
    assert orjson.loads(line)["message"].startswith("two\nlines")
