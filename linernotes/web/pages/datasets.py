"""The data sets: their cards, who acknowledged use, and what is loaded of each."""

from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from linernotes.web.kept import KeptRoute
from linernotes.web.pages import front, rendering
from linernotes.web.pages.claims import used
from linernotes.web.refusals import NotThereError
from linernotes.web.service import Shared

router = APIRouter(route_class=KeptRoute)


@router.get("/datasets")
async def datasets(request: Request, service: Shared) -> Response:
    """Show all data sets."""
    edition = await service.edition()
    return rendering.page(request, "datasets.html.jinja", title="Data sets", sets=front.sets(dict(edition.loaded)))


@router.get("/datasets/{dataset}")
async def dataset(request: Request, service: Shared, dataset: str) -> Response:
    """Show one data set."""
    edition = await service.edition()
    found = next((each for each in front.sets(dict(edition.loaded)) if each.card.id == dataset), None)
    if found is None:
        raise NotThereError("There is no data set of this name.", "See the list of data sets.")
    return rendering.page(
        request,
        "dataset.html.jinja",
        title=found.card.name,
        set=found,
        used=used(dataset, found.card.used_by),
        query=urlencode({"dataset": dataset}),
    )
