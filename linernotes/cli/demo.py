"""`linernotes demo`: a local Elasticsearch, sample data, and searches to begin with."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import typer

import queries
from indexer.cluster import indices
from indexer.load.load import Options
from linernotes import samples, settings
from linernotes.cli.ask import print_search, search_command
from linernotes.cli.common import open_searcher, print_json
from linernotes.cli.load import run_load
from linernotes.elastic import connect
from linernotes.node import service
from linernotes.output import terminal


@dataclass(frozen=True)
class Scene:
    """A search, and why somebody would want it."""

    why: str
    text: str = ""
    filters: dict[str, list[str]] = field(default_factory=dict)
    facets: Sequence[str] = ()
    size: int = 3


SCENES = (
    Scene(
        "A musician: is my music in there, which songs, in which data sets, under which licence?",
        "kurt vile",
        facets=["dataset", "licence"],
    ),
    Scene("A fan who types without umlauts and capitals.", "motley crue", size=2),
    Scene(
        "A journalist: which of these tracks must not be used commercially?",
        filters={"commercial_use": ["prohibited"]},
        facets=["dataset", "licence", "genre", "year"],
        size=0,
    ),
)

GO_ON = """
Next:
  linernotes search kino                                  a name in another script (synthetic data)
  linernotes search --genre rock --year 1990..1999        browse with filters
  linernotes check CATALOGUE.csv                          which songs of a list are in there?
  linernotes serve                                        the web site
  linernotes datasets                                     where each data set is from, and who used it
  linernotes load free-music-archive fma_metadata.zip     the real data
  linernotes node stop                                    stop the local Elasticsearch
(in the project's folder: .venv/bin/linernotes ...)"""


AsJson = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each search.")]


def demo(json: AsJson = False) -> None:
    """Start Elasticsearch, load sample data, and show searches.

    The sample data of the Free Music Archive and of the Spotify Tracks Dataset are real; those of LAION-DISCO-12M and
    Sleeping-DISCO-9M are synthetic.
    """
    config = settings.from_environment()
    if not config.urls:
        service.start(config.home, report=_report)
    _load_samples()
    for scene in SCENES:
        request = queries.request(
            scene.text, filters_by_facet=scene.filters, facet_names=scene.facets, size=scene.size, highlight=not json
        )
        command = search_command(scene.text, scene.filters, request)
        if json:
            with open_searcher() as searcher:
                print_json({"command": command, "answer": searcher.search(request).as_json()})
        else:
            terminal.console().rule(characters="-")
            typer.echo(f"{scene.why}\n$ {command}\n")
            print_search(request)
    if not json:
        typer.echo(GO_ON)


def _report(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _load_samples() -> None:
    with tempfile.TemporaryDirectory(prefix="linernotes-demo-") as folder:
        for dataset, paths in samples.write(Path(folder)).items():
            if tracks := _loaded_by_user(dataset, paths):
                _report(f"{dataset}: the {tracks:,} tracks that you loaded are kept")
                continue
            result = run_load(dataset, paths, None, Options(sample=True))
            kind = "synthetic" if paths[0].name.startswith("synthetic") else "real"
            _report(f"{dataset}: {result.indexed:,} {kind} tracks of {result.read:,} records")


def _loaded_by_user(dataset: str, paths: list[Path]) -> int:
    """Return how many tracks are in service that are no sample rows: 0 where the sample may be loaded."""
    config = settings.from_environment()
    with connect(config) as client:
        current = indices.current(client, config.prefix, dataset)
        meta: dict[str, Any] = indices.meta(client, current[-1]) if current else {"sample": True}
        hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        same = hashes == {file.get("sha256") for file in meta.get("files", ())}
        return 0 if meta.get("sample") or same else indices.count(client, current[-1])
