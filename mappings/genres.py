"""Genre families: what each genre term of the data sets belongs to, as one table.

The table is `genre_families.tsv`, a term in lower case and its family. It has FMA's tree (163 genres, but for
Compilation, which takes its parent's), Spotify's 114, and common Genius tags. Ten of Spotify's have no family, as they
name a mood, a use, an instrument or a country of singers: british, groove, guitar, happy, party, piano, romance, sad,
sleep, study.

The terms are those of FMA, of the Spotify Tracks Dataset and of Genius; the families are this project's.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path

TABLE = Path(__file__).with_name("genre_families.tsv")


def _read() -> dict[str, str]:
    lines = TABLE.read_text("utf-8").splitlines()
    return {term: family for family, term in (line.split("\t") for line in lines[1:])}


FAMILY: Mapping[str, str] = _read()
"""Lower-case term to its family."""

FAMILIES: tuple[str, ...] = tuple(sorted(set(FAMILY.values())))
"""Every family: the values of the facet `genre`."""


def families(terms: Iterable[str], own: Mapping[str, str] | None = None) -> list[str]:
    """Return the families of genre terms, each once, in the terms' order; `own` terms come before the table's.

    >>> families(["Post-Punk", "Rock", "happy", "punk"])
    ['punk', 'rock']
    """
    further = own or {}
    families = (further.get(term.lower()) or FAMILY.get(term.lower()) for term in terms)
    return list(dict.fromkeys(family for family in families if family))


def known(terms: Iterable[str]) -> list[str]:
    """Return the terms that have a family, as they are written.

    >>> known(["Rock", "happy"])
    ['Rock']
    """
    return [term for term in terms if term.lower() in FAMILY]
