"""The command line as other programs run it, and the sample rows loaded once for the session."""

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from linernotes import samples
from linernotes.cli import main
from linernotes.cli.main import COMMANDS, load
from tests.queries.tracks import forget

DATASETS = ("free-music-archive", "spotify-tracks-dataset", "laion-disco-12m", "sleeping-disco-9m")


@dataclass(frozen=True)
class Ran:
    """What a command did: its exit code, and what it printed where."""

    code: int
    out: str
    err: str


Run = Callable[..., Ran]


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the path of every command that does something."""
    for name in COMMANDS:
        inner = getattr(load(name), "commands", None)
        yield from [(name, each) for each in inner] if inner else [(name,)]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    def ran(*arguments: str | Path) -> Ran:
        capfd.readouterr()
        code = main.run([str(argument) for argument in arguments])
        out, err = capfd.readouterr()
        assert "Traceback" not in err, err
        return Ran(code, out, err)

    return ran


@pytest.fixture(scope="session")
def sample_files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Path]]:
    return samples.write(tmp_path_factory.mktemp("samples"))


@pytest.fixture(scope="session")
def loaded(client: Elasticsearch, es_url: str, sample_files: dict[str, list[Path]]) -> Iterator[str]:
    """Return the prefix under which all sample rows are loaded, by the command itself."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LINERNOTES_URL", es_url)
        patch.setenv("LINERNOTES_PREFIX", prefix)
        for dataset, paths in sample_files.items():
            assert main.run(["load", dataset, *map(str, paths)]) in (0, 4)
    yield prefix
    forget(client, prefix)


@pytest.fixture
def on_samples(loaded: str, es_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Point the command line at the sample rows."""
    monkeypatch.setenv("LINERNOTES_URL", es_url)
    monkeypatch.setenv("LINERNOTES_PREFIX", loaded)
