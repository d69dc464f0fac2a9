"""The files of a home, the user that its nodes run as, and whose a process is."""

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from linernotes.node import process, service, state, status
from linernotes.node.process import Account
from linernotes.node.state import Layout, NodeState
from mappings.errors import LinernotesError


def put_state(home: Path, **changes: object) -> NodeState:
    put = NodeState(**({"version": "8.19.13", "heap": "1g", "http_port": 1, "transport_port": 2} | changes))  # type: ignore[arg-type]
    Layout(home).state.parent.mkdir(exist_ok=True)
    state.save(Layout(home), put)
    return put


def test_a_state_is_read_back_also_from_another_version(home: Path) -> None:
    put = put_state(home, secure=True, formed=False, phase="stopped")
    assert state.load(Layout(home)) == put
    text = Layout(home).state.read_text()
    Layout(home).state.write_text(text.replace("{", '{"launcher": null, "url": "http://127.0.0.1:1",', 1))
    assert state.load(Layout(home)) == put


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff", b'{"version": "8.19.13"}'])
def test_a_home_with_a_broken_state_has_no_node(home: Path, content: bytes) -> None:
    put_state(home)
    Layout(home).state.write_bytes(content)
    assert status.read_status(home).as_dict() == {"nodes": [], "secure": False}
    assert status.url_of(home) is None


def test_a_process_with_the_mark_is_ours_and_no_other(home: Path) -> None:
    put_state(home)
    assert status.read_status(home).nodes[0].state == "dead"
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", Layout(home).mark]) as marked:
        while not (processes := process.find_processes(Layout(home))).all:
            time.sleep(0.01)
        assert [one.pid for one in processes.launchers] == [marked.pid]
        assert not process.find_processes(Layout(home / "other")).all
        node = status.read_status(home).nodes[0]
        assert (node.state, node.pid, status.url_of(home)) == ("starting", None, None)
        service.stop(home)
        assert process.has_ended(psutil.Process(marked.pid))
    said: list[str] = []
    assert service.stop(home, said.append).nodes[0].state == "stopped"
    assert said == ["The node isn't running."]


def test_a_zombie_has_ended(home: Path) -> None:
    zombie = os.posix_spawn("/bin/true", ["true", Layout(home).mark], {})
    try:
        while psutil.Process(zombie).status() != psutil.STATUS_ZOMBIE:
            time.sleep(0.01)
        assert not process.find_processes(Layout(home)).all
        assert process.has_ended(psutil.Process(zombie))
    finally:
        os.waitpid(zombie, 0)


def test_a_link_in_the_way_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / ".a.yml.new").symlink_to(victim)
    (tmp_path / "a.yml").symlink_to(victim)
    state.write_atomically(tmp_path / "a.yml", b"new")
    assert (tmp_path / "a.yml").read_text() == "new"
    assert victim.read_text() == "precious"
    assert (tmp_path / "a.yml").stat().st_mode & 0o777 == 0o644


def test_what_the_system_refuses_becomes_a_sentence(tmp_path: Path) -> None:
    with (
        pytest.raises(LinernotesError, match=r"x/y can't be used: Not a directory\. Set LINERNOTES_HOME"),
        state.translated_os_errors(tmp_path),
    ):
        (tmp_path / "x").write_text("")
        (tmp_path / "x" / "y").write_text("")
    with (
        pytest.raises(LinernotesError, match=r"is full\. Make room"),
        state.translated_os_errors(tmp_path),
        Path("/dev/full").open("w") as full,
    ):
        full.write("x" * 100_000)


def test_too_little_room(tmp_path: Path) -> None:
    with pytest.raises(LinernotesError, match=r"It needs 1,000,000,000,000,000 MB, and the disk of"):
        state.need_free(tmp_path, 10**21, "It")


if os.geteuid() == 0:  # only root runs Elasticsearch as somebody else

    def test_folders_are_for_all_to_enter_whatever_the_umask(home: Path) -> None:
        before = os.umask(0o077)
        try:
            state.make_folder(home / "a" / "b")
        finally:
            os.umask(before)
        assert (home / "a").stat().st_mode & 0o777 == 0o755

    def test_root_changes_to_somebody_else_and_says_what_is_closed_to_them(home: Path) -> None:
        nobody = process.current_account()
        assert nobody.switch
        assert nobody.uid != 0
        (home / "closed" / "inside").mkdir(parents=True)
        nobody.need_entry(home / "closed" / "inside")
        (home / "closed").chmod(0o700)
        with pytest.raises(LinernotesError, match=rf"runs as {nobody.name}, who may not enter {home}/closed, and"):
            nobody.need_entry(home / "closed" / "inside")
        nobody.take([home / "closed"])
        assert (home / "closed" / "inside").stat().st_uid == nobody.uid


def test_without_root_nobody_changes(tmp_path: Path) -> None:
    me = Account(os.geteuid(), os.getegid(), "", switch=False)
    me.take([tmp_path / "mine"])
    me.need_entry(tmp_path / "mine")
    assert me.may(tmp_path / "mine", os.X_OK)
    assert not me.may(tmp_path / "absent", os.X_OK)
