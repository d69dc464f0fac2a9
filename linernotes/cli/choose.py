"""Names that a user may give, with a suggestion for one that is nearly right."""

from collections.abc import Iterable
from difflib import get_close_matches

from indexer.sources import SOURCES
from mappings.problems import InputProblem


def one_of(kind: str, given: str, known: Iterable[str]) -> str:
    """Return `given` if it is known; else raise InputProblem with the nearest name and all of them."""
    names = list(known)
    if given in names:
        return given
    near = get_close_matches(given, names, n=1, cutoff=0.5)
    guess = f"Did you mean {near[0]}? " if near else ""
    raise InputProblem(f"There is no {kind} called {given!r}.", f"{guess}Known: {', '.join(names)}.")


def dataset(given: str) -> str:
    """Return the id of a data set."""
    return one_of("data set", given, SOURCES)
