"""The parameters of an address that search: text and filters, as FastAPI reads and documents them."""

import inspect
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, Query

from linernotes import filters
from linernotes.web.asked import SIZE, Asked
from queries import Sort
from queries.search.request import MAX_HITS
from queries.types import Group

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
        chosen = {name: tuple(values) for name in filters.HELP if (values := given.pop(name))}
        return Asked(filters=chosen, **given)

    typed = [_parameter("q", Text, "")] if text else []
    one = [*typed, *(_parameter(name, _many(name), ()) for name in filters.HELP)]
    read.__signature__ = inspect.Signature([*one, *(_parameter(name, *_REST[name]) for name in rest)])  # type: ignore[attr-defined]  # what FastAPI makes parameters of
    return read


def _many(name: str) -> Any:
    text = f"{filters.HELP[name]} Repeat it for more than one; a value after - excludes; none: tracks without one."
    return Annotated[tuple[str, ...], Query(description=text)]


def _parameter(name: str, annotation: Any, default: object) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


Page = Annotated[Asked, Depends(_reader("sort", "group", "size", "after"))]
"""A page of hits: text, filters, order, grouping, place."""

Tracks = Annotated[Asked, Depends(_reader())]
"""All tracks of a text and filters."""

Filtered = Annotated[Asked, Depends(_reader(text=False))]
"""All tracks that filters leave."""
