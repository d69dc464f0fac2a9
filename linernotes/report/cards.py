"""The cards of the data sets, for people."""

from collections.abc import Iterator, Mapping

from rich.console import Console
from rich.text import Text

from linernotes.report import plain
from linernotes.report.plain import visible
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, Card, Claim
from queries import Loaded

_LABEL = 14


def show(loaded: Mapping[str, Loaded] | None, console: Console) -> None:
    """Print all cards; `loaded` is None when nobody could be asked what is loaded."""
    for card in CARDS.values():
        plain.show(Text(f"{card.name}  ", style="bold").append(f"({card.id})", style="dim"), console)
        for label, text in _rows(card, loaded):
            plain.show(Text(f"  {label:<{_LABEL}}", style="dim").append(visible(text), style="not dim"), console)
        plain.show(Text(), console)
    plain.show(Text(PRESENCE_IS_NO_PROOF, style="dim"), console)


def _rows(card: Card, loaded: Mapping[str, Loaded] | None) -> Iterator[tuple[str, str]]:
    yield "loaded", _state(card, loaded)
    yield "published", f"{card.published_count}; released {card.released}"
    yield "platform", card.platform
    yield "licence", card.licence
    yield from (("source", address) for address in card.addresses)
    if not card.used_by:
        yield "used by", "no acknowledged use is known"
    yield from (("used by", _claim(claim)) for claim in card.used_by)
    yield from (("note", note) for note in card.notes)


def _state(card: Card, loaded: Mapping[str, Loaded] | None) -> str:
    if loaded is None:
        return "not known: Elasticsearch doesn't answer"
    if card.id not in loaded:
        return f"nothing yet (linernotes load {card.id} PATH)"
    found = loaded[card.id]
    revision = f", revision {found.revision}" if found.revision else ""
    return f"{found.records:,} tracks in {found.generation.index}{revision}"


def _claim(claim: Claim) -> str:
    """Return who used a data set, who says so, and what kind of source that is."""
    address = f" {claim.address}" if claim.address else ""
    return f"{claim.user}: {claim.claim} ({claim.kind}; {claim.said_by}){address}"
