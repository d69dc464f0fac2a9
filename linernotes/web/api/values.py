"""`/facets/{name}`: all values of one facet, page by page."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

import queries
from linernotes import choose
from linernotes.web.api import documented, models
from linernotes.web.api.answering import answer
from linernotes.web.kept import KeptRoute
from linernotes.web.parameters import After, Tracks
from linernotes.web.refusals import NotThereError
from linernotes.web.service import Shared
from mappings.errors import InputError
from queries import By
from queries.facets.values import MAX_VALUES

router = APIRouter(route_class=KeptRoute, tags=["search"])

SIZE = 50

Name = Annotated[str, Path(description="Facet.", json_schema_extra={"enum": list(queries.FACETS)})]
Contains = Annotated[str, Query(description="Only values that contain this, whatever case and accents.")]
Size = Annotated[int, Query(ge=1, le=MAX_VALUES, description="Values on a page.")]
Order = Annotated[By, Query(description="Order of values.")]


@router.get("/facets/{name}", operation_id="values", responses=documented.answers(models.Values, "values", 404))
async def values(
    service: Shared, name: Name, asked: Tracks, contains: Contains = "", size: Size = SIZE, sort: Order = By.COUNT,
    after: After = None,
) -> Response:  # fmt: skip
    """List all values of one facet with their exact counts.

    Counted are the tracks that the text and all other filters find; filters of the facet itself only mark its values.
    """
    try:
        choose.one_of("facet", name, queries.FACETS)
    except InputError as problem:
        raise NotThereError(problem.message, problem.hint) from problem
    request = queries.values_request(
        name, asked.q, filters_by_facet=asked.checked(), contains=contains, size=size, after=after, sort=sort
    )
    # Looking into all values takes long: it must not take the room of ordinary searches.
    found = await service.ask(lambda: service.searcher.values(request), long=bool(contains))
    return answer(found.as_json())
