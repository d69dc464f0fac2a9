"""Terms of `whole_names`: a name as one word, with its role and whether it is as written.

    t=pinkmoon        title, as written but for case, width, typography and blanks
    a=björk a~bjork   artist, as written; folded or spelled otherwise (only where that differs)

So a text that is somebody's whole name is one look-up for each role and spelling, however its words are cut or joined.
"""

from collections.abc import Iterable

from mappings.spelling.folding import compact, exact_form
from mappings.track import ARTIST_ROLE, LONGEST_NAME, TITLE_ROLE

WRITTEN, OTHERWISE = "=", "~"
"""What stands between role and name: as written; folded or spelled otherwise."""

ROLES = (ARTIST_ROLE, TITLE_ROLE)


def terms(forms: Iterable[str], roles: Iterable[str] = ROLES) -> list[str]:
    """Return the terms of compact forms in each role, written so or spelled so.

    >>> terms(["bjork"], roles="a")
    ['a=bjork', 'a~bjork']
    """
    known = [form for form in dict.fromkeys(forms) if 0 < len(form) <= LONGEST_NAME]
    return [f"{role}{kind}{form}" for role in roles for form in known for kind in (WRITTEN, OTHERWISE)]


def written_term(name: str, role: str) -> str:
    """Return the term of a name as it is written.

    >>> written_term("Guns N’ Roses", "a")
    "a=gunsn'roses"
    """
    return f"{role}{WRITTEN}{exact_form(name)}"


def artist_terms(name: str) -> list[str]:
    """Return the terms by which an artist of this name is found, but for case, accents and punctuation.

    >>> artist_terms("Björk")
    ['a=björk', 'a=bjork', 'a~bjork']
    """
    return list(dict.fromkeys([written_term(name, ARTIST_ROLE), *terms([compact(name)], [ARTIST_ROLE])]))
