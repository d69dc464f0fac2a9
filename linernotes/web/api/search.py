"""`/search`: tracks by text and filters, counted by facet; `/tracks/{id}`: one of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

import queries
from linernotes import arguments
from linernotes.web.api import openapi, schemas
from linernotes.web.api.openapi import answer
from linernotes.web.errors import NotThereError
from linernotes.web.query_params import After, Page, Tracks
from linernotes.web.services.service import KeptRoute, Shared
from mappings.cards import PRESENCE_IS_NO_PROOF
from mappings.errors import InputError
from queries import By
from queries.facet_values import MAX_VALUES

router = APIRouter(route_class=KeptRoute, tags=["search"])

USUAL = ",".join(queries.DEFAULT_FACETS)

Facets = Annotated[str, Query(description=f"What to count, with commas: {', '.join(queries.FACETS)}; or none.")]
TrackId = Annotated[str, Path(description="The id of a hit.", examples=["free-music-archive:10"])]


@router.get("/search", operation_id="search", responses=openapi.answers(schemas.Search, "search"))
async def search(service: Shared, asked: Page, facets: Facets = USUAL) -> Response:
    """Find tracks by artist, title and album, and count them by facet.

    Any text at all may be asked; "phrases", `-words` and `artist:` `title:` `album:` `year:` are understood. Values of
    one filter are joined by OR, filters by AND, and each facet is counted under all filters but its own.
    """
    names = (name.strip() for name in facets.split(","))
    request = asked.request([name for name in names if name not in ("", "none")])
    found = await service.ask(lambda: service.searcher.search(request))
    return answer(found.as_json())


@router.get("/tracks/{track_id:path}", operation_id="track", responses=openapi.answers(schemas.OneTrack, "track", 404))
async def track(service: Shared, track_id: TrackId) -> Response:
    """Show one track by its id."""
    found = await service.ask(lambda: service.searcher.track(track_id))
    if found is None:
        raise NotThereError("There is no such track.", "Take the id of a hit of /api/v1/search.")
    return answer({"track": found.as_json(), "note": PRESENCE_IS_NO_PROOF})


values_router = APIRouter(route_class=KeptRoute, tags=["search"])

SIZE = 50

Name = Annotated[str, Path(description="Facet.", json_schema_extra={"enum": list(queries.FACETS)})]
Contains = Annotated[str, Query(description="Only values that contain this, whatever case and accents.")]
Size = Annotated[int, Query(ge=1, le=MAX_VALUES, description="Values on a page.")]
Order = Annotated[By, Query(description="Order of values.")]


@values_router.get("/facets/{name}", operation_id="values", responses=openapi.answers(schemas.Values, "values", 404))
async def values(
    service: Shared, name: Name, params: Tracks, contains: Contains = "", size: Size = SIZE, sort: Order = By.COUNT,
    after: After = None,
) -> Response:  # fmt: skip
    """List all values of one facet with their exact counts.

    Counted are the tracks that the text and all other filters find; filters of the facet itself only mark its values.
    """
    try:
        arguments.one_of("facet", name, queries.FACETS)
    except InputError as problem:
        raise NotThereError(problem.message, problem.hint) from problem
    request = queries.values_request(
        name, params.q, filters_by_facet=params.checked(), contains=contains, size=size, after=after, sort=sort
    )
    # Looking into all values takes long: it must not take the room of ordinary searches.
    found = await service.ask(lambda: service.searcher.values(request), long=bool(contains))
    return answer(found.as_json())
