"""`/suggest` and `/artist`: who and what may be meant, and what of one artist is in which data set."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

import queries
from linernotes.web.api import documented, models
from linernotes.web.api.answering import answer
from linernotes.web.kept import KeptRoute
from linernotes.web.service import Shared
from queries.artists.request import MAX_CANDIDATES
from queries.artists.suggest import MAX_SUGGESTIONS

router = APIRouter(route_class=KeptRoute, tags=["people"])

SIZE = 10

Typed = Annotated[str, Query(description="What is typed so far.", examples=["sigur r"])]
Most = Annotated[int, Query(ge=1, le=MAX_SUGGESTIONS, description="Suggestions of each kind.")]
Name = Annotated[str, Query(description="The artist's name, however it is written.", examples=["kurt vile"])]
Id = Annotated[str | None, Query(description="The artist's id, as the candidates show it.")]
Rows = Annotated[int, Query(ge=1, le=MAX_CANDIDATES, description="Rows of each list.")]


@router.get("/suggest", operation_id="suggest", responses=documented.answers(models.Suggestions, "suggest"))
async def suggest(service: Shared, q: Typed, size: Most = SIZE) -> Response:
    """Suggest artists and titles that begin so, whatever case, accents and script."""
    request = queries.suggest_request(q, size=size)
    found = await service.ask(lambda: service.searcher.suggest(request))
    return answer(found.as_json())


@router.get("/artist", operation_id="artist", responses=documented.answers(models.Artists, "artist"))
async def artist(service: Shared, name: Name = "", id: Id = None, size: Rows = SIZE) -> Response:  # noqa: A002 - as the address has it
    """Show who may be meant by a name or id and, if one is, what of them is in which data set.

    A name that is written exactly so is the one that is meant; so is the only one that is spelt like it. Artists of the
    same name are listed apart where ids tell them apart: choose one by its id.
    """
    request = queries.artist_request(name, artist_id=id, size=size)
    found = await service.ask(lambda: service.searcher.artist(request))
    return answer(found.as_json())
