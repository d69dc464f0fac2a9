"""Acknowledged use of a data set, as it is told: who, what, who says so, and what kind of source that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from linernotes.web.errors import NotThereError
from linernotes.web.pages import labels, links, rendering
from linernotes.web.services.service import KeptRoute, Shared
from mappings.cards import CARDS, PRESS, SECOND_HAND, SELF_DISCLOSED, Card, Claim, is_synthetic
from queries import Loaded

KINDS: Mapping[str, str] = {
    SELF_DISCLOSED: "said by the user itself",
    PRESS: "reported by the press",
    SECOND_HAND: "said by the user itself, read here in another’s account only",
}
"""What the kinds of sources mean."""


@dataclass(frozen=True)
class Told:
    """One claim, with its kind in words."""

    claim: Claim
    kind: str


@dataclass(frozen=True)
class Used:
    """A data set, and who is known to have used it."""

    name: str
    href: str
    claims: tuple[Told, ...]


def used(dataset: str, claims: Iterable[Claim]) -> Used:
    """Return the use of a data set that is known.

    >>> used("free-music-archive", []).name
    'FMA'
    """
    told = tuple(Told(claim, KINDS.get(claim.kind, claim.kind)) for claim in claims)
    return Used(labels.value("dataset", dataset), links.dataset(dataset), told)


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


datasets_router = APIRouter(route_class=KeptRoute)


@datasets_router.get("/datasets")
async def datasets(request: Request, service: Shared) -> Response:
    """Show all data sets."""
    edition = await service.edition()
    return rendering.page(request, "datasets.html.jinja", title="Data sets", sets=sets(dict(edition.loaded)))


@datasets_router.get("/datasets/{dataset}")
async def dataset(request: Request, service: Shared, dataset: str) -> Response:
    """Show one data set."""
    edition = await service.edition()
    found = next((each for each in sets(dict(edition.loaded)) if each.card.id == dataset), None)
    if found is None:
        raise NotThereError("There is no data set of this name.", "See the list of data sets.")
    return rendering.page(
        request,
        "dataset.html.jinja",
        title=found.card.name,
        set=found,
        used=used(dataset, found.card.used_by),
        query=urlencode({"dataset": dataset}),
    )
