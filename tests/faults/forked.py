"""The command line in processes of its own that begin at once: forked by one that has imported it already.

Importing takes most of a second of CPU, reading the language models half a second, and the tests that kill start a
process for each step. Polars has not worked yet in the process that forks, so its threads are not there yet: of 900
forks that computed, wrote and read none stood still.
"""

import multiprocessing
import os
import signal
import sys
import tempfile
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from linernotes.cli import main
from tests.faults import killer

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload([f"{__package__}.preloaded"])


@dataclass
class Command:
    """A command that was started, and the files that it writes its output to."""

    process: ForkServerProcess
    out: Path
    err: Path

    @property
    def pid(self) -> int:
        """Return the process's id."""
        assert self.process.pid is not None
        return self.process.pid

    @property
    def code(self) -> int | None:
        """Return the exit code, a signal's number as a negative one, None while it runs."""
        return self.process.exitcode

    def signal(self, number: int) -> None:
        """Send a signal."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = 60.0) -> int:
        """Return the exit code; one that takes longer fails."""
        self.process.join(seconds)
        assert self.code is not None, f"{self.process.name} still runs; {self.err.read_text()}"
        return self.code

    def kill(self) -> None:
        """End it, if it still runs."""
        self.process.kill()
        self.process.join()


def start(folder: Path, es_url: str, prefix: str, *arguments: str, dies: str = "") -> Command:
    """Start a command under a prefix; its output goes to `folder`. `dies` names the step after which it is killed."""
    number = len(list(folder.glob("*.out")))
    out, err = folder / f"{number}.out", folder / f"{number}.err"
    out.touch()
    environment = {**os.environ, "LINERNOTES_URL": es_url, "LINERNOTES_PREFIX": prefix}
    process = _CONTEXT.Process(target=_run, args=(environment, arguments, out, err, dies), daemon=True)
    process.start()
    return Command(process, out, err)


def _run(environment: dict[str, str], arguments: tuple[str, ...], out: Path, err: Path, dies: str) -> None:
    os.environ.update(environment)
    tempfile.tempdir = None
    signal.signal(signal.SIGINT, signal.default_int_handler)  # shells let what they start in the background ignore it
    for path, descriptor in ((out, 1), (err, 2)):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), descriptor)
    if dies:
        killer.arm(dies)
    sys.argv = ["linernotes", *arguments]
    main.main()
