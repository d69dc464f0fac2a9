"""The HTTP API, version 1: read-only, the same queries and answers as the command line's."""

from fastapi import APIRouter

from linernotes.web.api import analysis, checks, datasets, openapi, search
from linernotes.web.api.openapi import PREFIX

__all__ = ["PREFIX", "router"]

router = APIRouter()
for each in (
    datasets.health_router,
    openapi.router,
    search.router,
    analysis.artists_router,
    analysis.statistics_router,
    datasets.router,
    checks.router,
    search.export_router,
):
    router.include_router(each)
