"""The page: rendered here, whole without a script, and better with one."""

from fastapi import APIRouter

from linernotes.web.pages import about, artist, checks, datasets, facets, front, overlap, results, stats, track
from linernotes.web.pages.assets import Assets

router = APIRouter(include_in_schema=False)
for _pages in (front, results, facets, artist, track, datasets, overlap, stats, about, checks):
    router.include_router(_pages.router)
router.include_router(about.kept)

static = Assets()
