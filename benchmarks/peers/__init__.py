"""Whom relevance is measured against: each is built from the same tracks, and asked the same queries."""

from collections.abc import Callable

Peer = Callable[[str], list[str]]
"""Text to the ids of at most ten tracks, the best first."""

SIZE = 10
"""Hits that are looked at."""

LITTLE = 10
"""With fewer hits than this a peer asks more loosely, and what it finds then comes after."""


def looser(asked: list[Callable[[], list[str]]]) -> list[str]:
    """Return the hits of the first question, then what later ones add, until there are enough.

    >>> looser([lambda: ["a"], lambda: ["b", "a"]])
    ['a', 'b']
    """
    found: dict[str, None] = {}
    for ask in asked:
        if len(found) >= LITTLE:
            break
        found |= dict.fromkeys(ask())
    return list(found)[:SIZE]
