"""Ctrl-C ends every command within two seconds, also while Elasticsearch keeps it waiting."""

import signal
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from tests.faults import forked, pieces, proxy
from tests.faults.pieces import DATASET

pytestmark = pytest.mark.slow

RECORDS, FILES = 3_000, 12
WITHIN_S = 2.0
AFTER = (0, 3, 8, 15, 25, 40)
"""How many requests are answered before all others hang; a command that sends fewer comes to its end."""


@dataclass
class Hanging(proxy.Faults):
    """Answers some requests, and keeps all others waiting until the test is over."""

    answered: int = 0
    hanging: threading.Event = field(default_factory=threading.Event)
    over: threading.Event = field(default_factory=threading.Event)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> proxy.Answer:
        with self.lock:
            self.answered -= 1
            waits = self.answered < 0
        if waits:
            self.hanging.set()
            self.over.wait(60)
        return self.forward(method, path, headers, body)


@dataclass(frozen=True)
class Loaded:
    """A prefix under which two generations are loaded, the files of them, others, and a catalogue."""

    prefix: str
    files: list[str]
    others: list[str]
    catalogue: str


@pytest.fixture(scope="module")
def loaded(client: Elasticsearch, es_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    folder, prefix = tmp_path_factory.mktemp("interrupted"), "tinterrupted"
    files = [str(path) for path in pieces.written(folder, RECORDS, FILES)]
    catalogue = folder / "catalogue.csv"
    catalogue.write_text("artist,title\n" + "".join(f"artist {n},title {n}\n" for n in range(2_000)))
    try:
        for chosen in (files[:-3], files[:-2]):
            command = forked.start(folder, es_url, prefix, "load", DATASET, *chosen, "--max-change", "1000")
            assert command.wait() in (0, 4), command.err.read_text()
        yield Loaded(prefix, files[:-2], files[1:], str(catalogue))
    finally:
        for index in client.indices.get(index=f"{prefix}*", features="aliases", expand_wildcards="all").body:
            client.indices.delete(index=index)


COMMANDS = {
    "search": ["search", "love"],
    "facet": ["facet", "genre"],
    "datasets": ["datasets"],
    "artist": ["artist", "love"],
    "overlap": ["overlap"],
    "check": ["check", "{catalogue}"],
    "export": ["export", "--out", "{folder}/all.csv"],
    "generations": ["generations"],
    "history": ["history"],
    "rejected": ["rejected", "list"],
    "replay": ["rejected", "replay", DATASET],
    "watch": ["watch", "add", "Queen"],
    "rollback": ["rollback", DATASET],
    "prune": ["prune", DATASET],
    "load": ["load", DATASET, "{others}", "--fresh"],
    "update": ["update", DATASET, "{others}", "--max-change", "1000"],
    "reindex": ["reindex", DATASET],
    "doctor": ["doctor"],
}


@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c(es_url: str, loaded: Loaded, tmp_path: Path, name: str) -> None:
    took = {}
    for answered in AFTER:
        faults = Hanging(es_url, (), answered=answered)
        with proxy.running(faults) as address:
            command = forked.start(tmp_path, address, loaded.prefix, *arguments(name, loaded, tmp_path))
            while not faults.hanging.wait(0.05) and command.code is None:
                pass
            if command.code is not None:
                break
            time.sleep(0.3)
            started = time.monotonic()
            command.signal(signal.SIGINT)
            code = command.wait()
            took[answered] = round(time.monotonic() - started, 2)
            faults.over.set()
        told = command.err.read_text()
        assert code == 130, told
        assert "Traceback" not in told
        assert told.splitlines()[-1].startswith("Interrupted"), told
    assert took
    assert max(took.values()) <= WITHIN_S, took


def arguments(name: str, loaded: Loaded, folder: Path) -> list[str]:
    """Return a command's arguments, with the paths of this test."""
    made: list[str] = []
    for part in COMMANDS[name]:
        made += loaded.others if part == "{others}" else [part.format(catalogue=loaded.catalogue, folder=folder)]
    return made
