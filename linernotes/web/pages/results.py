"""The results of a search."""

from collections.abc import Mapping
from dataclasses import replace

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

import queries
from linernotes.web.asked import Asked
from linernotes.web.kept import KeptRoute
from linernotes.web.pages import links, rendering, results_view, words
from linernotes.web.pages.results_view import Choice
from linernotes.web.parameters import Page
from linernotes.web.service import Shared
from queries import Searcher

router = APIRouter(route_class=KeptRoute)

YEAR_FROM, YEAR_TO = "year_from", "year_to"
"""What the two fields under the histogram are called; together they are one filter `year`."""


@router.get("/search")
async def results(request: Request, service: Shared, asked: Page) -> Response:
    """Show a page of hits with their facets."""
    if address := canonical(asked, request.query_params):
        return RedirectResponse(address, 303)
    asked = links.plain(asked)
    wanted = asked.request(queries.DEFAULT_FACETS, highlight=True)
    answer = await service.ask(lambda: service.searcher.search(wanted))
    lacking = not answer.total.value and asked.filters
    dropped = await service.ask(lambda: with_fewer(service.searcher, asked)) if lacking else ()
    view = results_view.view(asked, answer, dropped)
    title = f"{asked.q or 'All tracks'}: {view.total}" if not asked.after else f"{asked.q or 'All tracks'}, further on"
    return rendering.page(request, "results.html.jinja", title=title, q=asked.q, in_place=True, view=view)


def canonical(asked: Asked, given: Mapping[str, str]) -> str | None:
    """Return the address that a plain form means, where it isn't the one that was asked.

    >>> canonical(Asked("a", {"genre": ("",)}), {"q": "a", "genre": "", "year_from": "1990", "year_to": ""})
    '/search?q=a&year=1990..'
    >>> canonical(Asked("a"), {"q": "a"})
    """
    if all(given.values()) and YEAR_FROM not in given and YEAR_TO not in given:
        return None
    filled = {name: held for name, values in asked.filters.items() if (held := tuple(filter(None, values)))}
    first, last = (given.get(name, "").strip() for name in (YEAR_FROM, YEAR_TO))
    if first or last:
        years = first if first == last else f"{first}..{last}"
        filled["year"] = tuple(dict.fromkeys((years, *filled.get("year", ()))))
    return links.search(replace(asked, filters=filled))


def with_fewer(searcher: Searcher, asked: Asked) -> tuple[Choice, ...]:
    """Return what would be found without one of the filters, or without all; raises what a search raises."""
    ways = [(f"without {words.FACETS[name].lower()}", asked.having(name)) for name in asked.filters]
    if len(ways) > 1:
        ways.append(("without any filter", replace(asked, filters={}, after=None)))
    return tuple(
        Choice(label, links.search(way), count=found)
        for label, way in ways
        if (found := searcher.search(replace(way, size=0, group=None).request()).total.value)
    )
