"""Workbooks in and out, byte order marks, and reports that are checked again."""

import codecs
import io
import resource
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import orjson
import pytest

from linernotes.catalogue import worksheet
from linernotes.catalogue.csv_file import open_catalogue
from linernotes.catalogue.verify import open_report
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
    bomb = zipped(xl__workbook_xml=b"<a/>", xl__sharedStrings_xml=b" " * (worksheet.MAX_UNPACKED + 1))
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


NAMESPACE = b'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
SHEET = b"<worksheet " + NAMESPACE + b"><sheetData>%s</sheetData></worksheet>"
STRINGS = b"<sst " + NAMESPACE + b"><si><t>%s</t></si></sst>"
STYLES = b"<styleSheet " + NAMESPACE + b"><extLst><ext>%s</ext></extLst></styleSheet>"
CELL = b'<c t="s"><v>0</v></c>'
TYPES = "[Content_Types].xml"
OF_STRINGS = b"application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"

COSTLY: dict[str, tuple[dict[str, bytes], str]] = {
    "a long text many times": (
        {"sharedStrings": STRINGS % (b"x" * 32_767), "worksheets/sheet1": SHEET % (b"<row>%s</row>" % CELL * 4_000)},
        "unpacks to more than 100 MB",
    ),
    "a row far below": ({"worksheets/sheet1": SHEET % b'<row r="1048576"><c><v>1</v></c></row>'}, "below row 100,002"),
    "a tree of styles": ({"styles": STYLES % (b"<a/>" * 20_000_000)}, "too much time or memory"),
}


def altered(content: bytes, members: dict[str, bytes]) -> bytes:
    """Return a workbook with other members."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        there = {each.filename: archive.read(each) for each in archive.infolist()}
    override = b'<Override PartName="/xl/sharedStrings.xml" ContentType="%s"/></Types>' % OF_STRINGS
    there[TYPES] = there[TYPES].replace(b"</Types>", override)
    there["xl/sharedStrings.xml"] = STRINGS % b""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, member in (there | {f"xl/{name}.xml": each for name, each in members.items()}).items():
            archive.writestr(name, member)
    return stream.getvalue()


@pytest.mark.parametrize("kind", COSTLY)
def test_a_small_workbook_takes_neither_disk_nor_time_nor_memory(site: Site, kind: str) -> None:
    members, said = COSTLY[kind]
    content = altered(book(["artist", "title"], ["Kurt Vile", "Freeway"]), members)
    assert len(content) < 200_000
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused(site.web.post("/api/v1/checks", files={"catalogue": ("songs.xlsx", content, TYPE)}), 400, said)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < peak + 100_000  # kilobytes


@pytest.mark.parametrize("depth", [2, 1000])
def test_nested_lists_are_no_text(site: Site, depth: int) -> None:
    line = b'{"artist":%s"Kurt Vile"%s,"title":"Freeway"}' % (b"[" * depth, b"]" * depth)
    assert checked(site.web, line, "songs.ndjson")["summary"]["unreadable"] == 1


def test_of_objects_only_what_means_something_is_read(tmp_path: Path) -> None:
    path = tmp_path / "songs.ndjson"
    many = dict.fromkeys(map(str, range(900)), 1)
    path.write_bytes(b"\n".join(orjson.dumps({**many, "title": "Freeway", "artist": f"A{n}"}) for n in range(3)))
    with open_catalogue(path) as table:
        assert [(row.artist, row.title) for row in table.rows()] == [
            ("A0", "Freeway"),
            ("A1", "Freeway"),
            ("A2", "Freeway"),
        ]
        assert table.describe()["columns"] == {"artist": "artist", "title": "title"}
        assert {len(record.fields) for record in table._records()} == {2}


@pytest.mark.parametrize("last", [100_000, pytest.param(1_048_576, marks=pytest.mark.slow)])
def test_cells_far_away_are_no_rows(tmp_path: Path, last: int) -> None:
    made = openpyxl.Workbook()
    sheet = made.active
    assert sheet
    sheet.append(["artist", "title"])
    sheet.append(["Kurt Vile", "Freeway"])
    sheet.cell(row=3, column=16_000, value="far to the right")
    sheet.cell(row=last, column=1, value="far below")
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


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b'"row":1,', b'"row":1e22,'),
        (b'"sha256":"', b'"sha256":"x'),
        (b'"file":"catalogue.csv"', b'"file":"%s"' % (b"x" * 3_000_000)),
    ],
    ids=["a row that no JSON can have", "no hash", "a long line"],
)
def test_a_report_with_impossible_values_is_damaged(site: Site, was: bytes, becomes: bytes) -> None:
    report = site.web.get(f"/check/{checked(site.web, CSV)['id']}/report.ndjson").content
    assert was in report
    answer = site.web.post("/api/v1/checks", files={"catalogue": ("report.ndjson", report.replace(was, becomes, 1))})
    problem = ended(site.web, answer.json()["id"])["problem"] if answer.status_code == 202 else answer.text
    assert "is no report, or is damaged" in problem


def test_of_long_names_little_is_kept(tmp_path: Path) -> None:
    """An hour long, for each check."""
    catalogue, report = tmp_path / "catalogue.csv", tmp_path / "report.ndjson"
    catalogue.write_text(f"artist,title,{','.join('😀' * 10_000 + str(n) for n in range(60))}\n")
    with open_catalogue(catalogue) as table:
        described = table.describe()
    assert len(str(described)) < 20_000
    long = "😀" * 30_000
    datasets = [{"id": long, "generation": long}] * 3
    columns = {"artist": long, long: long}
    report.write_bytes(
        orjson.dumps({"summary": {}, "report": {**described, "file": long, "columns": columns, "datasets": datasets}})
    )
    with open_report(report) as read:
        assert len(str(read.describe())) < 20_000
        assert len(str(read.generations)) < 1_000


def test_what_is_no_report_is_refused(site: Site) -> None:
    for content in (b"<!doctype html><p>Hello", b'{"row": 1}\n', b'{"row":1}\n'):
        answer = site.web.post("/api/v1/checks", files={"catalogue": ("report.html", content, "text/html")})
        assert answer.status_code == 400, answer.text
