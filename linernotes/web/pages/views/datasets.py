"""Views of data sets: card, what is loaded, and acknowledged use."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from linernotes import cards
from linernotes.i18n import N_, gettext
from linernotes.web.pages import labels, urls
from linernotes.web.search_params import SearchParams
from mappings.cards import PRESS, SECOND_HAND, SELF_DISCLOSED, Card, Claim, is_synthetic
from queries import Loaded

SOURCE_KINDS: Mapping[str, str] = {
    SELF_DISCLOSED: N_("stated by the organisation itself"),
    PRESS: N_("reported by the press"),
    SECOND_HAND: N_("stated by the organisation itself, according to another source"),
}
"""Kinds of sources to their labels."""


@dataclass(frozen=True)
class UseClaim:
    """One claim of use, with the label of its kind of source."""

    claim: Claim
    kind: str


@dataclass(frozen=True)
class DatasetUse:
    """A data set, and who is known to have used it."""

    name: str
    href: str
    claims: tuple[UseClaim, ...]


def dataset_use(dataset: str, claims: Iterable[Claim]) -> DatasetUse:
    """Return the known use of a data set.

    >>> dataset_use("free-music-archive", []).name
    'FMA'
    """
    labelled = tuple(UseClaim(claim, gettext(SOURCE_KINDS.get(claim.kind, claim.kind))) for claim in claims)
    return DatasetUse(labels.value("dataset", dataset), urls.dataset(dataset), labelled)


EXAMPLES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("Kurt Vile", {"q": "kurt vile"}),
    ("acdc", {"q": "acdc"}),
    ("кино", {"q": "кино"}),
    (N_("nineties rock"), {"filters": {"genre": ("rock",), "year": ("1990..1999",)}}),
    (N_("commercial use allowed"), {"filters": {"commercial_use": ("allowed",)}}),
)
"""Searches to try: an artist, a name without its symbols, another script, and two that only filter."""


@dataclass(frozen=True)
class DatasetView:
    """A data set: its card, and what is loaded of it, if anything."""

    card: Card
    loaded: Loaded | None

    @property
    def href(self) -> str:
        """Return the address of its page."""
        return urls.dataset(self.card.id)

    @property
    def query(self) -> str:
        """Return the query string of its tracks."""
        return SearchParams.of(filters={"dataset": (self.card.id,)}).query_string()

    @property
    def synthetic(self) -> bool:
        """Tell whether the rows are synthetic."""
        return self.loaded is not None and is_synthetic(self.loaded.revision)


def dataset_views(loaded: Mapping[str, Loaded]) -> tuple[DatasetView, ...]:
    """Return all data sets that have a card, with what is loaded of each."""
    return tuple(DatasetView(card, loaded.get(card.id)) for card in cards.known().values())


def dataset_data(view: DatasetView, address: str) -> dict[str, Any]:
    """Return a data set as JSON-LD (schema.org)."""
    card = view.card
    return {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": address,
        "url": address,
        "name": card.name,
        "description": gettext(
            "%(name)s, a data set of music from %(platform)s: %(size)s.",
            name=card.name,
            platform=card.platform,
            size=card.published_count,
        ),
        "license": card.licence,
        "datePublished": card.released,
        "version": card.revision,
        "sameAs": list(card.addresses),
    }
