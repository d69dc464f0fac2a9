"""Files, users and ports: the small certainties."""

import io
import os
import socket
import time
from pathlib import Path

import pytest
from rich.console import Console

from linernotes.node import config, download, logs, process, state
from linernotes.node.config import Ports
from linernotes.node.process import Account
from mappings.errors import InputError, LinernotesError


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".a.yml.new").symlink_to(victim)
    (tmp_path / "a.yml").symlink_to(victim)
    state.write_whole(tmp_path / "a.yml", b"new")
    assert (tmp_path / "a.yml").read_text() == "new"
    assert victim.read_text() == "precious"
    assert (tmp_path / "a.yml").stat().st_mode & 0o777 == 0o644


def test_what_the_system_refuses_becomes_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(LinernotesError, match=r"x/y can't be used: Not a directory\. Set LINERNOTES_HOME"),
        state.told(tmp_path),
    ):
        (tmp_path / "x").write_text("")
        (tmp_path / "x" / "y").write_text("")
    with (
        pytest.raises(LinernotesError, match=r"is full\. Make room"),
        state.told(tmp_path),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x" * 100_000)


def test_too_little_room(tmp_path: Path) -> None:
    with pytest.raises(LinernotesError, match=r"It needs 1,000,000,000,000,000 MB, and the disk of"):
        state.need_room(tmp_path, 10**21, "It")


if os.geteuid() == 0:  # only root runs Elasticsearch as somebody else

    def test_folders_are_for_all_to_enter_whatever_the_umask(home: Path) -> None:
        before = os.umask(0o077)
        try:
            state.make(home / "a" / "b")
        finally:
            os.umask(before)
        assert (home / "a").stat().st_mode & 0o777 == 0o755

    def test_root_changes_to_somebody_else_and_says_what_is_closed_to_them(home: Path) -> None:
        nobody = process.current()
        assert nobody.switch
        assert nobody.uid != 0
        (home / "closed" / "inside").mkdir(parents=True)
        process.need_entry(home / "closed" / "inside", nobody)
        (home / "closed").chmod(0o700)
        with pytest.raises(LinernotesError, match=rf"runs as {nobody.name}, who may not enter {home}/closed, and"):
            process.need_entry(home / "closed" / "inside", nobody)
        process.give([home / "closed"], nobody)
        assert (home / "closed" / "inside").stat().st_uid == nobody.uid


def test_without_root_nobody_changes(tmp_path: Path) -> None:
    me = Account(os.geteuid(), os.getegid(), "", switch=False)
    process.give([tmp_path / "mine"], me)
    process.need_entry(tmp_path / "mine", me)
    assert me.may(tmp_path / "mine", os.X_OK)
    assert not me.may(tmp_path / "absent", os.X_OK)


def test_ports_stay_the_same_while_they_are_free() -> None:
    mine = config.choose(None, "seed")
    assert mine == config.choose(None, "seed") == config.choose(mine, "another seed")
    assert config.FIRST <= mine.http < config.LAST
    assert mine.http != mine.transport


def test_a_taken_port_is_replaced_and_the_other_kept() -> None:
    taken = {25_000}
    chosen = config.choose(Ports(25_000, 25_001), "seed", free=lambda port: port not in taken)
    assert chosen.http != 25_000
    assert chosen.transport == 25_001
    with pytest.raises(LinernotesError, match="No port between"):
        config.choose(None, "seed", free=lambda _: False)


def test_a_port_that_is_listened_on_is_not_free() -> None:
    with socket.socket() as other:
        other.bind((config.LOOPBACK, 0))
        other.listen()
        assert not config.is_free(other.getsockname()[1])


def test_without_a_terminal_progress_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 0.05)
    said: list[str] = []
    with download.metered(3_000_000, said.append, Console(file=io.StringIO())) as advance:
        advance(1_000_000)
        time.sleep(0.06)
        advance(1_000_000)
        advance(1_000_000)
    assert len(said) == 1
    assert said[0].startswith("2 of 3 MB, ")


def test_on_a_terminal_progress_is_a_bar() -> None:
    screen = Console(file=io.StringIO(), force_terminal=True, width=100)
    with download.metered(2_000_000, pytest.fail, screen) as advance:
        advance(2_000_000)
    assert "2.0/2.0 MB" in screen.file.getvalue()  # type: ignore[attr-defined]


def test_logs(home: Path) -> None:
    with pytest.raises(InputError, match="no logs"):
        logs.path_of(home)
    here = config.of(home)
    here.logs.mkdir(parents=True)
    here.console.write_text("printed\n")
    assert logs.path_of(home) == here.console
    here.log.write_text("".join(f"{n}\n" for n in range(10)))
    os.utime(here.console, (1, 1))
    assert logs.tail(logs.path_of(home), 2) == ["8", "9"]
    assert logs.tail(here.log, 0) == []


def test_a_log_is_followed_over_its_rotation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs, "LOOK", 0.01)
    log = tmp_path / "log"
    log.write_text("a\nb\n")
    lines = logs.follow(log, 1)
    assert next(lines) == "b"
    with log.open("a") as file:
        file.write("c\n")
    assert next(lines) == "c"
    log.rename(tmp_path / "log.1")
    log.write_text("d\n")
    assert next(lines) == "d"
    lines.close()  # type: ignore[attr-defined]
