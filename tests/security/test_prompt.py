"""A user without a password is asked for it, on a terminal and nowhere else."""

import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson
import pytest

from tests.security.conftest import Node

PATIENCE_S = 60

# Gives the command the terminal as its own and the usual Ctrl-C, as a shell does: a prompt is written to /dev/tty, and
# what is started in the background ignores the signal.
SHELL = (
    "import fcntl, os, signal, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); "
    "signal.signal(signal.SIGINT, signal.SIG_DFL); os.execv(sys.argv[1], sys.argv[1:])"
)
SEARCH = ("search", "love", "--size", "1", "--json")


@dataclass
class Terminal:
    """A command at a terminal of its own; its standard output is a pipe, as in `linernotes search > file`."""

    process: "subprocess.Popen[bytes]"
    master: int
    seen: bytes = field(default=b"")

    def wait_for(self, text: bytes) -> None:
        """Read until the terminal shows a text."""
        deadline = time.monotonic() + PATIENCE_S
        while text not in self.seen:
            assert time.monotonic() < deadline, self.seen
            self.read()

    def read(self) -> bool:
        """Read what is there; False at the end."""
        if not select.select([self.master], [], [], 0.2)[0]:
            return True
        try:
            self.seen += (more := os.read(self.master, 4096))
        except OSError:  # what Linux says when the other end is closed
            return False
        return bool(more)

    def type(self, text: bytes) -> None:
        os.write(self.master, text)

    def end(self) -> tuple[int, bytes]:
        """Return the exit code and standard output."""
        out, _ = self.process.communicate(timeout=PATIENCE_S)
        while select.select([self.master], [], [], 0)[0] and self.read():
            pass
        return self.process.returncode, out


@contextmanager
def terminal(environment: dict[str, str], *arguments: str) -> Iterator[Terminal]:
    master, slave = pty.openpty()
    known = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
    program = [sys.executable, "-c", SHELL, sys.executable, "-m", "linernotes", *arguments]
    process = subprocess.Popen(
        program,
        stdin=slave,
        stdout=subprocess.PIPE,
        stderr=slave,
        env=known | {"TERM": "dumb"} | environment,
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Terminal(process, master)
    finally:
        process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()
        os.close(master)


def test_a_terminal_is_asked_once_and_shows_no_password(node: Node) -> None:
    password = node.own.read_password()
    with terminal(node.environment(USERNAME="elastic"), *SEARCH) as shown:
        shown.wait_for(b"Password of elastic: ")
        shown.type(f"{password}\n".encode())
        code, out = shown.end()
    assert code == 0, shown.seen
    assert orjson.loads(out)["hits"], "standard output is data and nothing else"
    assert shown.seen.count(b"Password of elastic") == 1
    assert password.encode() not in shown.seen


def test_a_wrong_password_is_told_in_one_sentence(node: Node) -> None:
    with terminal(node.environment(USERNAME="elastic"), *SEARCH) as shown:
        shown.wait_for(b"Password of elastic: ")
        shown.type(b"not-the-password\n")
        code, out = shown.end()
    told = shown.seen.partition(b"Password of elastic: ")[2].strip().splitlines()
    assert (code, out, len(told)) == (3, b"", 1), shown.seen
    assert b"refuses the password of the user elastic" in told[0]
    assert b"not-the-password" not in shown.seen


def test_ctrl_c_at_the_prompt_is_an_interruption(node: Node) -> None:
    with terminal(node.environment(USERNAME="elastic"), *SEARCH) as shown:
        shown.wait_for(b"Password of elastic: ")
        time.sleep(1)  # a signal just before the read begins wakes nobody up, as a person would not send it
        shown.process.send_signal(signal.SIGINT)
        code, out = shown.end()
    assert (code, out) == (130, b""), shown.seen
    assert b"Traceback" not in shown.seen


@pytest.mark.parametrize("settings", [{}, {"PASSWORD": "", "PASSWORD_FILE": ""}])
def test_without_a_terminal_nobody_is_asked(node: Node, settings: dict[str, str]) -> None:
    known = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
    environment = known | node.environment(USERNAME="elastic", **settings)
    program = [sys.executable, "-m", "linernotes", *SEARCH]
    done = subprocess.run(
        program, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=PATIENCE_S, env=environment
    )
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1), done.stderr
    assert "There is no password for the user elastic" in done.stderr
    assert "LINERNOTES_PASSWORD_FILE" in done.stderr, "it says what to do"


def test_a_key_needs_no_password(node: Node) -> None:
    """Whoever has a key isn't asked, though a user is named too."""
    key = node.environment(USERNAME="elastic", API_KEY=node.keys["reader"].encoded)
    with terminal(key, *SEARCH) as shown:
        code, out = shown.end()
    assert code == 0, shown.seen
    assert orjson.loads(out)["hits"]
    assert b"Password" not in shown.seen
