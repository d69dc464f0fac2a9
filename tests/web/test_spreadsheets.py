"""Workbooks in and out, byte order marks, and reports that are checked again."""

import codecs
import io
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from linernotes.catalogue import workbook
from linernotes.catalogue.csv_file import open_catalogue
from mappings.errors import InputError
from tests.web.conftest import Site
from tests.web.test_pages import page
from tests.web.uploads import checked, ended, refused

TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CSV = b"artist,title\nKurt Vile,Freeway\nNobody,Nothing at all\n"


def book(*rows: Any) -> bytes:
    made = openpyxl.Workbook()
    for row in rows:
        made.active.append(row)  # type: ignore[union-attr]
    stream = io.BytesIO()
    made.save(stream)
    return stream.getvalue()


def test_a_workbook_is_checked_as_a_csv_is(site: Site) -> None:
    rows: list[Any] = [
        ["artist", "title", "year"],
        ["Kurt Vile", "Freeway", 2008],
        [],
        ["Sigur Rós", "Star\nálfur", None],
    ]
    mine = checked(site.web, book(*rows), "songs.xlsx")
    same = checked(site.web, "artist,title,year\nKurt Vile,Freeway,2008\nSigur Rós,Star álfur,\n".encode())
    assert mine["rows"] == 2
    assert mine["summary"] == same["summary"]
    assert "workbook (.xlsx)" in site.web.get(f"/check/{mine['id']}/report.html").text


def test_formulas_are_values(tmp_path: Path) -> None:
    path = tmp_path / "songs.xlsx"
    path.write_bytes(book(["artist", "title"], ["Kurt Vile", '=HYPERLINK("https://evil.invalid","x")'], ["A", "B"]))
    with open_catalogue(path) as table:
        first, second = table.rows()
    assert first.unreadable == "no title"
    assert (second.artist, second.title) == ("A", "B")


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "/").replace("_xml", ".xml"), content)
    return stream.getvalue()


def test_a_zip_bomb_is_refused(site: Site) -> None:
    bomb = zipped(xl__workbook_xml=b"<a/>", xl__sharedStrings_xml=b" " * (workbook.MAX_UNPACKED + 1))
    assert len(bomb) < 200_000
    answer = site.web.post("/api/v1/checks", files={"catalogue": ("songs.xlsx", bomb, TYPE)})
    refused(answer, 400, "unpacks to more than 100 MB")


@pytest.mark.parametrize(
    "content", [zipped(xl__workbook_xml=b"<a/>"), zipped(xl__workbook_xml=b"no xml"), b"PK\x03\x04 and no more"]
)
def test_a_damaged_workbook_is_one_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "songs.xlsx"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"songs\.xlsx"), open_catalogue(path):
        pass


def test_cells_far_away_cost_nothing(tmp_path: Path) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet
    sheet.append(["artist", "title"])
    sheet.append(["Kurt Vile", "Freeway"])
    sheet.cell(row=3, column=16_000, value="far to the right")
    sheet.cell(row=1_048_576, column=1, value="far below")
    path = tmp_path / "far.xlsx"
    made.save(path)
    with open_catalogue(path) as table:
        assert [row.artist for row in table.rows()] == ["Kurt Vile", "far below"]


def test_a_report_as_a_workbook(site: Site) -> None:
    catalogue = b'artist,title\nKurt Vile,Freeway\n"=1+1",@SUM(A1)\n'
    job = checked(site.web, catalogue)["id"]
    response = site.web.get(f"/check/{job}/report.xlsx")
    assert response.headers["content-type"] == TYPE
    read = openpyxl.load_workbook(io.BytesIO(response.content))
    rows = list(read["rows"].iter_rows(values_only=True))
    assert rows[0][:3] == ("row", "artist", "title")
    assert rows[1][1:3] == ("Kurt Vile", "Freeway")
    assert rows[-1][1:3] == ("'=1+1", "'@SUM(A1)")
    assert not [cell for row in read["rows"].iter_rows() for cell in row if cell.data_type == "f"]
    facts: dict[Any, Any] = {row[0]: row[1] for row in read["about"].iter_rows(values_only=True)}
    assert facts["File"] == "catalogue.csv"
    assert "does not prove" in str(facts["Note"])


def test_what_people_download_has_a_byte_order_mark(site: Site) -> None:
    job = checked(site.web, CSV)["id"]
    for address, marked in (
        (f"/check/{job}/report.csv", True),
        (f"/api/v1/checks/{job}/report.csv", False),
        ("/export?q=kurt+vile&format=csv", True),
        ("/api/v1/export?q=kurt+vile&format=csv", False),
        ("/export?q=kurt+vile&format=ndjson", False),
    ):
        assert site.web.get(address).content.startswith(codecs.BOM_UTF8) is marked, address


@pytest.mark.parametrize("kind", ["html", "ndjson"])
def test_a_report_is_checked_again(site: Site, kind: str) -> None:
    job = checked(site.web, CSV)["id"]
    report = site.web.get(f"/check/{job}/report.{kind}").content
    again = checked(site.web, report, f"report.{kind}")
    assert again["rows"] == 2
    found = page(site, f"/check/{again['id']}")
    assert "The report still holds" in found.one("section", id="check-job").said
    changed = report.replace(b'"verdict":"not found"', b'"verdict":"found"')
    assert changed != report
    other = page(site, f"/check/{checked(site.web, changed, f'report.{kind}')['id']}")
    assert "The report no longer holds: 1 row has another answer." in other.said
    assert "found → not found" in other.said
    assert "still holds" not in page(site, f"/check/{job}").said


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"matches_total":', b'"matches_total":"%s","was":'),
        (b'"verdict":"not found"', b'"verdict":"%(x)s"'),
        (b'"matches":[', b'"matches":[1,'),
        (b'"columns":{', b'"columns":[],"were":{'),
    ],
)
def test_a_damaged_report_is_one_sentence(site: Site, was: bytes, becomes: bytes) -> None:
    report = site.web.get(f"/check/{checked(site.web, CSV)['id']}/report.ndjson").content
    assert was in report
    answer = site.web.post("/api/v1/checks", files={"catalogue": ("report.ndjson", report.replace(was, becomes))})
    if answer.status_code == 202:
        job = ended(site.web, answer.json()["id"])
        assert job["state"] == "failed"
        assert "is no report, or is damaged" in job["problem"]
    else:
        refused(answer, 400, "is no report, or is damaged")


def test_what_is_no_report_is_refused(site: Site) -> None:
    for content in (b"<!doctype html><p>Hello", b'{"row": 1}\n', b'{"row":1}\n'):
        answer = site.web.post("/api/v1/checks", files={"catalogue": ("report.html", content, "text/html")})
        assert answer.status_code == 400, answer.text
