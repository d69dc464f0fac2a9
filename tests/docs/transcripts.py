"""What guides show as typed in a terminal, read from their Markdown and run as it stands."""

import doctest
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SERVER = "http://127.0.0.1:8000"
"""Where guides say that the server is; a test's is elsewhere."""

VARYING = (
    (r"\b\d+ ms\b", "N ms"),
    (r"\d\d\d\d-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z| UTC)?", "TIME"),
    (r"\d[\d,.]* (records|rows)/s", r"N \1/s"),
    (r"\b\d[\d,.]* (s|MB)\b", r"N \1"),
)
"""What is different each time: patterns, and what stands for them."""


@dataclass(frozen=True)
class Step:
    """A command, and what the guide says that it prints: nothing where the guide doesn't show it."""

    line: int
    command: str
    shown: str


def steps(text: str) -> Iterator[Step]:
    r"""Yield the commands of a guide: lines after `$ ` in blocks that are marked as `console`.

    >>> [(step.command, step.shown) for step in steps("```console\n$ echo a\na\n$ echo b\n```\n")]
    [('echo a', 'a\n'), ('echo b', '')]
    """
    for block in re.finditer(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        first = text[: block.start(1)].count("\n") + 1
        for part in re.finditer(r"^\$ (.*(?:\\\n.*)*)\n((?:(?!\$ ).*\n)*)", block[1], re.MULTILINE):
            yield Step(first + block[1][: part.start()].count("\n"), part[1], part[2])


def pythons(text: str) -> Iterator[str]:
    """Yield the Python of a page."""
    yield from re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def is_as_shown(shown: str, printed: str) -> bool:
    r"""Return whether a command printed what a guide shows; `...` stands for anything, times for other times.

    >>> is_as_shown("6 tracks in 142 ms\n...\n", "6 tracks in 9 ms\nmore\n")
    True
    >>> is_as_shown("6 tracks\n", "7 tracks\n")
    False
    """
    options = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    return doctest.OutputChecker().check_output(_without_varying(shown), _without_varying(printed), options)


def _without_varying(text: str) -> str:
    for pattern, name in VARYING:
        text = re.sub(pattern, name, text)
    return text.strip() + "\n"


@dataclass
class Terminal:
    """Runs commands one after the other in a folder, as somebody at a terminal would."""

    folder: Path
    environment: Mapping[str, str]
    servers: "list[subprocess.Popen[str]]" = field(default_factory=list)
    server_url: str = SERVER

    def run(self, command: str) -> "subprocess.CompletedProcess[str]":
        """Run a command; a server is left running until the end, and later commands find it."""
        command = re.sub(r"^make demo\b", "linernotes demo", command)
        command = command.replace(".venv/bin/linernotes", "linernotes").replace(SERVER, self.server_url)
        if command == "linernotes serve":
            return self._serve()
        ran = subprocess.run(
            ["bash", "-c", command],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        ran.stdout = ran.stdout.replace(self.environment["LINERNOTES_PREFIX"], "linernotes")
        return ran

    def _serve(self) -> "subprocess.CompletedProcess[str]":
        command = ["linernotes", "serve", "--port", "0"]
        process = subprocess.Popen(
            command, cwd=self.folder, env=self.environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.servers.append(process)
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r"http://[\d.:]+", said)
        assert found, said
        self.server_url = found[0]
        return subprocess.CompletedProcess(command, 0, said.replace(self.server_url, SERVER), "")

    def close(self) -> None:
        """End the servers."""
        for process in self.servers:
            process.send_signal(signal.SIGTERM)
            process.wait(30)
            assert process.stdout
            process.stdout.close()


def environment(es_url: str, prefix: str, home: Path) -> dict[str, str]:
    """Return the environment of a terminal: `linernotes` on the path is this project, HOME is the folder."""
    shims = home / "bin"
    shims.mkdir(parents=True, exist_ok=True)
    for name, call in (("linernotes", "-m linernotes"), ("python", "")):
        shim = shims / name
        shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" {call} "$@"\n')
        shim.chmod(0o755)
    usual = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
    return usual | {
        "PATH": f"{shims}:{usual['PATH']}",
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "HOME": str(home),
        "COLUMNS": "100",
        "NO_COLOR": "1",
        "LINERNOTES_URL": es_url,
        "LINERNOTES_PREFIX": prefix,
        "LINERNOTES_HOME": str(home / "linernotes"),
    }
