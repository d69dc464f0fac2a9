"""The data sets' cards: with what is loaded of each, and what they say about acknowledged use, in one sentence."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from linernotes.i18n import gettext, joined, ngettext
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, PRESS, SELF_DISCLOSED, Card, Claim
from queries import Loaded


def as_json(loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return cards and what is loaded: `loaded` is null where nothing is, or where that isn't known (`known`)."""
    rows = [with_loaded(card, loaded) for card in CARDS.values()]
    return {"known": loaded is not None, "datasets": rows, "note": PRESENCE_IS_NO_PROOF}


def one_as_json(dataset: str, loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return the card of one data set, in the same form."""
    return {
        "known": loaded is not None,
        "dataset": with_loaded(CARDS[dataset], loaded),
        "note": PRESENCE_IS_NO_PROOF,
    }


def with_loaded(card: Card, loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return a card, and as `loaded` what of it is loaded."""
    return asdict(card) | {"loaded": loaded[card.id].as_json() if loaded and card.id in loaded else None}


@dataclass(frozen=True)
class Company:
    """Who is known to have used data sets: the claims, each with the card of its data set."""

    name: str
    uses: tuple[tuple[Card, Claim], ...]


def companies(cards: Iterable[Card] = CARDS.values()) -> tuple[Company, ...]:
    """Return all users of data sets in the order of their names.

    >>> [company.name for company in companies()]
    ['Google', 'Kyutai', 'NVIDIA', 'Stability AI']
    """
    uses: dict[str, list[tuple[Card, Claim]]] = {}
    for card in cards:
        for claim in card.used_by:
            uses.setdefault(claim.user, []).append((card, claim))
    return tuple(Company(name, tuple(uses[name])) for name in sorted(uses, key=str.casefold))


def verdict(datasets: Iterable[str]) -> str:
    """Return in how many data sets something is, and who is known to have used them.

    >>> verdict(["laion-disco-12m", "spotify-tracks-dataset"])[:72]
    'In 2 data sets. According to a second-hand account, Kyutai says that it '
    >>> verdict(["spotify-tracks-dataset"]), verdict([])
    ('In 1 data set. No use of it for training is known to this project.', 'In none of the loaded data sets.')
    """
    present = set(datasets)
    if not present:
        return gettext("In none of the loaded data sets.")
    sentences = [ngettext("In %(count)s data set.", "In %(count)s data sets.", len(present))]
    cards = [CARDS[name] for name in CARDS if name in present]
    for company in companies(cards):
        kinds = list(dict.fromkeys(claim.kind for _, claim in company.uses))
        sentences += [_sentence(company, kind, len(present)) for kind in kinds]
    if len(sentences) == 1:
        sentences.append(
            ngettext(
                "No use of it for training is known to this project.",
                "No use of them for training is known to this project.",
                len(present),
            )
        )
    return joined(sentences)


def _sentence(company: Company, kind: str, present: int) -> str:
    """Return what is claimed of one company: a claim of use may be about a part of the data set only."""
    claims = [(card, claim) for card, claim in company.uses if claim.kind == kind]
    number = len({card.id for card, _ in claims})
    values = {"user": company.name, "source": claims[0][1].said_by}
    if kind == SELF_DISCLOSED:
        if present == 1:
            return gettext("%(user)s says that it used tracks of it.", **values)
        return ngettext(
            "%(user)s says that it used tracks of one of them.",
            "%(user)s says that it used tracks of %(count)s of them.",
            number,
            **values,
        )
    if kind == PRESS:
        if present == 1:
            return gettext("%(source)s reports that %(user)s used tracks of it.", **values)
        return ngettext(
            "%(source)s reports that %(user)s used tracks of one of them.",
            "%(source)s reports that %(user)s used tracks of %(count)s of them.",
            number,
            **values,
        )
    if present == 1:
        return gettext("According to a second-hand account, %(user)s says that it used tracks of it.", **values)
    return ngettext(
        "According to a second-hand account, %(user)s says that it used tracks of one of them.",
        "According to a second-hand account, %(user)s says that it used tracks of %(count)s of them.",
        number,
        **values,
    )
