"""Data sets for people: their cards with what is loaded of each, and what was declared or removed."""

from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console
from rich.text import Text

from linernotes import cards
from linernotes.output.tables import counted
from linernotes.output.terminal import show, visible
from mappings.cards import PRESENCE_IS_NO_PROOF, Card, Claim
from queries import Loaded

_LABEL = 14


def show_cards(loaded: Mapping[str, Loaded] | None, console: Console) -> None:
    """Print all cards; `loaded` is None if it isn't known what is loaded."""
    for card in cards.known().values():
        show(Text(f"{visible(card.name)}  ", style="bold").append(f"({card.id})", style="dim"), console)
        for label, text in _card(card, loaded):
            show(Text(f"  {label:<{_LABEL}}", style="dim").append(visible(text), style="not dim"), console)
        show(Text(), console)
    show(Text(PRESENCE_IS_NO_PROOF, style="dim"), console)


def _card(card: Card, loaded: Mapping[str, Loaded] | None) -> Iterator[tuple[str, str]]:
    yield "loaded", _state(card, loaded)
    yield "published", f"{card.published_count}; released {card.released or 'at a time not stated'}"
    yield "platform", card.platform
    yield "licence", card.licence
    yield from (("source", address) for address in card.addresses)
    if not card.used_by:
        yield "used by", "no acknowledged use is known"
    yield from (("used by", claim_line(claim)) for claim in card.used_by)
    if card.declared:
        yield "card", "declared by whoever loaded the data set here"
    yield from (("note", note) for note in card.notes)


def _state(card: Card, loaded: Mapping[str, Loaded] | None) -> str:
    if loaded is None:
        return "not known: Elasticsearch can't be reached"
    if card.id not in loaded:
        return f"nothing yet: linernotes load {card.id} PATH..."
    current = loaded[card.id]
    revision = f", revision {current.revision}" if current.revision else ""
    return f"{counted(current.records, 'track')} in {current.generation.index}{revision}"


def claim_line(claim: Claim) -> str:
    """Return who used a data set, who says so, and what kind of source that is."""
    address = f" {claim.address}" if claim.address else ""
    return f"{claim.user}: {claim.claim} ({claim.kind}; {claim.source}){address}"


def show_added(card: Card, version: int, console: Console, *, changed: bool) -> None:
    """Print that a data set is declared, and what to do next."""
    done = f"is declared (version {version})" if changed else f"is declared just so already (version {version})"
    show(Text(visible(card.name), style="bold").append(f" ({card.id}) {done}.", style="not bold"), console)
    show(Text(f"Load it: linernotes load {card.id} FILE..."), console)


def show_removed(dataset: str, deleted: Sequence[str], console: Console) -> None:
    """Print that a data set is gone."""
    tracks = f", with {', '.join(deleted)}" if deleted else ""
    show(Text(f"{dataset} is removed{tracks}. Its declaration stays in the history."), console)
