"""What an address asks: the text, the filters as they are written, order, grouping, and the place of the page.

Page and API read the same parameters, so that the address of a page tells how to ask for the same as data.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from urllib.parse import urlencode

import queries
from linernotes.filters import HELP, Filters, checked
from queries import SearchRequest, Sort

SIZE = 20


@dataclass(frozen=True)
class Asked:
    """One search as its address has it; values of filters are texts, checked only by `request`."""

    q: str = ""
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sort: str = Sort.RELEVANCE
    group: str | None = None
    size: int = SIZE
    after: str | None = None

    def request(self, facets: Iterable[str] = (), *, highlight: bool = False) -> SearchRequest:
        """Return the checked request; raises InputError for anything that can't be asked."""
        return queries.request(
            self.q,
            filters_by_facet=self.checked(),
            facet_names=facets,
            size=self.size,
            after=self.after,
            sort=self.sort,
            highlight=highlight,
            group=self.group,
        )

    def checked(self) -> Filters:
        """Return the filters as the queries read them; raises InputError for a name that isn't there."""
        return checked({name: list(values) for name, values in self.filters.items()})

    def query(self) -> str:
        """Return the canonical query of this address: what is usual is left out, filters come in the table's order.

        >>> Asked("sigur rós", {"year": ("1999",), "genre": ("rock", "-pop")}).query()
        'q=sigur+r%C3%B3s&genre=rock&genre=-pop&year=1999'
        """
        one = [("q", self.q)] if self.q else []
        many = [(name, value) for name in HELP for value in self.filters.get(name, ())]
        rest = [("sort", self.sort)] if self.sort != Sort.RELEVANCE else []
        rest += [("group", self.group)] if self.group else []
        rest += [("size", str(self.size))] if self.size != SIZE else []
        rest += [("after", self.after)] if self.after else []
        return urlencode([*one, *many, *rest])

    def of_page(self, after: str | None) -> "Asked":
        """Return the same search at another place; None is the first page."""
        return replace(self, after=after)

    def having(self, name: str, *values: str) -> "Asked":
        """Return the first page of this search with these values of a filter, and no others of it."""
        kept = {each: held for each, held in self.filters.items() if each != name}
        return replace(self, filters=kept | ({name: values} if values else {}), after=None)

    def toggled(self, name: str, value: str) -> "Asked":
        """Return the first page of this search with one more value of a filter, or without it where it has it.

        >>> Asked(filters={"genre": ("rock",)}).toggled("genre", "jazz").toggled("genre", "rock").filters
        {'genre': ('jazz',)}
        """
        held = self.filters.get(name, ())
        return self.having(name, *([each for each in held if each != value] if value in held else [*held, value]))
