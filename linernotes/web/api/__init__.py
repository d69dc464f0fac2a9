"""The HTTP API, version 1: read-only, the same questions and answers as the command line's."""

from fastapi import APIRouter, Depends

from linernotes.web.api import analysis, checks, datasets, export, openapi, search, strangers

PREFIX = "/api/v1"

ROUTERS = (
    search.router,
    search.values_router,
    analysis.router,
    analysis.analysis_router,
    datasets.router,
    checks.router,
    export.router,
)

router = APIRouter(dependencies=[Depends(strangers.refuse)])
router.include_router(datasets.state_router)
router.include_router(openapi.router)
for each in ROUTERS:
    router.include_router(each, prefix=PREFIX)
