"""`POST /matches`: verdicts on up to a hundred rows, at once; catalogues of any size go to `/checks`."""

from contextlib import closing
from typing import Annotated

from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field, model_validator

from linernotes.web.api import openapi, schemas
from linernotes.web.api.openapi import PREFIX, json_response
from linernotes.web.search_params import NO_PARAMS
from linernotes.web.services.app_state import AppStateDep
from linernotes.web.services.response_cache import NO_STORE
from mappings.cards import PRESENCE_IS_NO_PROOF
from queries import Searcher, catalogue

router = APIRouter(prefix=PREFIX, tags=["catalogue check"], dependencies=[NO_PARAMS])

MAX_ROWS = 100
MAX_CELL = 5_000
"""Characters of a name or link; one that is too long to be compared is unreadable, not refused."""

Cell = Annotated[str, Field(max_length=MAX_CELL)]


MAX_PROPERTIES = 20
"""Properties of an object that are looked at: each that doesn't belong there is an error, which takes time."""


class _Strict(BaseModel):
    """An object without other properties."""

    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _refuse_many(cls, given: object) -> object:
        if isinstance(given, dict) and len(given) > MAX_PROPERTIES:
            raise ValueError(f"there are {len(given):,} properties")
        return given


class MatchRow(_Strict):
    """A song: artist and title, or a link or an id."""

    artist: Cell = ""
    title: Cell = ""
    album: Cell = ""
    year: Annotated[int | None, Field(strict=True, ge=1, le=9999, description="Year of release.")] = None
    url: Annotated[Cell, Field(description="Link to it on YouTube, Spotify, the Free Music Archive or Genius.")] = ""
    youtube: Annotated[Cell, Field(description="Id or link of the video.")] = ""
    spotify: Cell = ""
    fma: Cell = ""
    genius: Cell = ""

    def cells(self) -> dict[str, str]:
        """Return the row as a catalogue has it."""
        return {name: str(value) for name, value in self if value is not None}


class MatchQuery(_Strict):
    """The rows of a request."""

    rows: Annotated[list[MatchRow], Field(min_length=1, max_length=MAX_ROWS)]


_BODY = {"content": {"application/json": {"example": openapi.examples()["matches"]["body"]}}}


@router.post(
    "/matches",
    operation_id="matches",
    openapi_extra={"requestBody": _BODY},
    responses=openapi.uncached_answers(schemas.Matches, openapi.examples()["matches"]["answer"], 408, 429, 503),
)
async def matches(state: AppStateDep, query: MatchQuery) -> Response:
    """Check up to 100 rows at once, as a catalogue is checked.

    A row has artist and title, or a link or an id. Rows are independent, but for `duplicate_of`.
    """
    rows = [catalogue.parse_row(number, row.cells()) for number, row in enumerate(query.rows, 1)]
    seconds = state.options.slow_timeout_s
    answers = await state.query(lambda searcher: check_rows(searcher, rows, seconds), state.batches)
    return json_response({"rows": [each.as_json() for each in answers], "note": PRESENCE_IS_NO_PROOF}, NO_STORE)


def check_rows(searcher: Searcher, rows: list[catalogue.CatalogueRow], seconds: float) -> list[catalogue.RowResult]:
    """Return the results of rows, all within some seconds. Raises what `Searcher.search` raises."""
    with closing(catalogue.check(searcher.question(seconds), rows)) as answers:
        return list(answers)
