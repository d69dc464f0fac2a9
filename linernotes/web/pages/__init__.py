"""The page: rendered here, whole without a script, and better with one."""

from fastapi import APIRouter

from linernotes.web.pages import about, artist, checks, facets, front, overlap, results, stats, track
from linernotes.web.pages.rendering import Assets

router = APIRouter(include_in_schema=False)
for _router in (
    front.router,
    results.router,
    facets.router,
    artist.router,
    track.router,
    front.datasets_router,
    overlap.router,
    stats.router,
    about.router,
    checks.router,
):
    router.include_router(_router)
router.include_router(about.kept)

static = Assets()
