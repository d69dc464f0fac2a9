"""A catalogue from upload to finished report, and exports: files that hold what the page says."""

import csv
import re
import time
from itertools import pairwise
from pathlib import Path

import orjson
from playwright.sync_api import Page, Response, expect

from tests.browser import catalogues
from tests.browser.conftest import Open
from tests.browser.hostile import NAMES, WORD
from tests.browser.measures import violations
from tests.browser.pages import address
from tests.browser.reading import number, total
from tests.browser.site import Site
from tests.browser.test_hostile import harmless

MANY = 1_000
"""Rows that take seconds, so that progress can be seen; with much other work half a minute."""

LONG_MS = 120_000

FORMULA = re.compile(r"[=+@\t\r]|-(?!\d+(\.\d+)?$)")
"""How a cell begins that a spreadsheet would work out; a negative number may stand."""


def downloaded(page: Page, name: str, folder: Path) -> Path:
    """Follow a link to a file, and return the file."""
    with page.expect_download() as waited:
        page.locator("#content").get_by_role("link", name=name).first.click()
    assert waited.value.failure() is None
    path = folder / waited.value.suggested_filename
    waited.value.save_as(path)
    return path


def cells(path: Path) -> list[dict[str, str]]:
    """Return a spreadsheet's rows; no cell of it is a formula."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert not [cell for row in rows for cell in row.values() if FORMULA.match(cell)]
    return rows


def checked(page: Page, folder: Path, more: int = 0) -> None:
    """Hand in a catalogue, and wait for what comes of it."""
    page.locator("input[type=file]").set_input_files(catalogues.write(folder, more))
    page.locator("#content button[type=submit]").click()
    page.wait_for_url("**/check/*")


def test_a_catalogue_from_upload_to_report(visit: Open, tmp_path: Path) -> None:
    page = visit("/")
    page.get_by_role("link", name="Check a catalogue").first.click()
    checked(page, tmp_path)
    expect(page.locator("#check-job")).to_have_attribute("data-state", "done")
    harmless(page)
    assert not violations(page)
    rows = cells(downloaded(page, "CSV", tmp_path))
    verdicts = [row["verdict"] for row in rows]
    assert len(rows) >= catalogues.ROWS
    assert verdicts[: len(catalogues.THERE)] == ["found"] * len(catalogues.THERE)
    lines = [orjson.loads(line) for line in downloaded(page, "NDJSON", tmp_path).read_bytes().splitlines()]
    assert [line["verdict"] for line in lines if "row" in line].count("found") >= len(catalogues.THERE)
    report = downloaded(page, "HTML", tmp_path).read_text(encoding="utf-8")
    assert "<img src=x" not in report
    assert "<script>alert" not in report


def test_progress_is_shown(visit: Open, tmp_path: Path) -> None:
    page = visit("/check")

    def under_way(answer: Response) -> bool:
        """Say whether an answer tells of a check that is neither at its beginning nor at its end."""
        if "/api/v1/checks/" not in answer.url:
            return False
        job = answer.json()
        return bool(job["state"] == "running" and 0 < job["done"] < job["rows"])

    with page.expect_response(under_way):
        checked(page, tmp_path, more=MANY)
    expect(page.locator("#check-status")).to_contain_text(f"of {MANY + catalogues.ROWS:,} rows checked")
    assert int(page.locator("#check-progress").get_attribute("value") or 0) > 0
    expect(page.locator("#check-job")).to_have_attribute("data-state", "done", timeout=LONG_MS)


def test_progress_is_asked_for_ever_less_often(visit: Open, tmp_path: Path) -> None:
    page = visit("/check")
    times: list[float] = []
    page.on("request", lambda request: times.append(time.monotonic()) if "/api/v1/checks/" in request.url else None)
    checked(page, tmp_path, more=20 * MANY)
    page.wait_for_timeout(9_000)
    waits = [later - earlier for earlier, later in pairwise(times)]
    assert 5 <= len(times) <= 9
    assert waits[-1] > 2 * waits[0]


def test_an_export(visit: Open, site: Site, tmp_path: Path) -> None:
    page = visit("/search?q=love&genre=rock")
    found = total(page)
    rows = cells(downloaded(page, "CSV", tmp_path))
    assert len(rows) == found == site.search("love", genre=["rock"]).total.value
    lines = downloaded(page, "NDJSON", tmp_path).read_bytes().splitlines()
    assert {orjson.loads(line)["id"] for line in lines} == {row["id"] for row in rows}


def test_an_export_of_hostile_rows(visit: Open, tmp_path: Path) -> None:
    page = visit(address("/search", q=WORD))
    titles = {row["title"].lstrip("'") for row in cells(downloaded(page, "CSV", tmp_path))}
    assert {NAMES["formula"], NAMES["markup"], NAMES["script"]} <= titles
    assert number(page.locator("#total").inner_text()) == len(NAMES)
