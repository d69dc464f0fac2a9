"""`linernotes demo`: a local Elasticsearch, sample rows of all four data sets, and searches to begin with."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console

import queries
from indexer.cluster import indices
from indexer.load.load import Options
from linernotes import samples, settings
from linernotes.cli import load, search
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
        "A musician: is my music in there, which songs, in which sets, under which licence?",
        "kurt vile",
        facets=["dataset", "licence"],
    ),
    Scene("A fan who types it her own way: no umlauts, no slash, no capitals.", "motley crue", size=2),
    Scene(
        "A journalist: which of these tracks forbid commercial use, and what are they?",
        filters={"commercial_use": ["prohibited"]},
        facets=["dataset", "licence", "genre", "year"],
        size=0,
    ),
)

GO_ON = """
Go on with:
  linernotes search kino                                  a name in another script (synthetic rows)
  linernotes search --genre rock --year 1990..1999        browse with filters
  linernotes datasets                                     what is known of each set, and of its use
  linernotes load free-music-archive fma_metadata.zip     the real thing
  linernotes node stop                                    end the local Elasticsearch
(in the project's folder: .venv/bin/linernotes ...)"""


def demo() -> None:
    """Start a local Elasticsearch, load sample rows of all four data sets, and show a few faceted searches.

    LAION-DISCO-12M and Sleeping-DISCO-9M are shown with synthetic rows; those of the other two are real.
    """
    progress, console = Console(stderr=True), terminal.console()
    config = settings.from_environment()
    if not config.url:
        service.start(config.home, report=lambda sentence: progress.print(sentence, markup=False, highlight=False))
    _load_samples(progress)
    for scene in SCENES:
        _show(scene, console)
    console.print(GO_ON, markup=False, highlight=False, soft_wrap=True)


def _load_samples(progress: Console) -> None:
    with tempfile.TemporaryDirectory(prefix="linernotes-demo-") as folder:
        for dataset, paths in samples.write(Path(folder)).items():
            if tracks := _loaded_otherwise(dataset, paths):
                progress.print(f"{dataset}: {tracks:,} tracks that you loaded are left as they are", highlight=False)
                continue
            result = load.run(dataset, paths, None, Options(sample=True))
            kind = "synthetic" if paths[0].name.startswith("synthetic") else "real"
            progress.print(f"{dataset}: {result.indexed:,} {kind} tracks of {result.read:,} records", highlight=False)


def _loaded_otherwise(dataset: str, paths: list[Path]) -> int:
    """Return how many tracks are in service that are no sample rows: 0 where the sample may be loaded."""
    config = settings.from_environment()
    with connect(config) as client:
        current = indices.current(client, config.prefix, dataset)
        meta: dict[str, Any] = indices.meta(client, current[-1]) if current else {"sample": True}
        hashes = {hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}
        same = hashes == {file.get("sha256") for file in meta.get("files", ())}
        return 0 if meta.get("sample") or same else indices.count(client, current[-1])


def _show(scene: Scene, console: Console) -> None:
    request = queries.request(
        scene.text, filters_by_facet=scene.filters, facet_names=scene.facets, size=scene.size, highlight=True
    )
    console.rule(characters="-")
    console.print(
        f"{scene.why}\n$ {search.command(scene.text, scene.filters, request)}\n",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    search.show(search.run(request), search.command(scene.text, scene.filters, request), as_json=False)
