"""The download against a real server on the loopback address, which cuts, lies and refuses."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from linernotes.node import download, remote
from linernotes.node.releases import Release
from linernotes.node.remote import FileSource, HttpSource
from mappings.errors import CheckFailedError, LinernotesError, UnreachableError

from .server import Fault, Handler, Repository


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FIRST_PAUSE", 0.001)
    monkeypatch.setattr(download, "TAIL", 20_000)
    monkeypatch.setattr(remote, "GAP", 1_000)


def cut_after(count: int) -> Fault:
    def fault(handler: Handler, start: int, body: bytes) -> bool:
        handler.answer(start, body[:count], told=len(body))
        handler.close_connection = True
        handler.connection.close()
        return True

    return fault


def status(code: int) -> Fault:
    def fault(handler: Handler, start: int, body: bytes) -> bool:
        handler.send_error(code)
        return True

    return fault


def whole_file(handler: Handler, start: int, body: bytes) -> bool:
    """Ignore the range, and send everything."""
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(handler.server.repository.body)))
    handler.end_headers()
    handler.wfile.write(handler.server.repository.body)
    return True


def wrong_bytes(handler: Handler, start: int, body: bytes) -> bool:
    handler.answer(start, bytes(len(body)))
    return True


def wrong_place(handler: Handler, start: int, body: bytes) -> bool:
    handler.answer(start + 1, body[1:])
    return True


def nonsense_range(handler: Handler, start: int, body: bytes) -> bool:
    handler.send_response(206)
    handler.send_header("Content-Range", "somewhere")
    handler.send_header("Content-Length", "0")
    handler.end_headers()
    return True


def fine(handler: Handler, start: int, body: bytes) -> bool:
    return False


def get(home: Path, archive: tuple[Release, bytes], repository: Repository, said: list[str] | None = None) -> Path:
    report = print if said is None else said.append
    return download.distribution(home, report, archive[0], HttpSource(repository.url, advice="Do otherwise."))


def leftovers(home: Path) -> set[str]:
    return {path.name for path in (home / "elasticsearch").iterdir()} - {".lock"}


def test_only_the_wanted_folder_is_fetched_in_few_requests(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    folder = get(tmp_path, archive, repository)
    assert download.is_whole(folder, archive[0])
    assert (folder / "late.txt").read_bytes() == b"late"
    assert (folder / "modules/a/é").stat().st_mode & 0o777 == 0o644
    assert len(repository.asked) == 3, "the directory with the last file, the folder, and the one file that lies apart"
    assert repository.sent < archive[0].unpacked_bytes + 30_000 < len(repository.body) / 3
    assert leftovers(tmp_path) == {"1.2.3"}


def test_what_is_there_is_not_fetched_again(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    get(tmp_path, archive, repository)
    before = len(repository.asked)
    get(tmp_path, archive, repository)
    assert len(repository.asked) == before


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param([cut_after(100)], id="directory cut"),
        pytest.param([fine, cut_after(50_000), cut_after(0), cut_after(70_000)], id="range cut thrice"),
        pytest.param([status(503), fine, status(429)], id="busy"),
        pytest.param([fine, wrong_place], id="another range"),
        pytest.param([nonsense_range], id="nonsense about the range"),
        pytest.param([fine, wrong_bytes], id="other bytes, once"),
        pytest.param([wrong_bytes], id="no central directory, once"),
    ],
)
def test_mends_itself(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository, faults: list[Fault]
) -> None:
    repository.faults.extend(faults)
    assert download.is_whole(get(tmp_path, archive, repository), archive[0])
    assert leftovers(tmp_path) == {"1.2.3"}
    assert not repository.faults


def test_a_cut_range_goes_on_where_it_was_cut(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    repository.faults.extend([fine, cut_after(50_000)])
    get(tmp_path, archive, repository)
    first, again = (int(wanted.removeprefix("bytes=").split("-")[0]) for wanted in repository.asked[1:3])
    assert first < again <= first + 50_000


def test_an_attempt_that_failed_is_gone_on_with_by_the_next(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    repository.faults.extend([fine, cut_after(300_000), *[status(503)] * download.ATTEMPTS])
    with pytest.raises(UnreachableError, match=r"answered 503\. What has arrived is kept"):
        get(tmp_path, archive, repository)
    sent, said = repository.sent, list[str]()
    folder = get(tmp_path, archive, repository, said)
    assert download.is_whole(folder, archive[0])
    assert repository.sent - sent < archive[0].unpacked_bytes - 200_000, (
        "the second attempt fetched only what was missing"
    )
    assert any("that are still missing" in sentence for sentence in said)


@pytest.mark.parametrize(
    ("fault", "problem", "message"),
    [
        (whole_file, CheckFailedError, "doesn't answer ranged requests. Do otherwise."),
        (status(404), UnreachableError, "refuses the file (HTTP 404). Do otherwise."),
        (status(401), UnreachableError, "refuses the file (HTTP 401)"),
    ],
)
def test_a_refusal_is_told_at_once(
    tmp_path: Path,
    archive: tuple[Release, bytes],
    repository: Repository,
    fault: Fault,
    problem: type[LinernotesError],
    message: str,
) -> None:
    repository.faults.append(fault)
    with pytest.raises(problem) as caught:
        get(tmp_path, archive, repository)
    assert message in str(caught.value)
    assert len(repository.asked) == 1


def test_other_bytes_than_the_pinned_are_never_kept(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    repository.body = archive[1].replace(b"late", b"Late")
    with pytest.raises(CheckFailedError, match="pinned"):
        get(tmp_path, archive, repository)
    assert leftovers(tmp_path) == set()


def test_nobody_listens(tmp_path: Path, archive: tuple[Release, bytes]) -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1 can't be reached"):
        download.distribution(tmp_path, print, archive[0], HttpSource("http://127.0.0.1:9/x"))


def test_a_tree_that_lost_a_file_is_fetched_again(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    folder = get(tmp_path, archive, repository)
    (folder / "bin/run").unlink()
    assert download.is_whole(get(tmp_path, archive, repository), archive[0])


def test_a_file_on_this_machine_does_too(tmp_path: Path, archive: tuple[Release, bytes]) -> None:
    (tmp_path / "thing.zip").write_bytes(archive[1])
    folder = download.distribution(tmp_path, print, archive[0], FileSource(tmp_path / "thing.zip"))
    assert download.is_whole(folder, archive[0])


def test_no_room(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linernotes.node.state.room", lambda _: 1_000_000)
    with pytest.raises(LinernotesError, match=r"needs 2 MB, and the disk of .* has 1 MB left\. Make room"):
        get(tmp_path, archive, repository)


def test_two_at_once_share_one_download(tmp_path: Path, archive: tuple[Release, bytes], repository: Repository) -> None:
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: get(tmp_path, archive, repository), range(2)))
    assert len(set(folders)) == 1
    assert sum(wanted.startswith("bytes=-") for wanted in repository.asked) == 1
