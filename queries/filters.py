r"""Filters: what a user may say about a facet, read once and turned into a clause.

Values of one facet are joined by OR, facets by AND. The value `none` asks for tracks that have no value there; a
value that really is called none is written `\none`.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from elasticsearch.dsl.query import Bool, Exists, Query, Range, Terms

from mappings.problems import InputProblem
from queries.facets import Facet, Kind

NONE = "none"
"""The value that asks for tracks without one."""

MOST_VALUES = 100
"""Values of one facet in one request; an address of a page with more would be longer than servers take."""

FIRST_YEAR, LAST_YEAR = 1000, 2999
"""Years that can be asked for. The oldest year in the four data sets is 1902, wrong ones go up to 2021."""

_YEARS = re.compile(r"(?P<first>\d{4})?(?P<dots>\.\.)?(?P<last>\d{4})?", re.ASCII)


@dataclass(frozen=True, order=True)
class Years:
    """A range of years, both ends included."""

    first: int
    last: int

    def __contains__(self, year: object) -> bool:
        """Say whether a year lies in the range."""
        return isinstance(year, int) and self.first <= year <= self.last


Value = str | bool | Years | None
"""One wanted value; None stands for no value."""


def values(facet: Facet, given: Iterable[str]) -> tuple[Value, ...]:
    """Read the values of one filter, without repeats and in a fixed order; raises InputProblem.

    >>> from queries.facets import TABLE
    >>> values(TABLE["year"], ["1990..1999", "none", "2004"])
    (None, Years(first=1990, last=1999), Years(first=2004, last=2004))
    """
    texts = list(dict.fromkeys(given))
    if len(texts) > MOST_VALUES:
        raise InputProblem(f"{len(texts)} values of {facet.name} are too many.", f"Ask for {MOST_VALUES} at most.")
    read = _READERS[facet.kind]
    wanted = {None if text == NONE else read(facet, text) for text in texts}
    return tuple(sorted(wanted, key=lambda value: (value is not None, repr(value))))


def _word(facet: Facet, text: str) -> str:
    word = text.removeprefix("\\")
    if not word or "\x00" in word or not word.isprintable():
        raise InputProblem(f"{text[:80]!r} can't be a value of {facet.name}.", f"Write {NONE} for tracks without one.")
    return word


def _flag(facet: Facet, text: str) -> bool:
    if text not in ("true", "false"):
        raise InputProblem(f"{text[:80]!r} is no value of {facet.name}.", f"Write true, false or {NONE}.")
    return text == "true"


def _years(facet: Facet, text: str) -> Years:
    found = _YEARS.fullmatch(text.strip())
    if found is None or not (found["first"] or found["last"]) or (found["last"] and not found["dots"]):
        raise InputProblem(f"{text[:80]!r} is no {facet.name}.", "Write 1994, 1990..1999, 1990.. or ..1999.")
    first = int(found["first"] or FIRST_YEAR)
    last = int(found["last"] or (LAST_YEAR if found["dots"] else first))
    if not FIRST_YEAR <= first <= last <= LAST_YEAR:
        raise InputProblem(
            f"The years {text[:80]!r} hold nothing.",
            f"Write the earlier year first; years go from {FIRST_YEAR} to {LAST_YEAR}.",
        )
    return Years(first, last)


_READERS: Mapping[Kind, Callable[[Facet, str], Value]] = {Kind.WORDS: _word, Kind.FLAG: _flag, Kind.YEARS: _years}


def clause(facet: Facet, wanted: tuple[Value, ...]) -> Query:
    """Return what selects the tracks that have one of the wanted values."""
    alternatives: list[Query] = [
        Range(facet.field, {"gte": value.first, "lte": value.last}) for value in wanted if isinstance(value, Years)
    ]
    if plain := [value for value in wanted if isinstance(value, str | bool)]:
        alternatives.append(Terms(facet.field, plain))
    if None in wanted:
        alternatives.append(Bool(must_not=[Exists(field=facet.field)]))
    return alternatives[0] if len(alternatives) == 1 else Bool(should=alternatives)
