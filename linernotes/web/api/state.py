"""`/health`: the server is alive; `/ready`: it can answer. For whoever watches over it, without limit."""

from fastapi import APIRouter, Response

from linernotes.web.api import documented, models
from linernotes.web.api.answering import answer
from linernotes.web.service import Shared
from mappings.errors import UnreachableError
from queries.errors import NOTHING_LOADED

router = APIRouter(tags=["state"])

UNKEPT = {"cache-control": "no-store"}


@router.get("/health", operation_id="health", responses=documented.plainly(models.Alive, {"status": "alive"}))
async def health() -> Response:
    """Say that the server is alive; nothing is asked."""
    return answer({"status": "alive"}, UNKEPT)


@router.get("/ready", operation_id="ready", responses=documented.plainly(models.Alive, {"status": "ready"}, 503))
async def ready(service: Shared) -> Response:
    """Say whether searches can be answered: Elasticsearch does answer, and something is loaded."""
    if not (await service.edition()).loaded:
        raise UnreachableError(*NOTHING_LOADED)
    return answer({"status": "ready"}, UNKEPT)
