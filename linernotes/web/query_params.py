"""What an address asks: the text, the filters as they are written, order, grouping, and the place of the page.

Page and API read the same parameters, so that the address of a page tells how to ask for the same as data.
"""

import inspect
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from anyascii import anyascii
from fastapi import Depends, Query

import queries
from linernotes import arguments
from linernotes.arguments import HELP, Filters, checked
from queries import SearchRequest, Sort
from queries.model import Group
from queries.search.search_request import MAX_HITS

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


Text = Annotated[str, Query(description="What to look for, any text at all; empty browses.", examples=["sigur rós"])]
Order = Annotated[Sort, Query(description="Order of hits.")]
Grouped = Annotated[Group | None, Query(description="One row for each recording, with its data sets.")]
Size = Annotated[int, Query(ge=0, le=MAX_HITS, description="Hits on a page.")]
After = Annotated[str | None, Query(description="Cursor of the page before.")]

_REST: dict[str, tuple[Any, object]] = {
    "sort": (Order, Sort.RELEVANCE),
    "group": (Grouped, None),
    "size": (Size, SIZE),
    "after": (After, None),
}


def _reader(*rest: str, text: bool = True) -> Callable[..., Asked]:
    """Return a function whose parameters are the text, all filters, and some of the rest."""

    def read(**given: Any) -> Asked:
        chosen = {name: tuple(values) for name in arguments.HELP if (values := given.pop(name))}
        return Asked(filters=chosen, **given)

    typed = [_parameter("q", Text, "")] if text else []
    one = [*typed, *(_parameter(name, _many(name), ()) for name in arguments.HELP)]
    read.__signature__ = inspect.Signature([*one, *(_parameter(name, *_REST[name]) for name in rest)])  # type: ignore[attr-defined]  # what FastAPI makes parameters of
    return read


def _many(name: str) -> Any:
    text = f"{arguments.HELP[name]} Repeat it for more than one; a value after - excludes; none: tracks without one."
    return Annotated[tuple[str, ...], Query(description=text)]


def _parameter(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


Page = Annotated[Asked, Depends(_reader("sort", "group", "size", "after"))]
"""A page of hits: text, filters, order, grouping, place."""

Tracks = Annotated[Asked, Depends(_reader())]
"""All tracks of a text and filters."""

Filtered = Annotated[Asked, Depends(_reader(text=False))]
"""All tracks that filters leave."""


LONGEST = 60
_OTHER = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Return what is left of a text in a name that every system takes.

    >>> plain('Sigur Rós: "Ágætis byrjun" / 01'), plain("Кино"), plain("../..")
    ('sigur-ros-agaetis-byrjun-01', 'kino', '')
    """
    return _OTHER.sub("-", anyascii(text[: 4 * LONGEST]).lower())[:LONGEST].strip("-")


def attachment(name: str, suffix: str) -> str:
    """Return the header by which a browser saves a file instead of showing it.

    >>> attachment("linernotes-", "csv")
    'attachment; filename="linernotes.csv"'
    """
    return f'attachment; filename="{name.strip("-")}.{suffix}"'
