"""Acknowledged use of a data set, as it is told: who, what, who says so, and what kind of source that is."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from linernotes.web.pages import links, words
from mappings.cards import PRESS, SECOND_HAND, SELF_DISCLOSED, Claim

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
    return Used(words.value("dataset", dataset), links.dataset(dataset), told)
