"""Names that a user may give, with a suggestion for one that is nearly right."""

from collections.abc import Iterable

from mappings.cards import CARDS
from queries.facets.table import unknown_name


def one_of(kind: str, given: str, known: Iterable[str]) -> str:
    """Return `given` if it is known; else raise InputError with the nearest name and all of them."""
    names = list(known)
    if given in names:
        return given
    raise unknown_name(kind, given, names)


def dataset(given: str) -> str:
    """Return the id of a data set."""
    return one_of("data set", given, CARDS)
