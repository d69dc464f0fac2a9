"""A catalogue checked, its reports, and reports asked again, by the command itself on the sample rows."""

import csv
import io
import re
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import orjson
import pytest
from elasticsearch import Elasticsearch
from jsonschema import Draft202012Validator

from benchmarks import catalogue as benchmark
from benchmarks.labelled import rows
from linernotes.catalogue.report import BEGIN
from mappings.cards import PRESENCE_IS_NO_PROOF
from mappings.index_names import alias
from tests.cli.conftest import Ran, Run

SCHEMAS = Path(__file__).parents[1] / "schemas"
VALIDATOR = Draft202012Validator(orjson.loads((SCHEMAS / "check.json").read_bytes()))
VERIFIED = Draft202012Validator(orjson.loads((SCHEMAS / "verify.json").read_bytes()))

ROWS = [
    ("artist", "title", "album"),
    ("Kurt Vile", "Freeway", "Constant Hitmaker"),
    ("Vile, Kurt", "Freeway - Remastered 2011", ""),
    ("Luke Bryan", "Country On (Live)", ""),
    ("Kurt Vile", "There is no such song", ""),
    ("", "", ""),
    ("kurt vile", "FREEWAY", "constant hitmaker"),
    ("=1+1", "<script>alert(1)</script>\u202e", ""),
]
VERDICTS = ["found", "found", "likely", "not found", "unreadable", "found", "not found"]


def written(rows: Sequence[tuple[str, ...]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "catalogue.csv"
    path.write_text(written(ROWS), encoding="utf-8")
    return path


def answers(ran: Ran) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return the rows and the summary, all of them as the contract has them."""
    assert ran.code == 0, ran.err
    lines = [orjson.loads(line) for line in ran.out.splitlines()]
    for line in lines:
        VALIDATOR.validate(line)
    return lines[:-1], lines[-1]["summary"]


@pytest.mark.usefixtures("on_samples")
def test_each_row_has_a_verdict_and_the_sums_are_theirs(run: Run, table: Path) -> None:
    found, summary = answers(run("check", table, "--json"))
    assert [row["row"] for row in found] == list(range(1, 8))
    assert [row["verdict"] for row in found] == VERDICTS
    assert found[5]["duplicate_of"] == 1
    counts = [summary[name] for name in ("found", "likely", "not_found", "unreadable")]
    assert counts == [3, 1, 2, 1]
    assert summary["rows"] == sum(counts) == 7
    assert (summary["duplicates"], summary["songs"], summary["coverage_percent"]) == (1, 5, 60.0)
    first = {match["dataset"] for match in found[0]["matches"]}
    assert "free-music-archive" in first
    songs = [row for row in found if row["duplicate_of"] is None]
    for dataset, numbers in summary["by_dataset"].items():
        held = [row for row in songs if dataset in {match["dataset"] for match in row["matches"]}]
        assert numbers["found"] + numbers["likely"] == len(held)
        tracks = [match for row in songs for match in row["matches"] if match["dataset"] == dataset]
        assert numbers["tracks"] == len(tracks)


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
def test_delimiters_and_encodings(run: Run, tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [("Künstler", "Titel", "x"), ("Mötley Crüe", "Kickstart\nMy, Heart; |", "é"), ("Kurt Vile", "Freeway", "")]
    path = tmp_path / "k.csv"
    path.write_bytes(written(rows, delimiter).encode(encoding))
    found, _ = answers(run("check", path, "--json"))
    assert (found[0]["artist"], found[0]["title"]) == ("Mötley Crüe", "Kickstart My, Heart; |")
    assert found[1]["verdict"] == "found"


@pytest.mark.usefixtures("on_samples")
def test_a_broken_row_costs_no_other(run: Run, tmp_path: Path) -> None:
    lines = [
        b"artist,title,n",
        b"Kurt Vile,Freeway,1",
        b"too,few",
        b"",
        b"too,many,1,2",
        b"blank fields too many,x,1,,",
        b'AWOL,"never closed,1',
        b"Kurt Vile,Freeway \xff\xc3,1",
        '"Zoé",12" Mix,é'.encode(),
        b"Kurt Vile,Freeway,1",
    ]
    path = tmp_path / "broken.csv"
    path.write_bytes(b"\r\n".join(lines))
    found, _ = answers(run("check", path, "--json"))
    verdicts = ["found", "unreadable", "unreadable", "not found", "unreadable", "unreadable", "not found", "found"]
    assert [row["verdict"] for row in found] == verdicts
    reasons = [row["reason"] for row in found if row["verdict"] == "unreadable"]
    assert reasons == [
        "2 fields where the header has 3",
        "4 fields where the header has 3",
        "a quote that is never closed",
        "bytes that are no text",
    ]
    assert found[6]["title"] == '12" Mix'


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is empty"),
        (b"\xef\xbb\xbf\n", "is empty"),
        (b"artist,title\nKurt\x00 Vile,Freeway\n", "NUL"),
        (bytes(range(256)) * 20, "NUL"),
        (b"PK\x03\x04 and so on", "spreadsheet"),
        (b"artist,album\nx,y\n", "no column for title: found artist, album; needed are artist and title"),
        (b"a\nb\n", "no column for artist and title: found a"),
        (b"artist,title\n" + b"x" * 2_000_000, "more than a million characters"),
    ],
)
def test_what_is_no_catalogue_is_told_in_a_sentence(run: Run, tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    ran = run("check", path, "--json")
    assert ran.code == 1
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


@pytest.mark.usefixtures("on_samples")
def test_places_that_hold_or_take_no_file(run: Run, tmp_path: Path, table: Path) -> None:
    for arguments in (
        (tmp_path,),
        (tmp_path / "missing.csv",),
        (table, "--out", tmp_path / "report.pdf"),
        (table, "--out", tmp_path / "no" / "folder.html"),
    ):
        ran = run("check", *arguments)
        assert (ran.code, len(ran.err.splitlines())) == (1, 1), ran.err


@pytest.mark.usefixtures("cli_environment")
def test_nothing_is_loaded(run: Run, table: Path) -> None:
    ran = run("check", table)
    assert ran.code == 1
    assert "Nothing is loaded yet" in ran.err


@pytest.mark.usefixtures("on_samples")
def test_csv_holds_no_formula(run: Run, table: Path, tmp_path: Path) -> None:
    out = tmp_path / "report.csv"
    assert run("check", table, "--out", out).code == 0
    with out.open(encoding="utf-8", newline="") as stream:
        read = list(csv.DictReader(stream))
    assert {row["row"] for row in read} == {str(number) for number in range(1, 8)}
    assert not [cell for row in read for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert [row["verdict"] for row in read if row["row"] == "7"] == ["not found"]
    ran = run("verify", out)
    assert (ran.code, len(ran.err.splitlines())) == (1, 1)


class Page(HTMLParser):
    """What a browser would make of a report: elements with their attributes, and what is shown."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.shown = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in ("meta", "rect", "br", "link", "img"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "script" not in self.open and "style" not in self.open:
            self.shown += data


@pytest.mark.usefixtures("on_samples")
def test_the_page_needs_nothing_and_tells_all(run: Run, table: Path, tmp_path: Path, loaded: str) -> None:
    out = tmp_path / "report.html"
    assert run("check", table, "--out", out).code == 0
    text = out.read_text(encoding="utf-8")
    page = Page(text)
    assert page.open == []
    assert [attributes for tag, attributes in page.elements if tag == "script"] == [
        {"type": "application/json", "id": "linernotes-report"}
    ]
    assert not {tag for tag, _ in page.elements} & {"link", "img", "iframe", "object", "form", "input"}
    assert not [
        name for _, attributes in page.elements for name in attributes if name == "src" or name.startswith("on")
    ]
    assert not re.search(r"url\(|@import", text)
    assert any(attributes.get("http-equiv") == "Content-Security-Policy" for _, attributes in page.elements)
    assert "<script>alert(1)</script>" in page.shown
    assert "\u202e" not in page.shown
    for said in (
        PRESENCE_IS_NO_PROOF,
        f"{loaded}-free-music-archive-g000001",
        "tracks.csv",
        "six_genres.csv",
        "NVIDIA",
    ):
        assert said in page.shown
    assert len(re.findall(r"SHA-256 [0-9a-f]{64}", page.shown)) >= 4
    assert re.search(r"checked \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", page.shown)
    data = orjson.loads(text.split(BEGIN)[1].split("</script>")[0])
    assert [row["verdict"] for row in data["rows"]] == VERDICTS
    assert data["rows"][6]["title"] == ROWS[7][1].strip()
    assert list(tmp_path.iterdir()).count(out) == 1
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.usefixtures("cli_environment")
@pytest.mark.parametrize("kind", ["html", "ndjson"])
def test_a_report_is_asked_again(
    run: Run,
    table: Path,
    tmp_path: Path,
    kind: str,
    client: Elasticsearch,
    prefix: str,
    sample_files: dict[str, list[Path]],
) -> None:
    assert run("load", "free-music-archive", *sample_files["free-music-archive"]).code == 0
    out = tmp_path / f"report.{kind}"
    assert run("check", table, "--out", out).code == 0
    same = run("verify", out, "--json")
    assert same.code == 0, same.err
    assert orjson.loads(same.out) == {"summary": {"rows": 7, "changed": 0, "holds": True, "generations": []}}
    everywhere = alias(prefix)
    client.delete_by_query(index=everywhere, query={"match": {"title": "freeway"}}, refresh=True)
    changed = run("verify", out, "--json")
    assert changed.code == 5
    lines = [orjson.loads(line) for line in changed.out.splitlines()]
    for line in lines:
        VERIFIED.validate(line)
    assert [line["row"] for line in lines[:-1]] == [1, 2, 6]
    assert {(line["before"], line["after"]) for line in lines[:-1]} == {("found", "not found")}
    assert lines[0]["removed"] == ["free-music-archive:10"]
    assert lines[-1]["summary"]["holds"] is False
    assert "no longer holds: 3 rows changed" in run("verify", out).out
    assert run("load", "free-music-archive", *sample_files["free-music-archive"], "--fresh").code == 0
    again = run("verify", out)
    assert again.code == 0
    assert "g000002" in again.out


@pytest.mark.usefixtures("on_samples")
def test_ids_alone_are_a_catalogue(run: Run, tmp_path: Path) -> None:
    path, out = tmp_path / "ids.csv", tmp_path / "report.html"
    path.write_text("url\nfma:10\n\nfma:10\nhttps://youtu.be/hTWKbfoikeX\nno id\n", encoding="utf-8")
    found, summary = answers(run("check", path, "--json", "--out", out))
    assert [row["verdict"] for row in found] == ["found", "found", "not found", "unreadable"]
    assert found[0]["matches"][0]["match"] == "id"
    assert (found[1]["duplicate_of"], summary["duplicates"], summary["songs"]) == (1, 1, 2)
    assert found[2]["reason"] == "no track has this id"
    assert "FMA id 10" in Page(out.read_text(encoding="utf-8")).shown
    said = run("check", path).out
    assert "YouTube id hTWKbfoikeX" in said
    same = run("verify", out)
    assert (same.code, "still holds" in same.out) == (0, True)


@pytest.mark.usefixtures("on_samples")
def test_the_same_names_with_other_ids_are_other_songs(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("artist,title,fma\nKurt Vile,Freeway,10\nKurt Vile,Freeway,2\nKurt Vile,Freeway,10\n", "utf-8")
    found, _ = answers(run("check", path, "--json"))
    assert [row["duplicate_of"] for row in found] == [None, None, 1]


@pytest.mark.usefixtures("on_samples")
def test_a_header_alone_and_a_huge_cell(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("artist,title\n", encoding="utf-8")
    found, summary = answers(run("check", path, "--json"))
    assert (found, summary["rows"], summary["coverage_percent"]) == ([], 0, 0)
    assert "no rows" in run("check", path).out
    path.write_text(f"artist,title\nKurt Vile,{'a ' * 400_000}\nKurt Vile,Freeway\n", encoding="utf-8")
    found, _ = answers(run("check", path, "--json"))
    assert [row["verdict"] for row in found] == ["unreadable", "found"]
    assert found[0]["reason"] == "title of 799,999 characters"


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize("cut", [0, 40, 300, -40])
def test_a_damaged_report_is_told(run: Run, table: Path, tmp_path: Path, cut: int) -> None:
    for kind in ("html", "ndjson"):
        out = tmp_path / f"report.{kind}"
        assert run("check", table, "--out", out).code == 0
        out.write_bytes(out.read_bytes()[:cut])
        ran = run("verify", out)
        assert (ran.code, len(ran.err.splitlines())) == (1, 1), ran.err


@pytest.mark.usefixtures("on_samples")
def test_a_labelled_catalogue(run: Run, client: Elasticsearch, loaded: str, tmp_path: Path) -> None:
    labelled = rows(benchmark.tracks(client, loaded), 400, seed=7)
    found, _ = answers(run("check", benchmark.write(labelled, tmp_path), "--json"))
    measured = benchmark.measure(labelled, found)
    assert measured.there == measured.absent == 200
    assert measured.found > 150
    assert measured.precision >= 0.99
    assert measured.recall >= 0.95
    assert measured.absent_likely <= 10


@pytest.mark.usefixtures("on_samples")
def test_people_see_sums_and_what_is_missing(run: Run, table: Path) -> None:
    ran = run("check", table)
    assert ran.code == 0
    assert "60.0 % of 5 songs" in ran.out
    assert "There is no such song" in ran.out
    assert "no artist and no title" in ran.out
    assert PRESENCE_IS_NO_PROOF in " ".join(ran.out.split())
    assert "\u202e" not in ran.out


@pytest.mark.usefixtures("on_samples")
@pytest.mark.parametrize(
    "lines",
    [
        ["[]"],
        ['{"summary": {}, "report": []}'],
        ['{"summary": {}, "report": {"datasets": [7]}}'],
        ["7", '{"summary": {}, "report": {"datasets": []}}'],
        ['{"row": 1, "artist": "a", "title": "b", "verdict": "found"}', '{"summary": {}, "report": {"datasets": []}}'],
    ],
)
def test_a_report_of_another_form_is_damaged(run: Run, tmp_path: Path, lines: list[str]) -> None:
    (tmp_path / "a.ndjson").write_text("\n".join(lines))
    ran = run("verify", tmp_path / "a.ndjson")
    assert (ran.code, len(ran.err.splitlines())) == (1, 1), ran.err
    assert "a.ndjson is no report, or is damaged" in ran.err
