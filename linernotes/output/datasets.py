"""Data sets that are declared or removed, for people."""

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from linernotes.output.terminal import show, visible
from mappings.cards import Card


def show_added(card: Card, version: int, console: Console, *, changed: bool) -> None:
    """Print that a data set is declared, and what to do next."""
    done = f"is declared (version {version})" if changed else f"is declared just so already (version {version})"
    show(Text(visible(card.name), style="bold").append(f" ({card.id}) {done}.", style="not bold"), console)
    show(Text(f"Load it: linernotes load {card.id} FILE..."), console)


def show_removed(dataset: str, deleted: Sequence[str], console: Console) -> None:
    """Print that a data set is gone."""
    tracks = f", with {', '.join(deleted)}" if deleted else ""
    show(Text(f"{dataset} is removed{tracks}. Its declaration stays in the history."), console)
