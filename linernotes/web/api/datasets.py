"""The cards of the data sets; and `/health` and `/ready` for monitoring, without rate limit."""

from typing import Annotated

from fastapi import APIRouter, Path, Response

from linernotes import arguments, cards
from linernotes.web.api import openapi, schemas
from linernotes.web.api.openapi import PREFIX, json_response
from linernotes.web.errors import NotFoundError
from linernotes.web.search_params import NO_PARAMS
from linernotes.web.services.app_state import AppStateDep
from linernotes.web.services.response_cache import NO_CACHE, NO_STORE
from mappings.cards import CARDS
from mappings.errors import InputError
from queries.errors import NOTHING_LOADED, NothingLoadedError

health_router = APIRouter(tags=["health"], dependencies=[NO_PARAMS])
router = APIRouter(prefix=PREFIX, tags=["data sets"], dependencies=[NO_PARAMS])

DatasetId = Annotated[str, Path(description="The data set's id.", examples=list(CARDS))]


@health_router.get(
    "/health", operation_id="health", responses=openapi.uncached_answers(schemas.Status, {"status": "alive"})
)
async def health() -> Response:
    """Return 200 as long as the server is alive, without a request to Elasticsearch."""
    return json_response({"status": "alive"}, NO_STORE)


@health_router.get(
    "/ready", operation_id="ready", responses=openapi.uncached_answers(schemas.Status, {"status": "ready"}, 503)
)
async def ready(state: AppStateDep) -> Response:
    """Return 200 if searches can be answered: Elasticsearch responds, and data is loaded."""
    if not (await state.data_version()).loaded:
        raise NothingLoadedError(*NOTHING_LOADED)
    return json_response({"status": "ready"}, NO_STORE)


@router.get(
    "/datasets",
    operation_id="datasets",
    responses=openapi.uncached_answers(schemas.DataSets, openapi.examples()["datasets"]["answer"], 429, 503),
)
async def datasets(state: AppStateDep) -> Response:
    """List all data sets: origin, licence, acknowledged use with sources, and what is loaded here."""
    return json_response(cards.as_json(await state.loaded()), NO_CACHE)


@router.get(
    "/datasets/{dataset_id}",
    operation_id="dataset",
    responses=openapi.uncached_answers(schemas.OneDataSet, openapi.examples()["dataset"]["answer"], 404, 429, 503),
)
async def dataset(state: AppStateDep, dataset_id: DatasetId) -> Response:
    """Return one data set."""
    loaded = await state.loaded()
    try:
        arguments.dataset(dataset_id)
    except InputError as error:
        raise NotFoundError(error.message, error.hint) from error
    return json_response(cards.one_as_json(dataset_id, loaded), NO_CACHE)
