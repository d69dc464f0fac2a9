"""`/suggest` and `/artist`: who and what may be meant, and what of one artist is in which data set."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

import queries
from linernotes.web.api import openapi, schemas
from linernotes.web.api.openapi import answer
from linernotes.web.query_params import Filtered, Tracks
from linernotes.web.services.service import KeptRoute, Shared
from queries.artists.name_input import MAX_CANDIDATES
from queries.artists.suggest import MAX_SUGGESTIONS

router = APIRouter(route_class=KeptRoute, tags=["people"])

SIZE = 10

Typed = Annotated[str, Query(description="What is typed so far.", examples=["sigur r"])]
Most = Annotated[int, Query(ge=1, le=MAX_SUGGESTIONS, description="Suggestions of each kind.")]
Name = Annotated[str, Query(description="The artist's name, however it is written.", examples=["kurt vile"])]
Id = Annotated[str | None, Query(description="The artist's id, as the candidates show it.")]
Rows = Annotated[int, Query(ge=1, le=MAX_CANDIDATES, description="Rows of each list.")]


@router.get("/suggest", operation_id="suggest", responses=openapi.answers(schemas.Suggestions, "suggest"))
async def suggest(service: Shared, q: Typed, size: Most = SIZE) -> Response:
    """Suggest artists and titles that begin so, whatever case, accents and script."""
    request = queries.suggest_request(q, size=size)
    found = await service.ask(lambda: service.searcher.suggest(request))
    return answer(found.as_json())


@router.get("/artist", operation_id="artist", responses=openapi.answers(schemas.Artists, "artist"))
async def artist(service: Shared, name: Name = "", id: Id = None, size: Rows = SIZE) -> Response:  # noqa: A002 - as the address has it
    """Show who may be meant by a name or id and, if one is, what of them is in which data set.

    A name that is written exactly so is the one that is meant; so is the only one that is spelt like it. Artists of the
    same name are listed apart where ids tell them apart: choose one by its id.
    """
    request = queries.artist_request(name, artist_id=id, size=size)
    found = await service.ask(lambda: service.searcher.artist(request))
    return answer(found.as_json())


analysis_router = APIRouter(route_class=KeptRoute, tags=["numbers"])

TOP_SIZE = 10
MOST = 200

TopRows = Annotated[int, Query(ge=1, le=MOST, description="Rows of each comparison.")]


@analysis_router.get("/overlap", operation_id="overlap", responses=openapi.answers(schemas.Overlap, "overlap"))
async def overlap(service: Shared, asked: Filtered) -> Response:
    """Count tracks against distinct recordings, in each data set and between them, also by YouTube video.

    Up to 200,000 tracks are counted; of more, 10,000 of each data set are drawn, and every number comes with the
    interval that it lies in 95 times of 100. (The command line can count those too: `linernotes overlap --exact`.)
    """
    request = asked.request()
    found = await service.ask(lambda: service.searcher.overlap(request), long=True)
    return answer(found.as_json())


@analysis_router.get("/stats", operation_id="stats", responses=openapi.answers(schemas.Stats, "stats"))
async def stats(service: Shared, params: Tracks, size: TopRows = TOP_SIZE) -> Response:
    """Show shares by genre, licence, commercial use, language and decade, and what is over-represented.

    Over-represented is what a data set certainly has more of than all others together; with `dataset`, that one alone.
    """
    request = params.request()
    found = await service.ask(lambda: service.searcher.stats(request, limit=size), long=True)
    return answer(found.as_json())
