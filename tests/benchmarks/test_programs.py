"""Every program in `benchmarks/` runs, on a few hundred records, and prints its figures."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

import benchmarks
from benchmarks import corpora
from linernotes.web.config import Options
from queries import Searcher
from tests.queries.tracks import forget
from tests.web.serving import serving

pytestmark = pytest.mark.slow

FOLDER = Path(benchmarks.__file__).parent
SCALE = 0.00003
"""Some 670 records."""

ARGUMENTS: dict[str, tuple[tuple[str, ...], str]] = {
    "catalogue": (
        ("{out}", "--url", "{url}", "--prefix", "{prefix}c", "--rows", "60", "--load", "500"),
        "found is right: ",
    ),
    "corpora": (("{out}", "--scale", "0.00001"), "sleeping-disco-9m"),
    "export": (("--url", "{url}", "--prefix", "{prefix}", "--rounds", "1"), "linernotes"),
    "fields": (
        ("{corpus}", "--url", "{url}", "--records", "300", "--rounds", "1", "--field", "all_words"),
        "all_words",
    ),
    "full": (("{corpus}", "--url", "{url}", "--prefix", "{prefix}f"), "records"),
    "language": ((), "| linernotes |"),
    "load": (("{corpus}", "--url", "{url}", "--records", "300", "--rounds", "1"), "parallel_bulk"),
    "overload": (("{server}", "--clients", "2", "--seconds", "0.5"), "| alone |"),
    "plots": (("{out}",), "growth.svg"),
    "queries": (
        (
            *("--url", "{url}", "--prefix", "{prefix}", "--queries", "20"),
            *("--peers", "sqlite", "--peer-folder", "{out}"),
        ),
        "sqlite",
    ),
    "recording": ((), "precision"),
    "relevance": (("{out}", "--url", "{url}", "--prefix", "{prefix}r", "--tracks", "500", "--items", "20"), "overall"),
    "serving": (("{server}", "--clients", "2", "--seconds", "2"), "0 errors"),
    "update": (("--url", "{url}", "--records", "400", "--rounds", "1"), "400"),
}
"""Program to its arguments, and what it prints in any case."""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("corpus")
    corpora.write(folder, SCALE, list(corpora.WRITERS))
    return folder


@pytest.fixture(scope="module")
def loaded(client: Elasticsearch, es_url: str, corpus: Path) -> Iterator[str]:
    """Return the prefix under which the corpus is loaded."""
    prefix = f"t{uuid.uuid4().hex[:10]}"
    assert "records" in run("full", es_url, prefix, (str(corpus), "--url", es_url, "--prefix", prefix))
    yield prefix
    forget(client, prefix)


def run(name: str, url: str, prefix: str, arguments: tuple[str, ...]) -> str:
    """Run a program and return what it prints; it has to end well."""
    ran = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments],
        env=os.environ | {"LINERNOTES_URL": url, "LINERNOTES_PREFIX": prefix},
        cwd=FOLDER.parent,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    return ran.stdout


def test_each_program_is_run() -> None:
    programs = {path.stem for path in FOLDER.glob("*.py") if '__name__ == "__main__"' in path.read_text()}
    assert programs == ARGUMENTS.keys()


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_program(name: str, client: Elasticsearch, es_url: str, loaded: str, corpus: Path, tmp_path: Path) -> None:
    arguments, printed = ARGUMENTS[name]
    with serving(lambda: Searcher(client, loaded), Options()) as server:
        values = {"url": es_url, "prefix": loaded, "corpus": corpus, "out": tmp_path, "server": server}
        assert printed in run(name, es_url, loaded, tuple(each.format_map(values) for each in arguments))
