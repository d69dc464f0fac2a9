"""`linernotes bench`: how fast a search is, here and now."""

from typing import Annotated

import typer
from rich.console import Console

from linernotes import search_benchmark
from linernotes.cli.context import asking, print_json
from linernotes.output import analysis, tables, terminal
from mappings.errors import InputError

SEARCHES = 200
MOST = 5_000

Searches = Annotated[int, typer.Option(help="Texts to ask, each once.")]
Seed = Annotated[int, typer.Option(help="What the texts are drawn by: the same seed, the same texts.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the times as JSON.")]


def bench(searches: Searches = SEARCHES, seed: Seed = 1, json: AsJson = False) -> None:
    """Measure how long searches take on what is loaded, asked one after the other as people ask them.

    Texts are made of tracks drawn at random: artists, titles, both, a few words of them, misspelt, and such that nobody
    uses. Each is asked once with six facets, from the text to the typed answer. Nothing is changed.
    """
    if not 1 <= searches <= MOST:
        raise InputError(f"{searches} searches can't be asked.", f"Ask for 1 to {MOST}.")
    with asking() as searcher, analysis.progress(Console(stderr=True), "questions") as look:
        measured = search_benchmark.run(searcher, searches, seed, look)
    if json:
        print_json(measured.as_json())
    else:
        tables.show_timing(measured, terminal.console())
