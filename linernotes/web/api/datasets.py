"""`/health`: the server is alive; `/ready`: it can answer. For whoever watches over it, without limit."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Response

from linernotes import arguments, cards
from linernotes.web.api import openapi, schemas
from linernotes.web.api.openapi import answer
from linernotes.web.errors import NotThereError
from linernotes.web.services.service import Service, Shared
from mappings.cards import CARDS
from mappings.errors import InputError, UnreachableError
from queries import Loaded
from queries.errors import NOTHING_LOADED

state_router = APIRouter(tags=["state"])

UNKEPT = {"cache-control": "no-store"}


@state_router.get("/health", operation_id="health", responses=openapi.plainly(schemas.Alive, {"status": "alive"}))
async def health() -> Response:
    """Say that the server is alive; nothing is asked."""
    return answer({"status": "alive"}, UNKEPT)


@state_router.get("/ready", operation_id="ready", responses=openapi.plainly(schemas.Alive, {"status": "ready"}, 503))
async def ready(service: Shared) -> Response:
    """Say whether searches can be answered: Elasticsearch does answer, and something is loaded."""
    if not (await service.edition()).loaded:
        raise UnreachableError(*NOTHING_LOADED)
    return answer({"status": "ready"}, UNKEPT)


router = APIRouter(tags=["data sets"])

FRESH = {"cache-control": "no-cache"}

Id = Annotated[str, Path(description="The data set's id.", json_schema_extra={"enum": list(CARDS)})]


@router.get(
    "/datasets",
    operation_id="datasets",
    responses=openapi.plainly(schemas.DataSets, openapi.examples()["datasets"]["answer"], 429),
)
async def datasets(service: Shared) -> Response:
    """Show all cards: origin, licence, acknowledged use with sources, and what is loaded here."""
    return answer(cards.as_json(await loaded(service)), FRESH)


@router.get(
    "/datasets/{dataset_id}",
    operation_id="dataset",
    responses=openapi.plainly(schemas.OneDataSet, openapi.examples()["dataset"]["answer"], 404, 429),
)
async def dataset(service: Shared, dataset_id: Id) -> Response:
    """Show the card of one data set."""
    try:
        arguments.one_of("data set", dataset_id, CARDS)
    except InputError as problem:
        raise NotThereError(problem.message, problem.hint) from problem
    return answer(cards.one_as_json(dataset_id, await loaded(service)), FRESH)


async def loaded(service: Service) -> Mapping[str, Loaded] | None:
    """Return what is loaded, by data set; None where that isn't known."""
    try:
        return (await service.edition()).loaded
    except UnreachableError:
        return None
