"""`/overlap` and `/stats`: what data sets share, and what is in them; these count, and take longer."""

from typing import Annotated

from fastapi import APIRouter, Query, Response

from linernotes.web.api import documented, models
from linernotes.web.api.answering import answer
from linernotes.web.kept import KeptRoute
from linernotes.web.parameters import Filtered, Tracks
from linernotes.web.service import Shared

router = APIRouter(route_class=KeptRoute, tags=["numbers"])

SIZE = 10
MOST = 200

Rows = Annotated[int, Query(ge=1, le=MOST, description="Rows of each comparison.")]


@router.get("/overlap", operation_id="overlap", responses=documented.answers(models.Overlap, "overlap"))
async def overlap(service: Shared, asked: Filtered) -> Response:
    """Count tracks against distinct recordings, in each data set and between them, also by YouTube video.

    Up to 200,000 tracks are counted; of more, 10,000 of each data set are drawn, and every number comes with the
    interval that it lies in 95 times of 100. (The command line can count those too: `linernotes overlap --exact`.)
    """
    request = asked.request()
    found = await service.ask(lambda: service.searcher.overlap(request), long=True)
    return answer(found.as_json())


@router.get("/stats", operation_id="stats", responses=documented.answers(models.Stats, "stats"))
async def stats(service: Shared, asked: Tracks, size: Rows = SIZE) -> Response:
    """Show shares by genre, licence, commercial use, language and decade, and what is over-represented.

    Over-represented is what a data set certainly has more of than all others together; with `dataset`, that one alone.
    """
    request = asked.request()
    found = await service.ask(lambda: service.searcher.stats(request, limit=size), long=True)
    return answer(found.as_json())
