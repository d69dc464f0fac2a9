"""A search request: one frozen, checked value, whoever asks."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import orjson

from mappings.errors import InputError
from queries import text
from queries.facets import filters
from queries.facets.filters import Value
from queries.facets.table import Facet, get_facet, unknown_name
from queries.text import Text
from queries.types import Group, Sort

MAX_HITS = 1000
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
    highlight: bool = False
    group: Group | None = None

    @property
    def fingerprint(self) -> str:
        """Return 16 hex digits that two requests share if one may be a later page of the other."""
        wanted = {facet.name: [repr(value) for value in values] for facet, values in self.filters.items()}
        parts = [
            self.text.words,
            repr(self.text.clauses),
            wanted,
            self.sort,
            *([self.group] if self.group else []),
        ]
        return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


def request(
    typed: str = "",
    *,
    filters_by_facet: Mapping[str, Iterable[str]] | None = None,
    facet_names: Iterable[str] = (),
    size: int = 20,
    after: str | None = None,
    sort: str = Sort.RELEVANCE,
    highlight: bool = False,
    group: str | None = None,
) -> SearchRequest:
    """Return a checked request; raises InputError, in one sentence, for anything that can't be asked.

    `typed` may be any text at all, and empty to browse. Filters map a facet's name to its values (see `filters`).
    `highlight` also asks which words of a hit matched; `group="recording"` asks for one row per recording.

    >>> request("björk", filters_by_facet={"year": ["1990..1999"]}, facet_names=["genre"]).sort
    <Sort.RELEVANCE: 'relevance'>
    """
    if not 0 <= size <= MAX_HITS:
        raise InputError(f"A page can't have {size} hits.", f"Ask for 0 to {MAX_HITS}.")
    if sort not in list(Sort):
        raise unknown_name("order", sort, list(Sort))
    if group is not None and group not in list(Group):
        raise unknown_name("group", group, list(Group))
    given = {get_facet(name): list(values) for name, values in (filters_by_facet or {}).items()}
    return SearchRequest(
        text=text.parse(typed),
        filters={facet: filters.parse_values(facet, values) for facet, values in given.items() if values},
        facets=tuple(dict.fromkeys(get_facet(name) for name in facet_names)),
        size=size,
        after=after or None,
        sort=Sort(sort),
        highlight=highlight,
        group=Group(group) if group else None,
    )
