"""The front: one field, what is loaded, and what may be tried."""

from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from linernotes.web.kept import KeptRoute
from linernotes.web.pages import links, rendering
from linernotes.web.service import Shared
from mappings.cards import CARDS, Card, is_synthetic
from queries import Loaded

router = APIRouter(route_class=KeptRoute)

EXAMPLES: tuple[tuple[str, dict[str, str]], ...] = (
    ("Kurt Vile", {"q": "kurt vile"}),
    ("acdc", {"q": "acdc"}),
    ("кино", {"q": "кино"}),
    ("rock of the nineties", {"genre": "rock", "year": "1990..1999"}),
    ("what may be used commercially", {"commercial_use": "allowed"}),
)
"""Searches to try: an artist, a name without its signs, another script, and two that only filter."""


@dataclass(frozen=True)
class Set:
    """A data set in a list: its card, and what is loaded of it (None: nothing)."""

    card: Card
    href: str
    browse: str
    loaded: Loaded | None

    @property
    def synthetic(self) -> bool:
        """Say whether the rows were made up."""
        return self.loaded is not None and is_synthetic(self.loaded.revision)


def sets(loaded: dict[str, Loaded]) -> tuple[Set, ...]:
    """Return all data sets that have a card, with what is loaded of each."""
    return tuple(
        Set(card, links.dataset(card.id), links.to("/search", urlencode({"dataset": card.id})), loaded.get(card.id))
        for card in CARDS.values()
    )


@router.get("/")
async def front(request: Request, service: Shared) -> Response:
    """Show one field, and what is loaded."""
    edition = await service.edition()
    listed = sets(dict(edition.loaded))
    return rendering.page(
        request,
        "front.html.jinja",
        title="Whose music trained that AI?",
        sets=listed,
        total=sum(each.loaded.records for each in listed if each.loaded),
        examples=[(label, links.to("/search", urlencode(query))) for label, query in EXAMPLES],
    )
