"""The HTTP API, version 1: read-only, the same questions and answers as the command line's."""

from fastapi import APIRouter, Depends

from linernotes.web.api import checks, datasets, document, export, people, search, state, strangers, sums, values

PREFIX = "/api/v1"

ROUTERS = (search.router, values.router, people.router, sums.router, datasets.router, checks.router, export.router)

router = APIRouter(dependencies=[Depends(strangers.refuse)])
router.include_router(state.router)
router.include_router(document.router)
for each in ROUTERS:
    router.include_router(each, prefix=PREFIX)
