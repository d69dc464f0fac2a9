"""How an answer is sent: as `as_json` makes it, by orjson, and nothing looks at it twice."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from linernotes.web.api.schemas import Problem


def answer(content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return an answer as JSON."""
    return Response(orjson.dumps(content), media_type="application/json", headers=dict(headers or {}))


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


ADDRESS = "/api/v1/openapi.json"

DESCRIPTION = """Search the tracks that are known to be in public data sets on which models for music are trained.

All answers are read-only, and the same as those of the command line with `--json`. A page of hits or values has the
cursor of the next one in `next`. Answers carry an ETag that holds until something else is loaded. A parameter that is
not known is refused, since a filter that is misspelt would find everything.

That a track is in a data set does not prove that a model was trained on it."""

TAGS = [
    {"name": "search", "description": "Tracks by text and filters, and the values of facets."},
    {"name": "people", "description": "Artists: who may be meant, and what of them is in which data set."},
    {"name": "numbers", "description": "What data sets share, and what is in them."},
    {"name": "data sets", "description": "Cards: origin, licence, acknowledged use with its sources."},
    {"name": "catalogue check", "description": "A verdict for each row of a catalogue."},
    {"name": "export", "description": "Whole results."},
    {"name": "state", "description": "For whoever watches over the server."},
]

LICENCE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}

NEVER = ("HTTPValidationError", "ValidationError")
"""FastAPI's own form of a refusal, which is told as a problem here."""

router = APIRouter(include_in_schema=False)


def of(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application's routes."""
    made = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        license_info=LICENCE,
    )
    for operations in made["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            first, _, operation["description"] = operation["description"].partition("\n\n")
            operation["summary"] = first.rstrip(".")
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _never_null(parameter["schema"])
    schemas = made["components"]["schemas"]
    for name in NEVER:
        schemas.pop(name, None)
    schemas["Problem"] = problem_schema()
    return made


def _never_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema without null, which no address can say: it is left out instead.

    >>> _never_null({"anyOf": [{"type": "string"}, {"type": "null"}], "title": "After"})
    {'title': 'After', 'type': 'string'}
    """
    kinds: list[dict[str, Any]] = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {name: said for name, said in schema.items() if name != "anyOf"} | kinds[0]


@router.get(ADDRESS)
async def document(request: Request) -> Response:
    """Return the document."""
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = orjson.dumps(request.app.openapi())
    return Response(state.document, media_type="application/json", headers={"cache-control": "no-cache"})
