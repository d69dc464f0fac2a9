"""Where the archive is looked for: Maven's folder, Maven's mirror, and only then the usual place."""

from pathlib import Path
from urllib.parse import urlsplit

import jgo.constants
import pytest

from linernotes.node import download
from linernotes.node.releases import CURRENT
from linernotes.node.remote import FileSource, HttpSource

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
    found = download.maven_source(CURRENT, tmp_path)
    assert isinstance(found, HttpSource)
    assert found.name == urlsplit(jgo.constants.MAVEN_CENTRAL_URL).hostname


def test_a_mirror_is_honoured_with_its_password(tmp_path: Path) -> None:
    put_settings(tmp_path, MIRROR.format(password="secret"))
    assert download.maven_source(CURRENT, tmp_path).name == "mirror.invalid"
    assert download.settings(tmp_path) == download.Repository(
        tmp_path / "jars", "http://mirror.invalid/maven/", "me:secret"
    )


def test_an_encrypted_password_is_left_out(tmp_path: Path) -> None:
    put_settings(tmp_path, MIRROR.format(password="{jSMOWnoPFgsHVpMvz5VrIt5kRbzGpI8u+9EF1iFQyJQ=}"))
    assert download.settings(tmp_path).credentials is None


def test_what_maven_has_fetched_already_is_taken_from_its_folder(tmp_path: Path) -> None:
    put_settings(tmp_path, MIRROR.format(password="x"))
    there = tmp_path / "jars" / CURRENT.path
    there.parent.mkdir(parents=True)
    there.write_bytes(b"zip")
    found = download.maven_source(CURRENT, tmp_path)
    assert isinstance(found, FileSource)
    assert found.name == str(there)


@pytest.mark.parametrize("text", ["", "<settings>", "<a/>", "\0"])
def test_settings_that_cannot_be_read_count_as_none(tmp_path: Path, text: str) -> None:
    put_settings(tmp_path, text)
    assert download.settings(tmp_path) == download.Repository()


def test_the_row_says_where_maven_has_it() -> None:
    assert CURRENT.path.endswith("/sonar-application/26.4.0.121862/sonar-application-26.4.0.121862.zip")
    assert CURRENT.coordinates == "org.sonarsource.sonarqube:sonar-application:26.4.0.121862:zip"
