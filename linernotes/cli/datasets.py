"""`linernotes datasets`: what is known of each data set, and what of it is loaded."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console

from linernotes.cli.opened import asking, print_json
from linernotes.report import cards, plain
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF
from mappings.problems import UnreachableProblem
from queries import Loaded

AsJson = Annotated[bool, typer.Option("--json", help="Print the cards as JSON.")]


def datasets(json: AsJson = False) -> None:
    """Show the cards: origin, licence, acknowledged use with sources, and what is loaded here.

    The cards are shown without Elasticsearch too; then it isn't known what is loaded.
    """
    try:
        with asking() as searcher:
            loaded: Mapping[str, Loaded] | None = searcher.loaded()
    except UnreachableProblem as problem:
        loaded = None
        Console(stderr=True).print(
            f"What is loaded isn't known: {problem}", markup=False, highlight=False, soft_wrap=True
        )
    if json:
        print_json(as_json(loaded))
    else:
        cards.show(loaded, plain.console())


def as_json(loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return cards and what is loaded: `loaded` is null where nothing is, or where that isn't known (`known`)."""
    rows = [
        asdict(card) | {"loaded": loaded[card.id].as_json() if loaded and card.id in loaded else None}
        for card in CARDS.values()
    ]
    return {"known": loaded is not None, "datasets": rows, "note": PRESENCE_IS_NO_PROOF}
