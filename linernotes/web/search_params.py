"""Query parameters of pages and API: one Pydantic model for each combination, made of the table of filters.

Pages and API read the same parameters, so the address of a page tells how to ask for the same as data. The API refuses
unknown parameters, since a misspelt filter would find everything; pages ignore them.
"""

from collections.abc import Iterable
from typing import Annotated, Any, Self
from urllib.parse import urlencode

from fastapi import Depends, Query
from pydantic import BaseModel, ConfigDict, Field, create_model

import queries
from linernotes.arguments import HELP, Filters, checked
from queries import SearchRequest, Sort
from queries.model import Group
from queries.search.search_request import MAX_HITS

PAGE_SIZE = 20

Text = Annotated[str, Field(description="Text to search for; empty browses all tracks.", examples=["sigur rós"])]
Cursor = Annotated[str | None, Field(description="Cursor of the page: `next` of the page before.")]


class Params(BaseModel):
    """No parameters; unknown ones are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class TextParams(Params):
    """The text of a search."""

    q: Text = ""


def _filter_field(name: str) -> tuple[Any, Any]:
    text = f"{HELP[name]} Repeat it for several values; `-` before a value excludes it; `none`: tracks without a value."
    return tuple[str, ...], Field((), description=text)


_fields: dict[str, Any] = {name: _filter_field(name) for name in HELP}
_FilterFields: Any = create_model("_FilterFields", __base__=Params, **_fields)


class FilterParams(_FilterFields, Params):  # type: ignore[misc]  # made of the table
    """The filters, as they are written in an address; `checked_filters` validates them."""

    @property
    def filters(self) -> dict[str, tuple[str, ...]]:
        """Return the filters that are set, by name."""
        fields = self.__dict__  # quicker than an attribute for each: a page has a hundred addresses
        return {name: values for name in HELP if (values := fields[name])}

    def filter_values(self, name: str) -> tuple[str, ...]:
        """Return the values of one filter."""
        values: tuple[str, ...] = getattr(self, name)
        return values

    def checked_filters(self) -> Filters:
        """Return the filters as `queries` takes them; raises InputError for an unknown value."""
        return checked({name: list(values) for name, values in self.filters.items()})

    def to_search(self) -> "SearchParams":
        """Return the first page of a search for the same tracks."""
        return SearchParams.of(getattr(self, "q", ""), self.filters)


class TrackParams(FilterParams, TextParams):
    """A text and filters: all tracks of a search."""


class SearchParams(TrackParams):
    """A page of hits: text, filters, order, grouping and place."""

    sort: Annotated[Sort, Field(description="Order of the hits.")] = Sort.RELEVANCE
    group: Annotated[Group | None, Field(description="`recording`: one hit per recording, with its data sets.")] = None
    size: Annotated[int, Field(ge=0, le=MAX_HITS, description="Hits per page.")] = PAGE_SIZE
    after: Cursor = None

    @classmethod
    def of(cls, q: str = "", filters: dict[str, tuple[str, ...]] | None = None) -> "SearchParams":
        """Return the first page of a search."""
        return cls.model_validate({"q": q, **(filters or {})})

    def to_request(self, facets: Iterable[str] = (), *, highlight: bool = False) -> SearchRequest:
        """Return the validated request; raises InputError."""
        return queries.request(
            self.q,
            filters_by_facet=self.checked_filters(),
            facet_names=facets,
            size=self.size,
            after=self.after,
            sort=self.sort,
            highlight=highlight,
            group=self.group,
        )

    def query_string(self) -> str:
        """Return the canonical query string: defaults are left out, filters come in the table's order.

        >>> SearchParams.of("sigur rós", {"year": ("1999",), "genre": ("rock", "-pop")}).query_string()
        'q=sigur+r%C3%B3s&genre=rock&genre=-pop&year=1999'
        """
        pairs = [("q", self.q)] if self.q else []
        pairs += [(name, value) for name, values in self.filters.items() for value in values]
        pairs += [("sort", self.sort)] if self.sort != Sort.RELEVANCE else []
        pairs += [("group", self.group)] if self.group else []
        pairs += [("size", str(self.size))] if self.size != PAGE_SIZE else []
        pairs += [("after", self.after)] if self.after else []
        return urlencode(pairs)

    def replace(self, **values: Any) -> Self:
        """Return the same search with other values, which are not validated."""
        return self.model_copy(update=values)

    def with_filter(self, name: str, *values: str) -> Self:
        """Return the first page of this search with these values of a filter, and no others of it."""
        return self.replace(**{name: values, "after": None})

    def toggle_filter(self, name: str, value: str) -> Self:
        """Return the first page of this search with one more value of a filter, or without it if it is there.

        >>> SearchParams.of(filters={"genre": ("rock",)}).toggle_filter("genre", "jazz").filters
        {'genre': ('rock', 'jazz')}
        """
        values = self.filter_values(name)
        others = tuple(each for each in values if each != value)
        return self.with_filter(name, *(others if value in values else (*values, value)))

    def without_filters(self) -> Self:
        """Return the first page of this search without any filter."""
        return self.replace(**dict.fromkeys(HELP, ()), after=None)


async def _no_params(_: Annotated[Params, Query()]) -> None:
    """Refuse all parameters."""


NO_PARAMS = Depends(_no_params)
"""A dependency of endpoints without query parameters."""
