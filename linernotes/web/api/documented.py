"""What the OpenAPI document says of an endpoint's answers: their shape, a real example, and all that can go wrong.

The examples are answers to the addresses beside them, over the sample rows; a test asks them again.
"""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import orjson
from pydantic import BaseModel

from linernotes.web.api.models import Problem

MEDIA_TYPE = "application/problem+json"
SCHEMA = {"$ref": "#/components/schemas/Problem"}

SAYS: Mapping[int, str] = {
    400: "Something that was asked can't be: one sentence says what, and mostly what is near.",
    403: "A page of another site sent this.",
    404: "It isn't there.",
    405: "Not by this method: `Allow` has those that there are.",
    409: "It isn't there yet, or not any more.",
    413: "More was sent than is taken.",
    414: "The address is longer than is taken.",
    415: "What was sent is of a kind that isn't taken.",
    429: "Too many requests from one client: `Retry-After` has the seconds to wait.",
    500: "A fault of ours: the sentence has the request's id, by which it is found in the log.",
    503: "Elasticsearch doesn't answer, or too many are asking: `Retry-After` has the seconds to wait.",
}
EVERYWHERE = (400, 413, 414, 429, 500, 503)
"""What any endpoint may answer."""

HEADERS = {
    "ETag": {"description": "Holds until something else is loaded.", "schema": {"type": "string"}},
    "Cache-Status": {"description": "There if the answer was kept (RFC 9211).", "schema": {"type": "string"}},
}

Responses = dict[int | str, dict[str, Any]]


def answers(model: type[BaseModel], example: str, *further: int) -> Responses:
    """Return an endpoint's answers: 200 in the shape of a model, what every endpoint may say, and some statuses more.

    `example` is one of the names in `examples.json`. For routes whose answers are kept.
    """
    content = {"application/json": {"example": examples()[example]["answer"]}}
    same: Responses = {304: {"description": "The answer that `If-None-Match` names is still right."}}
    good = {"model": model, "content": content, "description": _first(model), "headers": HEADERS}
    return {200: good, **same, **problems(*further)}


def problems(*further: int) -> Responses:
    """Return what every endpoint may say when something is wrong, and some statuses more."""
    return {status: _problem(status) for status in sorted({*EVERYWHERE, *further})}


def _problem(status: int) -> dict[str, Any]:
    headers = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    waits = {"headers": headers} if status in (429, 503) else {}
    return {"description": SAYS[status], "content": {MEDIA_TYPE: {"schema": SCHEMA}}, **waits}


def _first(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").split("\n")[0]


@cache
def examples() -> dict[str, Any]:
    """Return the examples: by name an address below /api/v1, and its answer."""
    found: dict[str, Any] = orjson.loads(resources.files(__package__).joinpath("examples.json").read_bytes())
    return found


def problem_schema() -> dict[str, Any]:
    """Return the schema of a problem, which no endpoint names as its model."""
    return Problem.model_json_schema()


def plainly(model: type[BaseModel], example: Mapping[str, Any], *further: int) -> Responses:
    """Return the answers of an endpoint whose answers aren't kept, and that may do without Elasticsearch."""
    content = {"application/json": {"example": example}}
    said: Responses = {status: _problem(status) for status in sorted({400, 413, 414, 500, *further})}
    return {200: {"model": model, "content": content, "description": _first(model)}, **said}
