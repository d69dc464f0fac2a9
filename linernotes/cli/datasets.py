"""`linernotes datasets`: what is known of each data set, and what of it is loaded."""

from collections.abc import Mapping
from typing import Annotated

import typer
from rich.console import Console

from linernotes import cards
from linernotes.cli.context import asking, print_json
from linernotes.output import tables, terminal
from mappings.errors import UnreachableError
from queries import Loaded

AsJson = Annotated[bool, typer.Option("--json", help="Print the cards as JSON.")]


def datasets(json: AsJson = False) -> None:
    """Show the cards: origin, licence, acknowledged use with sources, and what is loaded here.

    The cards are shown without Elasticsearch too; then it isn't known what is loaded.
    """
    try:
        with asking() as searcher:
            loaded: Mapping[str, Loaded] | None = searcher.loaded()
    except UnreachableError as problem:
        loaded = None
        Console(stderr=True).print(
            f"What is loaded isn't known: {problem}", markup=False, highlight=False, soft_wrap=True
        )
    if json:
        print_json(cards.as_json(loaded))
    else:
        tables.show_cards(loaded, terminal.console())
