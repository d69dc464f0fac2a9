"""The data sets' cards with what is loaded of each, and what they say about acknowledged use, in one sentence.

Which cards there are depends on the cluster, as data sets can be declared. Each command and each request of the server
looks that up once, where it needs it, and sets `known`; what shows names of data sets reads them there.
"""

from collections.abc import Collection, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from operator import itemgetter
from typing import Any

from linernotes.i18n import enumerated, gettext, joined, ngettext
from mappings.cards import CARDS, PRESENCE_IS_NO_PROOF, PRESS, SELF_DISCLOSED, Card, Claim, is_synthetic
from queries import Loaded, Searcher

_KNOWN: ContextVar[Mapping[str, Card]] = ContextVar("known_cards", default=CARDS)


def known() -> Mapping[str, Card]:
    """Return the cards by id: the built-in ones, and the declared ones where they were looked up."""
    return _KNOWN.get()


def set_known(cards: Mapping[str, Card]) -> None:
    """Set the cards that this command, or this request of the server, knows."""
    _KNOWN.set(cards)


def are_complete() -> bool:
    """Tell whether the declared data sets were looked up."""
    return _KNOWN.get() is not CARDS


def learn(searcher: Searcher, datasets: Iterable[str]) -> None:
    """Look the cards up if one of these data sets isn't known; raises UnreachableError."""
    if not set(datasets) <= known().keys():
        set_known(searcher.cards())


def name_of(dataset: str) -> str:
    """Return a data set's name; its id where it has no card.

    >>> name_of("free-music-archive"), name_of("no-such-set")
    ('FMA', 'no-such-set')
    """
    cards = known()
    return cards[dataset].name if dataset in cards else dataset


def as_json(loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return cards and what is loaded: `loaded` is null where nothing is, or where that isn't known (`known`)."""
    rows = [with_loaded(card, loaded) for card in known().values()]
    return {"known": loaded is not None, "datasets": rows, "note": PRESENCE_IS_NO_PROOF}


def one_as_json(dataset: str, loaded: Mapping[str, Loaded] | None) -> dict[str, Any]:
    """Return the card of one data set, in the same form."""
    return {
        "known": loaded is not None,
        "dataset": with_loaded(known()[dataset], loaded),
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


def companies(cards: Iterable[Card]) -> tuple[Company, ...]:
    """Return all users of data sets in the order of their names.

    >>> [company.name for company in companies(CARDS.values())]
    ['Google', 'Kyutai', 'NVIDIA', 'Stability AI']
    """
    uses: dict[str, list[tuple[Card, Claim]]] = {}
    for card in cards:
        for claim in card.used_by:
            uses.setdefault(claim.user, []).append((card, claim))
    return tuple(Company(name, tuple(uses[name])) for name in sorted(uses, key=str.casefold))


_STRENGTH = (SELF_DISCLOSED, PRESS)
"""Kinds of claims, the strongest first; all others follow."""


def synthetic_of(loaded: Mapping[str, Loaded] | None) -> frozenset[str]:
    """Return the data sets whose loaded rows are synthetic."""
    return frozenset(name for name, each in (loaded or {}).items() if is_synthetic(each.revision))


def verdict(datasets: Iterable[str], synthetic: Collection[str] = (), *, similar: bool = False) -> str:
    """Return in which data sets something is, and who is known to have used them, the strongest claim first.

    Of data sets whose rows are `synthetic` that is said, and no use. `similar` is for tracks that merely have a similar
    spelling: of these nothing is said but where they are.

    >>> print(verdict(["laion-disco-12m", "free-music-archive"]).partition(" The Atlantic")[0])
    In 2 data sets: LAION-DISCO-12M, FMA. Stability AI says that it used tracks of FMA.
    >>> verdict(["spotify-tracks-dataset"])
    'In 1 data set: Spotify Tracks Dataset. No use of it for training is known to this project.'
    >>> verdict(["laion-disco-12m"], {"laion-disco-12m"}), verdict([])
    ('In 1 data set: LAION-DISCO-12M (synthetic rows).', 'In none of the loaded data sets.')
    """
    present = set(datasets)
    cards = [card for name, card in known().items() if name in present]
    if not cards:
        return gettext("In none of the loaded data sets.")
    names = enumerated(
        gettext("%(name)s (synthetic rows)", name=card.name) if card.id in synthetic else card.name for card in cards
    )
    if similar:
        return ngettext(
            "This or similar spellings are in %(count)s data set: %(names)s.",
            "This or similar spellings are in %(count)s data sets: %(names)s.",
            len(cards),
            names=names,
        )
    real = [card for card in cards if card.id not in synthetic]
    first = ngettext("In %(count)s data set: %(names)s.", "In %(count)s data sets: %(names)s.", len(cards), names=names)
    sentences = [
        (_STRENGTH.index(kind) if kind in _STRENGTH else len(_STRENGTH), _sentence(company, kind))
        for company in companies(real)
        for kind in dict.fromkeys(claim.kind for _, claim in company.uses)
    ]
    if not sentences and real:
        unused = ngettext(
            "No use of it for training is known to this project.",
            "No use of them for training is known to this project.",
            len(real),
        )
        return joined([first, unused])
    return joined([first, *(text for _, text in sorted(sentences, key=itemgetter(0)))])


def verdict_of_check(summary: Mapping[str, Any], synthetic: Collection[str]) -> str:
    """Return the verdict on a catalogue: that of the data sets with songs found; else of those with likely ones."""
    found, likely = (
        [name for name, counts in summary["by_dataset"].items() if counts[each]] for each in ("found", "likely")
    )
    return verdict(found or likely, synthetic, similar=not found)


def _sentence(company: Company, kind: str) -> str:
    """Return what is claimed of one company: a claim of use may be about a part of a data set only."""
    claims = [(card, claim) for card, claim in company.uses if claim.kind == kind]
    values = {"user": company.name, "datasets": enumerated(dict.fromkeys(card.name for card, _ in claims))}
    if kind == SELF_DISCLOSED:
        return gettext("%(user)s says that it used tracks of %(datasets)s.", **values)
    if kind == PRESS:
        source = claims[0][1].said_by
        return gettext("%(source)s reports that %(user)s used tracks of %(datasets)s.", source=source, **values)
    return gettext("According to a second-hand account, %(user)s says that it used tracks of %(datasets)s.", **values)
