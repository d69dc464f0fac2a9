"""`/search`: tracks by text and filters, counted by facet; `/tracks/{id}`: one of them."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

import queries
from linernotes.web.api import documented, models
from linernotes.web.api.answering import answer
from linernotes.web.kept import KeptRoute
from linernotes.web.parameters import Page
from linernotes.web.refusals import NotThereError
from linernotes.web.service import Shared
from mappings.cards import PRESENCE_IS_NO_PROOF

router = APIRouter(route_class=KeptRoute, tags=["search"])

USUAL = ",".join(queries.DEFAULT_FACETS)

Facets = Annotated[str, Query(description=f"What to count, with commas: {', '.join(queries.FACETS)}; or none.")]
TrackId = Annotated[str, Path(description="The id of a hit.", examples=["free-music-archive:10"])]


@router.get("/search", operation_id="search", responses=documented.answers(models.Search, "search"))
async def search(service: Shared, asked: Page, facets: Facets = USUAL) -> Response:
    """Find tracks by artist, title and album, and count them by facet.

    Any text at all may be asked; "phrases", `-words` and `artist:` `title:` `album:` `year:` are understood. Values of
    one filter are joined by OR, filters by AND, and each facet is counted under all filters but its own.
    """
    names = (name.strip() for name in facets.split(","))
    request = asked.request([name for name in names if name not in ("", "none")])
    found = await service.ask(lambda: service.searcher.search(request))
    return answer(found.as_json())


@router.get(
    "/tracks/{track_id:path}", operation_id="track", responses=documented.answers(models.OneTrack, "track", 404)
)
async def track(service: Shared, track_id: TrackId) -> Response:
    """Show one track by its id."""
    found = await service.ask(lambda: service.searcher.track(track_id))
    if found is None:
        raise NotThereError("There is no such track.", "Take the id of a hit of /api/v1/search.")
    return answer({"track": found.as_json(), "note": PRESENCE_IS_NO_PROOF})
