"""What is asked: one frozen, checked value, whoever asks."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import orjson

from mappings.errors import InputError
from queries import facets, filters, text
from queries.facets import Facet
from queries.filters import Value
from queries.text import Text


class Sort(StrEnum):
    """The order of hits. Tracks without plays or year come last; ties are broken by data set and id."""

    RELEVANCE = "relevance"
    PLAYS = "plays"
    YEAR = "year"


class Group(StrEnum):
    """What one row stands for, where it isn't one track."""

    RECORDING = "recording"


MOST_HITS = 1000
"""Hits on one page; whole results are for exports."""


@dataclass(frozen=True)
class SearchRequest:
    """A search. Make it with `request`, which takes what a person or a program writes."""

    text: Text
    filters: Mapping[Facet, tuple[Value, ...]]
    facets: tuple[Facet, ...]
    size: int
    after: str | None
    sort: Sort
    marked: bool = False
    group: Group | None = None

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that two requests share if one may be a later page of the other."""
        wanted = {facet.name: [repr(value) for value in values] for facet, values in self.filters.items()}
        asked = [self.text.words, repr(self.text.parts), wanted, self.sort, *([self.group] if self.group else [])]
        content = orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)
        return hashlib.sha256(content).hexdigest()[:16]


def request(
    typed: str = "",
    *,
    filters_by_facet: Mapping[str, Iterable[str]] | None = None,
    facet_names: Iterable[str] = (),
    size: int = 20,
    after: str | None = None,
    sort: str = Sort.RELEVANCE,
    marked: bool = False,
    group: str | None = None,
) -> SearchRequest:
    """Return a checked request; raises InputError, in one sentence, for anything that can't be asked.

    `typed` may be any text at all, and empty to browse. Filters map a facet's name to its values (see `filters`).
    `marked` also asks which words of a hit matched; `group="recording"` asks for one row per recording.

    >>> request("björk", filters_by_facet={"year": ["1990..1999"]}, facet_names=["genre"]).sort
    <Sort.RELEVANCE: 'relevance'>
    """
    if not 0 <= size <= MOST_HITS:
        raise InputError(f"A page can't have {size} hits.", f"Ask for 0 to {MOST_HITS}.")
    if sort not in list(Sort):
        raise facets.unknown("order", sort, list(Sort))
    if group is not None and group not in list(Group):
        raise facets.unknown("group", group, list(Group))
    given = {facets.known(name): list(values) for name, values in (filters_by_facet or {}).items()}
    return SearchRequest(
        text=text.read(typed),
        filters={facet: filters.values(facet, values) for facet, values in given.items() if values},
        facets=tuple(dict.fromkeys(facets.known(name) for name in facet_names)),
        size=size,
        after=after or None,
        sort=Sort(sort),
        marked=marked,
        group=Group(group) if group else None,
    )
