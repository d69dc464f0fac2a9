"""Catalogues over HTTP: what the command says of them, whatever is sent, and nothing of them is left."""

import csv
import io
import re
import socket
import stat
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
import orjson
import pytest

from linernotes.elastic import connect
from linernotes.settings import from_environment
from linernotes.web.checks import jobs, store
from linernotes.web.checks.upload import DEFAULT_NAME
from linernotes.web.config import Options
from queries import Searcher
from tests.cli.conftest import Run, on_samples, run
from tests.cli.test_check import VERDICTS
from tests.faults import proxy
from tests.web.conftest import Site
from tests.web.serving import serving
from tests.web.uploads import CHECKS, checked, ended, form, look, refused, rows, send, shown

__all__ = ["on_samples", "run"]

LONG = "m" * 10_000
HOSTILE = "<img src=x onerror=alert(1)>"
ROWS = [
    ("artist", "title", "album"),
    ("Kurt Vile", "Freeway", "Constant Hitmaker"),
    ("Vile, Kurt", "Freeway - Remastered 2011", ""),
    ("Luke Bryan", "Country On (Live)", ""),
    ("Kurt Vile", "There is no such song", ""),
    ("", "", ""),
    ("kurt vile", "FREEWAY", "constant hitmaker"),
    ("=1+1", f"{HOSTILE}\u202e", ""),
    ("@SUM(A1)", '+cmd|"/c calc"!A0', "-2"),
    ("Kurt Vile", LONG, LONG),
]
SAID = [*VERDICTS, "not found", "unreadable"]


def written(table: Sequence[tuple[str, ...]], delimiter: str = ",") -> str:
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(table)
    return text.getvalue()


CATALOGUE = written(ROWS).encode()


@contextmanager
def server(site: Site, options: Options = Options()) -> Iterator[httpx.Client]:  # noqa: B008 - it is frozen
    with serving(lambda: site.searcher, options) as url, httpx.Client(base_url=url, timeout=30) as web:
        yield web


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return where servers of this test have their folders, and no others."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def rooms(place: Path) -> set[Path]:
    return set(place.glob(f"{store.FOLDER_PREFIX}*"))


def report(web: httpx.Client, job: str, kind: str) -> str:
    answer = web.get(f"{CHECKS}/{job}/report.{kind}")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="linernotes-check-catalogue.{kind}"'
    assert web.get(f"/check/{job}/report.{kind}").text.removeprefix("\ufeff") == answer.text
    return answer.text


@pytest.mark.usefixtures("on_samples")
def test_reports_are_those_of_the_command(web: httpx.Client, run: Run, tmp_path: Path) -> None:
    table = tmp_path / "catalogue.csv"
    table.write_bytes(CATALOGUE)
    job = checked(web, CATALOGUE)
    lines = run("check", table, "--json").out.splitlines()
    assert job["summary"] == orjson.loads(lines[-1])["summary"]
    assert (job["done"], job["rows"], job["problem"], job["data_changed"]) == (9, 9, None, False)
    for kind in ("html", "csv", "ndjson"):
        out = tmp_path / f"report.{kind}"
        assert run("check", table, "--out", out).code == 0
        texts = [report(web, job["id"], kind), out.read_text(encoding="utf-8")]
        ours, theirs = (re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC", "then", text) for text in texts)
        assert ours == theirs
        assert job["reports"][kind] == f"{CHECKS}/{job['id']}/report.{kind}"


def test_the_page_from_the_form_to_the_end(web: httpx.Client) -> None:
    page = web.get("/check")
    assert 'enctype="multipart/form-data"' in page.text
    assert page.headers["referrer-policy"] == "same-origin"
    example = web.get("/check/example.csv").content
    sent = web.post("/check", **form(example))
    assert sent.status_code == 303
    job = sent.headers["location"].removeprefix("/check/")
    ended(web, job)
    done = web.get(sent.headers["location"])
    assert 'data-state="done"' in done.text
    assert "http-equiv" not in done.text
    tracks = re.findall(r'href="(/tracks/[^"]+)"', done.text)
    assert tracks
    assert web.get(tracks[0]).status_code == 200
    gone = web.post(f"/check/{job}/delete")
    assert (gone.status_code, gone.headers["location"]) == (303, "/check")
    refused(web.get(f"/check/{job}"), 404, "no such check")


def test_hostile_names_and_cells(site: Site, place: Path) -> None:
    with server(site) as web:
        hostile(web, place, f"../../../{HOSTILE}\u202e=1+1.csv")


def hostile(web: httpx.Client, place: Path, name: str) -> None:
    job = checked(web, CATALOGUE, name)
    assert [row["verdict"] for row in map(orjson.loads, report_lines(web, job["id"]))] == SAID
    assert "/" not in job["name"]
    (room,) = place.iterdir()
    kept = {path.name for path in room.rglob("*")}
    assert all(re.fullmatch(r"[0-9a-f]{32}|answers\.ndjson|lock", each) for each in kept), kept
    page = web.get(f"/check/{job['id']}").text
    html = web.get(f"{CHECKS}/{job['id']}/report.html").text
    for text in (page, html):
        assert HOSTILE not in text
        assert "\u202e" not in shown(text)
    assert HOSTILE in shown(page)
    assert len(page) < 60_000
    table = web.get(f"{CHECKS}/{job['id']}/report.csv").text
    for row in csv.DictReader(io.StringIO(table)):
        assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]


def report_lines(web: httpx.Client, job: str) -> list[str]:
    return web.get(f"{CHECKS}/{job}/report.ndjson").text.splitlines()[:-1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "cp1252"])
def test_encodings(web: httpx.Client, encoding: str, delimiter: str) -> None:
    table = [("Künstler", "Titel"), ("Mötley Crüe", "Kickstart\nMy, Heart; |"), ("Kurt Vile", "Freeway")]
    job = checked(web, written(table, delimiter).encode(encoding))
    first, second = map(orjson.loads, report_lines(web, job["id"]))
    assert (first["artist"], first["title"]) == ("Mötley Crüe", "Kickstart My, Heart; |")
    assert second["verdict"] == "found"


BAD = [
    (b"", "is empty"),
    (b"\xef\xbb\xbf\n", "is empty"),
    (bytes(range(256)) * 20, "NUL"),
    (b"PK\x03\x04 and so on", "spreadsheet"),
    (b"artist,album\nx,y\n", "no column for title"),
    (b"artist,title\n" + b"x" * 2_000_000, "more than a million characters"),
]


@pytest.mark.parametrize(("content", "said"), BAD, ids=[said for _, said in BAD])
@pytest.mark.parametrize("address", [CHECKS, "/check"])
def test_what_is_no_catalogue(web: httpx.Client, address: str, content: bytes, said: str) -> None:
    name = f"../{HOSTILE}.csv"
    answer = web.post(address, **form(content, name))
    refused(answer, 400, said)
    assert HOSTILE not in answer.text or address == CHECKS


def test_the_body_itself_is_taken(web: httpx.Client) -> None:
    headers = {"content-type": "text/csv", "content-disposition": 'attachment; filename="a/b/my songs.csv"'}
    sent = web.post(CHECKS, content=CATALOGUE, headers=headers).json()
    assert sent["name"] == "my songs.csv"
    assert ended(web, sent["id"])["summary"]["rows"] == 9
    assert web.post(CHECKS, content=CATALOGUE, headers={"content-type": "text/csv"}).json()["name"] == DEFAULT_NAME


def test_other_kinds_of_bodies(web: httpx.Client) -> None:
    refused(web.post(CHECKS, content=b"x", headers={"content-type": "image/png"}), 415, "not accepted")
    refused(web.post(CHECKS, content=b"x"), 415, "not accepted")
    refused(web.post(CHECKS, files={"other": ("x.csv", CATALOGUE)}), 400, "no file in its field catalogue")
    refused(web.post("/check", files={"catalogue": (None, CATALOGUE)}), 400, "no file in its field catalogue")
    multipart = {"content-type": "multipart/form-data; boundary=x"}
    for broken in (b"--x\r\nno header", b"--y\r\n\r\n", b"--x\r\nContent-Disposition: form-data; na", b""):
        assert web.post(CHECKS, content=broken, headers=multipart).status_code == 400
    refused(web.post(CHECKS, content=b"", headers={"content-type": "multipart/form-data"}), 400, "form")


def test_many_parts_and_long_headers_are_refused_quickly(web: httpx.Client) -> None:
    began = time.monotonic()
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    multipart = {"content-type": "multipart/form-data; boundary=x"}
    refused(web.post(CHECKS, content=part * 300_000 + b"--x--\r\n", headers=multipart), 400, "malformed")
    headers = {"content-type": "text/csv", "content-disposition": "attachment; filename*=idna''x" + ";" * 30_000}
    assert web.post(CHECKS, content=CATALOGUE, headers=headers).json()["name"] == DEFAULT_NAME
    assert time.monotonic() - began < 10


@pytest.mark.parametrize("address", [CHECKS, "/check"])
def test_bounds(site: Site, place: Path, address: str) -> None:
    with server(site, Options(upload_bytes=100_000, upload_rows=50)) as web:
        refused(web.post(address, **form(b"artist,title\n" + b"a" * 100_000)), 413, "larger than 0.1 MB")
        refused(web.post(address, **form(b"artist,title\n" + b"a" * 400_000)), 413, "larger than 0.1 MB")
        refused(web.post(address, **form(rows(51))), 413, "more than 50 rows")
        chunks = (b"a" * 50_000 for _ in range(6))
        refused(web.post(address, content=chunks, headers={"content-type": "text/csv"}), 413, "larger than 0.1 MB")
        assert web.post(address, **form(rows(50))).status_code in (202, 303)
        (room,) = rooms(place)
        assert stat.S_IMODE(room.stat().st_mode) == 0o700
        assert len([path for path in room.iterdir() if path.is_dir()]) == 1


@pytest.mark.parametrize("headers", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"},
                                     {"origin": "https://evil.invalid"}, {"origin": "null"}], ids=str)  # fmt: skip
def test_other_sites_are_refused(web: httpx.Client, headers: dict[str, str]) -> None:
    for address in (CHECKS, "/check"):
        refused(web.post(address, **form(CATALOGUE), headers=headers), 403, "another site")
    job = send(web, CATALOGUE)
    refused(web.post(f"/check/{job}/delete", headers=headers), 403, "another site")
    refused(web.delete(f"{CHECKS}/{job}", headers=headers), 403, "another site")
    look(web, job)


def test_our_own_page_is_not(web: httpx.Client) -> None:
    origin = {"origin": str(web.base_url).rstrip("/")}
    for headers in (origin, {**origin, "sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}):
        assert web.post("/check", **form(CATALOGUE), headers=headers).status_code == 303


def test_several_at_once(web: httpx.Client) -> None:
    numbers = (300, 200, 100)
    jobs = [send(web, rows(number) + b"Kurt Vile,Freeway\n" * number) for number in numbers]
    assert len(set(jobs)) == 3
    assert all(len(job) == 32 for job in jobs)
    for job, number in zip(jobs, numbers, strict=True):
        summary = ended(web, job)["summary"]
        assert (summary["not_found"], summary["found"], summary["duplicates"]) == (number, number, number - 1)


def test_progress_and_deletion_while_running(web: httpx.Client) -> None:
    job = send(web, rows(20_000))
    seen: set[int] = set()
    until = time.monotonic() + 10
    while len(seen) < 4 and time.monotonic() < until:
        found = look(web, job)
        seen.add(found["done"])
        assert (found["state"], found["rows"], found["summary"], found["expires"]) == ("running", 20_000, None, None)
    assert len(seen) == 4
    page = web.get(f"/check/{job}").text
    assert 'data-state="running"' in page
    assert re.search(r'<noscript><meta http-equiv="refresh" content="\d+"></noscript>', page)
    assert '<progress id="check-progress" max="20000"' in page
    for kind in ("html", "csv", "ndjson"):
        refused(web.get(f"{CHECKS}/{job}/report.{kind}"), 409, "isn't finished yet")
    assert web.delete(f"{CHECKS}/{job}").status_code == 204
    for address in (f"{CHECKS}/{job}", f"/check/{job}", f"{CHECKS}/{job}/report.csv"):
        refused(web.get(address), 404, "no such check")
    refused(web.delete(f"{CHECKS}/{job}"), 404, "no such check")
    assert checked(web, CATALOGUE)["summary"]["rows"] == 9


@pytest.mark.parametrize("job", ["x", "..", "a" * 5_000, "%00", "..%2f..%2fetc"])
def test_ids_that_are_none(web: httpx.Client, job: str) -> None:
    assert web.get(f"{CHECKS}/{job}").status_code in (404, 400)
    assert web.get(f"/check/{job}/report.csv").status_code in (404, 400)


def test_an_upload_that_breaks_off(site: Site, place: Path) -> None:
    with server(site) as web:
        (room,) = rooms(place)
        host, port = web.base_url.host, web.base_url.port
        with socket.create_connection((host, port or 80)) as half:
            head = f"POST {CHECKS} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\n"
            half.sendall(head.encode() + b"artist,title\n")
            wait(lambda: len(list(room.iterdir())) == 2)
        wait(lambda: [path.name for path in room.iterdir()] == ["lock"])


def wait(happened: Callable[[], bool]) -> None:
    until = time.monotonic() + 10
    while not happened():
        assert time.monotonic() < until
        time.sleep(0.02)


def test_an_hour_later(site: Site, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "SWEEP_S", 0.1)
    with server(site) as web:
        (room,) = rooms(place)
        job = checked(web, CATALOGUE)["id"]
        (kept,) = (path for path in room.iterdir() if path.is_dir())
        assert [path.name for path in kept.iterdir()] == ["answers.ndjson"]
        monkeypatch.setattr(store, "KEEP_S", 0.0)
        refused(web.get(f"{CHECKS}/{job}"), 404, "no such check")
        wait(lambda: not kept.exists())


def test_a_full_house_refuses_and_deletes_nothing(site: Site) -> None:
    with server(site, Options(max_checks=2)) as web:
        first, second = (checked(web, CATALOGUE)["id"] for _ in range(2))
        for address in (CHECKS, "/check"):
            full = web.post(address, **form(CATALOGUE))
            refused(full, 503, "Too many catalogues")
            assert int(full.headers["retry-after"]) >= 60
        assert {look(web, job)["state"] for job in (first, second)} == {"done"}
        assert web.delete(f"{CHECKS}/{first}").status_code == 204
        checked(web, CATALOGUE)
        look(web, second)


def test_what_runs_is_bounded(site: Site) -> None:
    with server(site, Options(running_checks=2)) as web:
        jobs = [send(web, rows(20_000)) for _ in range(2)]
        refused(web.post(CHECKS, **form(CATALOGUE)), 503, "Too many catalogues")
        assert {look(web, job)["state"] for job in jobs} == {"running"}


def test_a_client_has_a_quota(site: Site) -> None:
    with server(site, Options(checks_per_client=3, running_checks_per_client=2)) as web:
        one, other = {"x-forwarded-for": "192.0.2.1"}, {"x-forwarded-for": "192.0.2.2"}
        jobs = [web.post(CHECKS, **form(rows(20_000)), headers=one).json()["id"] for _ in range(2)]
        full = web.post(CHECKS, **form(CATALOGUE), headers=one)
        refused(full, 429, "several checks under way")
        assert int(full.headers["retry-after"]) > 0
        # They take turns: a small one doesn't wait for large ones.
        sent = web.post(CHECKS, **form(CATALOGUE), headers=other).json()
        assert ended(web, sent["id"])["state"] == "done"
        assert {look(web, job)["state"] for job in jobs} == {"running"}
        for job in jobs:
            assert web.delete(f"{CHECKS}/{job}").status_code == 204
        for _ in range(3):
            ended(web, web.post(CHECKS, **form(CATALOGUE), headers=one).json()["id"])
        full = web.post("/check", **form(CATALOGUE), headers=one)
        refused(full, 429, "3 checks here")
        assert 3_000 < int(full.headers["retry-after"]) <= 3_600  # when the first of them is deleted
        assert web.post("/check", **form(CATALOGUE), headers=other).status_code == 303


def test_uploads_under_way_are_bounded(site: Site, place: Path) -> None:
    options = Options(max_uploads=2, upload_s=1.0)
    with server(site, options) as web:
        (room,) = rooms(place)
        host, port = web.base_url.host, web.base_url.port or 80
        head = f"POST {CHECKS} HTTP/1.1\r\nHost: {host}\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\n"
        halves = [socket.create_connection((host, port)) for _ in range(2)]
        for half in halves:
            half.sendall(head.encode() + b"artist,title\n")
        wait(lambda: len(list(room.iterdir())) == 3)
        refused(web.post(CHECKS, **form(CATALOGUE)), 503, "Too many catalogues")
        assert sum(path.stat().st_size for path in room.rglob("catalogue")) < 100
        # What isn't complete in time is given up.
        assert all(half.recv(1000).startswith(b"HTTP/1.1 400") for half in halves)
        assert [path.name for path in room.iterdir()] == ["lock"]
        checked(web, CATALOGUE)
        for half in halves:
            half.close()


def test_disk_has_a_budget(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    small = rows(100)
    with server(site, Options(check_bytes=3 * len(small) + 100 * jobs.ANSWER_BYTES)) as web:
        assert checked(web, small)["done"] == 100
        refused(web.post(CHECKS, **form(rows(2_000))), 503, "Too many catalogues")
    # More answers than were reserved, and no room for them.
    wide = b"artist,title\n" + b"Kurt Vile,Freeway\n" * 50
    monkeypatch.setattr(jobs, "ANSWER_BYTES", 10)
    with server(site, Options(check_bytes=2 * len(wide) + 2_000)) as web:
        job = ended(web, send(web, wide))
        assert (job["state"], job["problem"]) == (
            "failed",
            "There is no room for the results. Send the catalogue again later.",
        )
    with server(site, Options(free_bytes=10**18)) as web:
        refused(web.post(CHECKS, **form(CATALOGUE)), 503, "Too many catalogues")


def test_nothing_is_left_when_the_server_ends(site: Site, place: Path) -> None:
    with server(site) as web:
        jobs = [send(web, rows(20_000)) for _ in range(3)]
        (room,) = rooms(place)
        assert stat.S_IMODE(room.stat().st_mode) == 0o700
        assert look(web, jobs[0])["state"] == "running"
        began = time.monotonic()
    assert time.monotonic() - began < 5
    assert not room.exists()


def test_what_a_killed_server_left_is_removed(site: Site, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "MIN_STALE_S", 0.0)
    left = Path(tempfile.mkdtemp(prefix=store.FOLDER_PREFIX))
    (left / "lock").touch()
    (left / "answers.ndjson").write_text("{}")
    with server(site):
        assert not left.exists()
        others = rooms(place)
        with server(site):
            assert others < rooms(place)


def test_elasticsearch_ends_in_the_middle(site: Site, es_url: str) -> None:
    faults = proxy.Faults(es_url, (), share=1)
    with proxy.running(faults) as address:
        environment = {**site.environment, "LINERNOTES_URL": address}
        with connect(from_environment(environment)) as client:
            searcher = Searcher(client, site.searcher.prefix)
            with serving(lambda: searcher, Options()) as url, httpx.Client(base_url=url, timeout=30) as web:
                job = send(web, rows(20_000))
                while not look(web, job)["done"]:
                    time.sleep(0.05)
                faults.kinds = ("reset_before",)
                found = ended(web, job)
                assert found["state"] == "failed"
                assert found["problem"].startswith("The search is temporarily unavailable.")
                assert "\n" not in found["problem"]
                refused(web.get(f"{CHECKS}/{job}/report.html"), 409, "failed")
                assert found["problem"] in shown(web.get(f"/check/{job}").text)
                until = time.monotonic() + 10  # for a moment the version is believed
                while (answer := web.post(CHECKS, **form(CATALOGUE))).status_code == 202:
                    assert time.monotonic() < until
                    time.sleep(0.2)
                refused(answer, 503, "temporarily unavailable")
                faults.kinds = ()
                until = time.monotonic() + 10
                while web.post(CHECKS, **form(CATALOGUE)).status_code != 202:  # connections that the proxy has closed
                    assert time.monotonic() < until
                assert checked(web, CATALOGUE)["summary"]["rows"] == 9
