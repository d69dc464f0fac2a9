"""All values of one facet, page by page, under a text and filters."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse

import queries
from linernotes.web.pages import charts, facet_list, labels, links, names, rendering
from linernotes.web.pages.charts import Row
from linernotes.web.pages.facet_list import Chip
from linernotes.web.pages.results import Choice, Hidden
from linernotes.web.query_params import Asked, Tracks
from linernotes.web.services.service import KeptRoute, Shared
from queries import Bucket, By, FacetValues
from queries.facets.table import get_facet

router = APIRouter(route_class=KeptRoute)

SIZE = 60

_ORDERS = {By.COUNT: "most tracks", By.VALUE: "their own order"}


@dataclass(frozen=True)
class ValuesView:
    """A page of values."""

    name: str
    label: str
    summary: str
    contains: str
    sort: str
    sorts: tuple[Choice, ...]
    chips: tuple[Chip, ...]
    hidden: tuple[Hidden, ...]
    rows: tuple[Row, ...]
    next: str | None
    first: str | None
    back: str


@router.get("/facets/{name}")
async def values(
    request: Request,
    service: Shared,
    name: str,
    asked: Tracks,
    contains: Annotated[str, Query(max_length=200)] = "",
    sort: str = By.COUNT,
    after: str | None = None,
) -> Response:
    """Show a page of a facet's values, with what to do with each."""
    facet = get_facet(name)
    if facet.name != name:
        return RedirectResponse(links.facet(facet.name, asked, contains=contains), 303)
    asked = links.plain(asked)
    wanted = queries.values_request(
        name,
        asked.q,
        filters_by_facet=asked.checked(),
        contains=contains,
        size=SIZE,
        after=after,
        sort=sort or By.COUNT,
    )
    answer = await service.ask(lambda: service.searcher.values(wanted), long=bool(wanted.contains))
    view = _view(asked, answer, contains, wanted.by, first_page=not after)
    return rendering.page(request, "facet.html.jinja", title=f"{view.label}: all values", q=asked.q, view=view)


def _view(params: Asked, answer: FacetValues, contains: str, sort: By, *, first_page: bool) -> ValuesView:
    name = answer.facet

    def place(order: By, after: str | None = None) -> str:
        further = {"contains": contains, "sort": "" if order is By.COUNT else str(order), "after": after or ""}
        return links.facet(name, params, **further)

    return ValuesView(
        name=name,
        label=labels.FACETS[name],
        summary=_summary(answer),
        contains=names.shown(contains),
        sort="" if sort is By.COUNT else str(sort),
        sorts=tuple(Choice(label, place(order), order is sort) for order, label in _ORDERS.items()),
        chips=facet_list.chips(params, f"/facets/{name}"),
        hidden=tuple(Hidden(key, value) for key, value in links.pairs(params)),
        rows=_rows(name, params, answer.values),
        next=place(sort, answer.next) if answer.next else None,
        first=None if first_page else place(sort),
        back=links.search(params),
    )


def _rows(name: str, params: Asked, buckets: tuple[Bucket, ...]) -> tuple[Row, ...]:
    most = max((bucket.count for bucket in buckets), default=0)
    shown = [(bucket, facet_list.value(name, params, bucket)) for bucket in buckets]
    return tuple(
        Row(
            label=names.parts(labels.value(name, bucket.value)),
            href=links.search(params.toggled(name, value.sent)),
            count=bucket.count,
            length=charts.length(bucket.count, most),
            exclude=value.exclude,
            state="excluded" if bucket.excluded else "chosen" if bucket.selected else "",
        )
        for bucket, value in shown
    )


def _summary(answer: FacetValues) -> str:
    number = "" if answer.distinct is None else f"{answer.distinct:,} value{'' if answer.distinct == 1 else 's'}; "
    missing = f", {answer.missing:,} of them without one" if answer.missing else ""
    return f"{number}{labels.tracks(answer.total.value)}{missing}"
