"""Search inside the values of a facet: which contain a text, whatever the case and the accents of either.

`mappings.spellings.folded` decides, value by value. Elasticsearch only narrows down which tracks to look at, and only
as far as that is certain to lose none: by letters that its analyzer and `folded` treat alike.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

import polars as pl
from elasticsearch.dsl.query import Query, Regexp

from mappings.errors import InputError
from mappings.fields import FACET_SUBFIELD
from mappings.spellings import folded
from queries.facets import Facet
from queries.filters import is_text

LONGEST = 200
"""Characters of the text."""

_MARKS = "[\u0300-\u036f]*"
"""Loose accents, which folding drops, and which the analyzer leaves where they are."""

_LETTER = {"a": "[aª]", "o": "[oº]", "g": "[gG]", "s": "[sf]"}
"""What the analyzer of 8.19 makes of characters in which `folded` sees these letters: ª, º, ǧ, ẛ. Found by trying all
that it folds; `tests/queries/test_facets_values.py` tries them again."""

_AND = "and"
"""What `folded` reads in a full-width plus, of which the analyzer makes nothing."""

_LATIN = re.compile("[a-z]+")
_RUNS, _LONGEST_RUN = 3, 20
"""So much of the text narrows the tracks down: the longest runs of letters, each an automaton over the terms."""


@lru_cache(maxsize=128)
def fold(given: str) -> str:
    """Return a text as it is looked for; raises InputError for one that can't stand in a value.

    >>> fold("BJÖRK & ")
    'bjork and'
    """
    if len(given) > LONGEST:
        raise InputError(f"A value can't contain {len(given):,} characters.", f"Look for {LONGEST} at most.")
    if not is_text(given):
        raise InputError(f"No value contains {given[:80]!r}.", "Leave out control characters.")
    composed = unicodedata.normalize("NFC", given)  # as names are in the index
    return str(pl.select(folded(pl.lit(composed)).alias("")).item())


def contain(names: Iterable[str], text: str) -> pl.Series:
    """Return for each name whether it contains a folded text; every name contains an empty one.

    >>> contain(["Sigur Rós", "sigur"], "r ro").to_list()
    [True, False]
    """
    frame = pl.DataFrame({"name": names}, schema={"name": pl.String})
    return frame.select(folded(pl.col("name")).str.contains(text, literal=True)).to_series()


def narrowed(facet: Facet, text: str) -> list[Query]:
    """Return what every track meets that has such a value; nothing where that can't be said.

    Latin letters in a row stand in one term, whatever else is around them. Of other letters that is sure only for
    those that nothing folds into and that have no case: one at a time, as the analyzer may cut between any two.
    """
    field, _, subfield = facet.field.partition(".")
    if subfield != FACET_SUBFIELD:
        return []
    runs = [run[:_LONGEST_RUN] for run in dict.fromkeys(_LATIN.findall(text)) if run not in _AND]
    single = [letter for letter in dict.fromkeys(text) if _is_plain(letter)]
    sought = (*sorted(runs, key=len, reverse=True)[:_RUNS], *single[:_RUNS])
    return [Regexp(field, {"value": f".*{_MARKS.join(_LETTER.get(each, each) for each in run)}.*"}) for run in sought]


def _is_plain(letter: str) -> bool:
    """Say whether a letter is a Han character or a Hangul syllable: written in one way only."""
    return "\u4e00" <= letter <= "\u9fff" or "\uac00" <= letter <= "\ud7a3"
