"""The server as a process of its own, as people start it, and what is asked of it beside the browser."""

import os
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

import queries
from linernotes.web.search_params import PAGE_SIZE
from queries import Searcher, SearchResult

COMMAND = (sys.executable, "-m", "linernotes")
END_S = 30


@dataclass(frozen=True)
class Site:
    """A server's address, the searcher that says what its pages ought to show, and the environment of commands."""

    url: str
    searcher: Searcher
    environment: dict[str, str]

    def search(self, text: str = "", **filters: list[str]) -> SearchResult:
        """Return what a page of a search has to show."""
        asked = queries.request(text, filters_by_facet=filters, facet_names=queries.DEFAULT_FACETS, size=PAGE_SIZE)
        return self.searcher.search(asked)


def settings(es_url: str, prefix: str, home: Path) -> dict[str, str]:
    """Return the environment of processes that use an index prefix of their own."""
    usual = {name: value for name, value in os.environ.items() if not name.startswith("LINERNOTES_")}
    return usual | {"LINERNOTES_URL": es_url, "LINERNOTES_PREFIX": prefix, "LINERNOTES_HOME": str(home)}


def load(files: Mapping[str, Iterable[Path]], environment: dict[str, str]) -> None:
    """Load data sets by the command itself, side by side: 30 s instead of 45 s on a machine with other work."""
    loads = [
        subprocess.Popen(
            [*COMMAND, "load", dataset, *map(str, paths)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for dataset, paths in files.items()
    ]
    assert {each.wait() for each in loads} <= {0, 4}


@contextmanager
def serving(environment: dict[str, str], log: Path, *options: str) -> Iterator[str]:
    """Run a server until the end of the block, at a rate that no test reaches; yields its address."""
    command = [*COMMAND, "serve", "--port", "0", "--rate", "1000000", "--json", *options]
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=errors) as process,
    ):
        try:
            assert process.stdout
            ready = process.stdout.readline()
            assert ready, log.read_text()
            yield orjson.loads(ready)["url"]
        finally:
            process.terminate()
            assert process.wait(END_S) == 0
