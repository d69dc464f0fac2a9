"""`/datasets`: the cards, and what of each data set is loaded. They are shown without Elasticsearch too."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Path, Response

from linernotes import cards, choose
from linernotes.web.api import documented, models
from linernotes.web.api.answering import answer
from linernotes.web.refusals import NotThereError
from linernotes.web.service import Service, Shared
from mappings.cards import CARDS
from mappings.errors import InputError, UnreachableError
from queries import Loaded

router = APIRouter(tags=["data sets"])

FRESH = {"cache-control": "no-cache"}

Id = Annotated[str, Path(description="The data set's id.", json_schema_extra={"enum": list(CARDS)})]


@router.get(
    "/datasets",
    operation_id="datasets",
    responses=documented.plainly(models.DataSets, documented.examples()["datasets"]["answer"], 429),
)
async def datasets(service: Shared) -> Response:
    """Show all cards: origin, licence, acknowledged use with sources, and what is loaded here."""
    return answer(cards.as_json(await loaded(service)), FRESH)


@router.get(
    "/datasets/{dataset_id}",
    operation_id="dataset",
    responses=documented.plainly(models.OneDataSet, documented.examples()["dataset"]["answer"], 404, 429),
)
async def dataset(service: Shared, dataset_id: Id) -> Response:
    """Show the card of one data set."""
    try:
        choose.one_of("data set", dataset_id, CARDS)
    except InputError as problem:
        raise NotThereError(problem.message, problem.hint) from problem
    return answer(cards.one_as_json(dataset_id, await loaded(service)), FRESH)


async def loaded(service: Service) -> Mapping[str, Loaded] | None:
    """Return what is loaded, by data set; None where that isn't known."""
    try:
        return (await service.edition()).loaded
    except UnreachableError:
        return None
