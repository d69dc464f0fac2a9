"""The HTTP API, version 1: read-only, the same queries and answers as the command line's; reconciliation; metrics."""

from fastapi import APIRouter

from linernotes.web.api import analysis, checks, datasets, matches, metrics, openapi, reconcile, search
from linernotes.web.api.openapi import PREFIX

__all__ = ["PREFIX", "router"]

router = APIRouter()
for each in (
    datasets.health_router,
    metrics.router,
    openapi.router,
    search.router,
    analysis.artists_router,
    analysis.statistics_router,
    datasets.router,
    matches.router,
    checks.router,
    search.export_router,
    reconcile.router,
):
    router.include_router(each)
