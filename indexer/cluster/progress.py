"""Counters of a running load: threads add, whoever shows progress reads."""

import resource
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from pathlib import Path

from indexer.records import Totals

REPEATED_AFTER_S = 60.0

_STATUS = Path("/proc/self/status")


@dataclass
class FileProgress:
    """Progress of one source file, in records."""

    name: str
    rows: int
    done: int = 0


@dataclass
class Progress:
    """What a load has done so far. All methods may be called from any thread."""

    files: list[FileProgress] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    resumed: int = 0
    retries: int = 0
    senders: int = 0
    state: str = "planning"
    started: float = field(default_factory=time.monotonic)
    notes: deque[str] = field(default_factory=deque)
    _said: dict[str, float] = field(default_factory=dict, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    @property
    def seconds(self) -> float:
        """Return the seconds since the load began."""
        return time.monotonic() - self.started

    def add_file(self, name: str, rows: int) -> None:
        """Announce a source file and how many records it has."""
        with self._lock:
            self.files.append(FileProgress(name, rows))

    def advance(self, file_number: int, totals: Totals) -> None:
        """Add an acknowledged chunk of a file."""
        with self._lock:
            self.files[file_number].done += totals.read
            self.totals += totals

    def skip(self, file_number: int, rows: int) -> None:
        """Add a chunk that an earlier run, or another loader, acknowledged."""
        with self._lock:
            self.files[file_number].done += rows
            self.resumed += rows

    def retried(self) -> None:
        """Count one more request that had to be sent again."""
        with self._lock:
            self.retries += 1

    def note(self, sentence: str) -> None:
        """Tell the user something, once."""
        with self._lock:
            self.notes.append(sentence)

    def note_once(self, sentence: str) -> None:
        """Tell the user something that may be noticed by many threads, over and over: once a minute is enough."""
        with self._lock:
            if time.monotonic() - self._said.get(sentence, -REPEATED_AFTER_S) >= REPEATED_AFTER_S:
                self._said[sentence] = time.monotonic()
                self.notes.append(sentence)

    def take_notes(self) -> list[str]:
        """Return the sentences that nobody has taken yet."""
        with self._lock:
            taken = list(self.notes)
            self.notes.clear()
            return taken


def peak_rss_mb() -> float:
    """Return the most memory that this process has held, in MiB.

    From Linux's own count of this program: `getrusage` also counts who started it, before it became this program.
    """
    if _STATUS.exists():
        lines = dict(line.split(":", 1) for line in _STATUS.read_text().splitlines())
        return round(int(lines["VmHWM"].split()[0]) / 1024, 1)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)
