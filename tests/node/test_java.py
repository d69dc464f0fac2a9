"""Finding a Java on made-up machines."""

from pathlib import Path

import pytest

from linernotes.node.java import Jdk, find_java
from linernotes.node.releases import CURRENT
from mappings.errors import LinernotesError

ALL = "java.base jdk.jdi jdk.net jdk.incubator.vector"


def install(home: Path, version: str | None, modules: str | None = ALL, says: str = "") -> Path:
    """Make a folder that looks like a JDK; with `says` its java prints that when asked."""
    java = home / "bin" / "java"
    java.parent.mkdir(parents=True)
    (home / "lib").mkdir()
    java.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{says}\nEND\n")
    java.chmod(0o755)
    if version:
        lines = [f'JAVA_VERSION="{version}"', *([f'MODULES="{modules}"'] if modules else [])]
        (home / "release").write_text("\n".join(lines) + "\n")
    return home


def find(folder: Path, **environ: str) -> Jdk:
    return find_java(CURRENT, environ, usual=[f"{folder}/usual/*"])


def test_java_home_is_asked_before_the_path_and_the_path_before_the_usual_folders(tmp_path: Path) -> None:
    named = install(tmp_path / "named", "17.0.1")
    on_path = install(tmp_path / "on_path", "21.0.1")
    usual = install(tmp_path / "usual" / "new", "25")
    path = str(on_path / "bin")
    assert find(tmp_path, JAVA_HOME=str(named), PATH=path).home == named
    assert find(tmp_path, PATH=path).home == on_path
    assert find(tmp_path, PATH="").home == usual
    assert find(tmp_path, JAVA_HOME="/nowhere", PATH="").home == usual


def test_the_newest_of_the_usual_folders_wins(tmp_path: Path) -> None:
    install(tmp_path / "usual" / "a", "17.0.9")
    newest = install(tmp_path / "usual" / "b", "21.0.2")
    install(tmp_path / "usual" / "c", "1.8.0_392")
    (tmp_path / "usual" / "d").mkdir()
    assert find(tmp_path, PATH="").home == newest


def test_a_link_on_the_path_leads_to_its_installation(tmp_path: Path) -> None:
    home = install(tmp_path / "real", "17.0.1")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "java").symlink_to(home / "bin" / "java")
    assert find(tmp_path, PATH=str(tmp_path / "bin")).home == home


def test_a_shim_on_the_path_is_asked_where_its_java_is(tmp_path: Path) -> None:
    home = install(tmp_path / "real", "17.0.1")
    shim = tmp_path / "shims" / "java"
    shim.parent.mkdir()
    shim.write_text(f"#!/bin/sh\necho '    java.home = {home}' >&2\n")
    shim.chmod(0o755)
    assert find(tmp_path, PATH=f"{shim.parent}:/usr/bin:/bin").home == home


def test_an_installation_without_release_file_is_asked_for_its_version(tmp_path: Path) -> None:
    home = install(tmp_path / "bare", None, says="    java.version = 21.0.3\n    java.home = /x")
    assert find(tmp_path, JAVA_HOME=str(home)) == Jdk(home, 21, None)


@pytest.mark.parametrize(
    ("version", "modules", "reason"),
    [("11.0.2", ALL, "it is Java 11"), ("17.0.1", "java.base", "it is cut down and lacks jdk.jdi and jdk.net")],
)
def test_an_unsuitable_one_is_named_with_what_to_do(tmp_path: Path, version: str, modules: str, reason: str) -> None:
    home = install(tmp_path / "unfit", version, modules)
    with pytest.raises(LinernotesError) as caught:
        find(tmp_path, JAVA_HOME=str(home), PATH="")
    assert f"{home}: {reason}" in caught.value.message
    assert all(remedy in caught.value.hint for remedy in ("apt install", "docker compose up", "LINERNOTES_URL"))


def test_one_that_the_user_may_not_run_is_passed_over(tmp_path: Path) -> None:
    install(tmp_path / "usual" / "b", "21")
    other = install(tmp_path / "usual" / "a", "17.0.1")
    java = find_java(CURRENT, {"PATH": ""}, usable=lambda home: home == other, usual=[f"{tmp_path}/usual/*"])
    assert java.home == other
