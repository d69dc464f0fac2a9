"""View of companies: who is known to have used which data sets, how that is known, and what it means in tracks."""

from collections.abc import Mapping
from dataclasses import dataclass

from linernotes import cards
from linernotes.i18n import gettext
from linernotes.web.pages import labels, urls
from linernotes.web.pages.views.datasets import SOURCE_KINDS
from linernotes.web.search_params import SearchParams
from mappings.cards import Claim
from queries import Loaded


@dataclass(frozen=True)
class CompanyUse:
    """A company's use of one data set; `meaning` is what it says about the number of tracks."""

    dataset: str
    href: str
    tracks: str
    claim: Claim
    kind: str
    meaning: tuple[str, ...]


@dataclass(frozen=True)
class CompanyView:
    """A company, with the data sets that it is known to have used."""

    name: str
    uses: tuple[CompanyUse, ...]


def company_views(loaded: Mapping[str, Loaded]) -> tuple[CompanyView, ...]:
    """Return all companies of the cards."""
    return tuple(
        CompanyView(
            company.name,
            tuple(
                CompanyUse(
                    dataset=card.name,
                    href=urls.dataset(card.id),
                    tracks=urls.search(SearchParams.of(filters={"dataset": (card.id,)})) if card.id in loaded else "",
                    claim=claim,
                    kind=gettext(SOURCE_KINDS.get(claim.kind, claim.kind)),
                    meaning=tuple(_meaning(card.rows, claim, loaded.get(card.id))),
                )
                for card, claim in company.uses
            ),
        )
        for company in cards.companies(cards.known().values())
    )


def _meaning(published: int, claim: Claim, loaded: Loaded | None) -> list[str]:
    meaning = [gettext("The data set was published with %(number)s rows.", number=labels.number(published))]
    if claim.tracks is None:
        meaning.append(gettext("The source doesn’t say how many of them were used, nor which."))
    else:
        named = labels.number(claim.tracks)
        meaning.append(
            gettext(
                "The source says %(number)s, but not whether a given track was among them.",
                number=named,
            )
        )
    if loaded:
        meaning.append(gettext("%(tracks)s of it can be searched here.", tracks=labels.tracks(loaded.records)))
    return meaning
