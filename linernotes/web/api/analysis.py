"""Artists and statistics: `/suggest`, `/artists`, `/overlap` and `/stats`."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import Field

import queries
from linernotes.web.api import openapi, schemas
from linernotes.web.api.openapi import PREFIX, json_response
from linernotes.web.search_params import FilterParams, Params, TrackParams
from linernotes.web.services.app_state import AppStateDep, CachedRoute
from queries.artists.name_input import MAX_CANDIDATES
from queries.artists.suggest import MAX_SUGGESTIONS

artists_router = APIRouter(prefix=PREFIX, route_class=CachedRoute, tags=["artists"])
statistics_router = APIRouter(prefix=PREFIX, route_class=CachedRoute, tags=["statistics"])

MAX_ROWS = 200


class SuggestQuery(Params):
    """What has been typed."""

    q: Annotated[str, Field(description="The text typed so far.", examples=["sigur r"])]
    size: Annotated[int, Field(ge=1, le=MAX_SUGGESTIONS, description="Suggestions of each kind.")] = 10


class ArtistQuery(Params):
    """An artist by name, id or both."""

    name: Annotated[str, Field(description="The artist's name, in any spelling.", examples=["kurt vile"])] = ""
    id: Annotated[str | None, Field(description="The artist's id, from the list of candidates.")] = None
    size: Annotated[int, Field(ge=1, le=MAX_CANDIDATES, description="Rows of each list.")] = 10


class StatsQuery(TrackParams):
    """Tracks, and the length of the comparisons."""

    size: Annotated[int, Field(ge=1, le=MAX_ROWS, description="Rows of each comparison.")] = 10


@artists_router.get("/suggest", operation_id="suggest", responses=openapi.answers(schemas.Suggestions, "suggest"))
async def suggest(state: AppStateDep, params: Annotated[SuggestQuery, Query()]) -> Response:
    """Suggest artists and titles that begin with a text, in any case, accents and script."""
    request = queries.suggest_request(params.q, size=params.size)
    result = await state.query(lambda searcher: searcher.suggest(request))
    return json_response(result.as_json())


@artists_router.get(
    "/artist", operation_id="artist", deprecated=True, responses=openapi.answers(schemas.Artists, "artists")
)
@artists_router.get("/artists", operation_id="artists", responses=openapi.answers(schemas.Artists, "artists"))
async def artist(state: AppStateDep, params: Annotated[ArtistQuery, Query()]) -> Response:
    """List the artists that a name or id may mean and, if only one is meant, which data sets have their tracks.

    An artist whose name is exactly the one given is meant; so is the only artist with a similar name. Artists of the
    same name are listed separately where their ids differ: choose one by id.
    """
    request = queries.artist_request(params.name, artist_id=params.id, size=params.size)
    result = await state.query(lambda searcher: searcher.artist(request))
    return json_response(result.as_json())


@statistics_router.get("/overlap", operation_id="overlap", responses=openapi.answers(schemas.Overlap, "overlap"))
async def overlap(state: AppStateDep, params: Annotated[FilterParams, Query()]) -> Response:
    """Count tracks and distinct recordings in each data set and between them, also by YouTube video.

    Up to 200,000 tracks are counted exactly; of more, 10,000 are sampled in each data set, and every number comes with
    its 95 % confidence interval. (The command line can count all: `linernotes overlap --exact`.)
    """
    request = params.to_search().to_request()
    result = await state.query(lambda searcher: searcher.overlap(request), state.slow)
    return json_response(result.as_json())


@statistics_router.get("/stats", operation_id="stats", responses=openapi.answers(schemas.Stats, "stats"))
async def stats(state: AppStateDep, params: Annotated[StatsQuery, Query()]) -> Response:
    """Return shares by genre, licence, commercial use, language and decade, and what is over-represented.

    Over-represented is what a data set has significantly more of than all others together; with `dataset`, only that
    data set is compared.
    """
    request = params.to_search().to_request()
    result = await state.query(lambda searcher: searcher.stats(request, limit=params.size), state.slow)
    return json_response(result.as_json())
