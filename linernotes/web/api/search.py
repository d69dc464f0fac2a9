"""Tracks by text and filters: `/search`, `/tracks/{id}`, the values of `/facets/{name}`, and `/export`."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

import queries
from linernotes import arguments
from linernotes.web.api import openapi, schemas
from linernotes.web.api.openapi import PREFIX, json_response, page_response
from linernotes.web.errors import NotFoundError
from linernotes.web.search_params import NO_PARAMS, Cursor, SearchParams, TrackParams
from linernotes.web.services.app_state import KNOW_CARDS, AppStateDep, CachedRoute
from linernotes.web.services.export import MEDIA_TYPES, ExportParams, export_response
from mappings.cards import PRESENCE_IS_NO_PROOF
from mappings.errors import InputError
from queries import By
from queries.analysis.facet_values import MAX_VALUES

router = APIRouter(prefix=PREFIX, route_class=CachedRoute, tags=["search"])
export_router = APIRouter(prefix=PREFIX, tags=["export"], dependencies=[KNOW_CARDS])

FACETS_HELP = f"Facets to count, separated by commas: {', '.join(queries.FACETS)}; or `none`."


class SearchQuery(SearchParams):
    """A page of hits and its facets."""

    facets: Annotated[str, Field(description=FACETS_HELP)] = ",".join(queries.DEFAULT_FACETS)


class FacetQuery(TrackParams):
    """A page of a facet's values."""

    contains: Annotated[str, Field(description="Only values that contain this text, in any case and accents.")] = ""
    size: Annotated[int, Field(ge=1, le=MAX_VALUES, description="Values per page.")] = 50
    sort: Annotated[By, Field(description="Order of the values.")] = By.COUNT
    after: Cursor = None


TrackId = Annotated[str, Path(description="The id of a hit.", examples=["free-music-archive:10"])]
FacetName = Annotated[str, Path(description="Facet.", json_schema_extra={"enum": list(queries.FACETS)})]


@router.get("/search", operation_id="search", responses=openapi.answers(schemas.Search, "search"))
async def search(request: Request, state: AppStateDep, params: Annotated[SearchQuery, Query()]) -> Response:
    """Find tracks by artist, title and album, and count them by facet.

    Any text is valid; "phrases", `-words` and `artist:` `title:` `album:` `year:` are understood. Values of one filter
    are combined with OR, filters with AND, and each facet is counted under all filters but its own.
    """
    names = (name.strip() for name in params.facets.split(","))
    search_request = params.to_request([name for name in names if name not in ("", "none")])
    result = await state.query(lambda searcher: searcher.search(search_request))
    return page_response(request, state, result.as_json())


@router.get(
    "/tracks/{track_id:path}",
    operation_id="track",
    dependencies=[NO_PARAMS],
    responses=openapi.answers(schemas.OneTrack, "track", 404),
)
async def track(state: AppStateDep, track_id: TrackId) -> Response:
    """Return one track by its id."""
    hit = await state.query(lambda searcher: searcher.track(track_id))
    if hit is None:
        raise NotFoundError("There is no such track.", "Use the id of a hit of /api/v1/search.")
    return json_response({"track": hit.as_json(), "note": PRESENCE_IS_NO_PROOF})


@router.get("/facets/{name}", operation_id="values", responses=openapi.answers(schemas.Values, "values", 404))
async def facet_values(
    request: Request, state: AppStateDep, name: FacetName, params: Annotated[FacetQuery, Query()]
) -> Response:
    """List all values of one facet with their exact counts.

    The counts are of the tracks that the text and all other filters find; filters of the facet itself only mark its
    values.
    """
    try:
        arguments.one_of("facet", name, queries.FACETS)
    except InputError as error:
        raise NotFoundError(error.message, error.hint) from error
    values_request = queries.values_request(
        name,
        params.q,
        filters_by_facet=params.checked_filters(),
        contains=params.contains,
        size=params.size,
        after=params.after,
        sort=params.sort,
    )
    # Looking into all values takes long: ordinary searches must not wait for it.
    pool = state.walks if params.contains else state.fast
    result = await state.query(lambda searcher: searcher.values(values_request), pool)
    return page_response(request, state, result.as_json())


_EXPORTED = {
    "description": "All tracks, in no particular order. A response that breaks off is incomplete.",
    "headers": {
        "X-Rows": {"description": "Number of rows that a complete file has.", "schema": {"type": "integer"}},
        "X-Edition": {"description": "Version of the loaded data.", "schema": {"type": "string"}},
        "X-Generations": {"description": "Generations and their rows: name=12, ...", "schema": {"type": "string"}},
        "Content-Disposition": {"description": "A name for the file.", "schema": {"type": "string"}},
    },
    "content": {media_type.partition(";")[0]: {"schema": {"type": "string"}} for media_type in MEDIA_TYPES.values()},
}


@export_router.get("/export", operation_id="export", responses={200: _EXPORTED, **openapi.problems()})
async def export(state: AppStateDep, params: Annotated[ExportParams, Query()]) -> Response:
    """Download all tracks of a search, however many, as they were at one moment.

    Text and filters mean what they mean in search.
    """
    return await export_response(state, params)
