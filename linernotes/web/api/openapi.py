"""The OpenAPI document: what each endpoint may answer, with examples; and how JSON is sent."""

from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from linernotes.web.api.schemas import Problem
from linernotes.web.errors import MEDIA_TYPE
from linernotes.web.services.app_state import AppState
from linernotes.web.services.response_cache import NO_CACHE

PREFIX = "/api/v1"


def json_response(content: Mapping[str, Any], headers: Mapping[str, str] | None = None) -> Response:
    """Return content as JSON, which nothing validates again."""
    return Response(orjson.dumps(content), media_type="application/json", headers=dict(headers or {}))


def page_response(request: Request, state: AppState, content: Mapping[str, Any]) -> Response:
    """Return a page as JSON, with the address of the next one in `Link` where there is one (RFC 8288)."""
    if content["next"] is None:
        return json_response(content)
    query = [(name, value) for name, value in request.query_params.multi_items() if name != "after"]
    address = f"{request.url.path}?{urlencode([*query, ('after', content['next'])], errors='replace')}"
    return json_response(content, {"link": f'<{state.options.link(address)}>; rel="next"'})


PROBLEM_SCHEMA = {"$ref": "#/components/schemas/Problem"}

STATUS_HELP: Mapping[int, str] = {
    400: "A parameter or the body is invalid; `detail` says which, often with the nearest valid name.",
    403: "The request came from a page of another site.",
    404: "Not found.",
    405: "Method not allowed; `Allow` lists the methods.",
    408: "The body came too slowly.",
    409: "Not available yet, or no longer.",
    413: "The body is too large.",
    414: "The address is too long.",
    415: "The type of the body is not accepted.",
    429: "Too many requests from one client; `Retry-After` has the seconds to wait.",
    500: "An error on our side; `detail` has the id of the request in the log.",
    503: "Elasticsearch doesn't respond, or the server is busy; `Retry-After` has the seconds to wait.",
}
EVERYWHERE = (400, 413, 414, 429, 500, 503)
"""Errors that any endpoint may return."""

HEADERS = {
    "ETag": {"description": "Valid until the data changes.", "schema": {"type": "string"}},
    "Cache-Status": {"description": "Present if the response was cached (RFC 9211).", "schema": {"type": "string"}},
}
PAGE_HEADERS = {
    **HEADERS,
    "Link": {"description": "Address of the next page, with rel=next (RFC 8288).", "schema": {"type": "string"}},
}

Responses = dict[int | str, dict[str, Any]]


def answers(model: type[BaseModel], example: str, *further: int) -> Responses:
    """Return the responses of a cached route: 200 in the shape of a model, the errors of all, and further ones.

    `example` is one of the names in `examples.json`.
    """
    content = {"application/json": {"example": examples()[example]["answer"]}}
    same: Responses = {304: {"description": "The response that `If-None-Match` names is still valid."}}
    headers = PAGE_HEADERS if "next" in model.model_fields else HEADERS
    good = {"model": model, "content": content, "description": _first(model), "headers": headers}
    return {200: good, **same, **problems(*further)}


def problems(*further: int) -> Responses:
    """Return the errors that every endpoint may return, and further ones."""
    return {status: _problem(status) for status in sorted({*EVERYWHERE, *further})}


def _problem(status: int) -> dict[str, Any]:
    headers = {"Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}}}
    waits = {"headers": headers} if status in (429, 503) else {}
    return {"description": STATUS_HELP[status], "content": {MEDIA_TYPE: {"schema": PROBLEM_SCHEMA}}, **waits}


def _first(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").split("\n")[0]


@cache
def examples() -> dict[str, Any]:
    """Return the examples: by name an address below `PREFIX`, and its answer."""
    content: dict[str, Any] = orjson.loads(resources.files(__package__).joinpath("examples.json").read_bytes())
    return content


def problem_schema() -> dict[str, Any]:
    """Return the schema of a problem, which no endpoint names as its model."""
    return Problem.model_json_schema()


def uncached_answers(model: type[BaseModel], example: Mapping[str, Any], *further: int) -> Responses:
    """Return the responses of an uncached endpoint, which may do without Elasticsearch."""
    content = {"application/json": {"example": example}}
    errors: Responses = {status: _problem(status) for status in sorted({400, 413, 414, 500, *further})}
    return {200: {"model": model, "content": content, "description": _first(model)}, **errors}


DOCUMENT_PATH = f"{PREFIX}/openapi.json"

DESCRIPTION = """Is your music in the data sets behind AI? Search the tracks of public data sets of music.

The API is read-only, and its answers are those of the command line with `--json`. A page of hits or values has the
cursor of the next one in `next`, and its address in the header `Link`. Responses carry an ETag that is valid until the
data changes. Unknown parameters are refused, since a misspelt filter would find everything. Later versions may add
properties to answers: ignore those that you don't know.

Scripts of any site may read it (CORS). `RateLimit-Policy` and `RateLimit` tell how many requests one client may send,
and how many are left. Errors are problems (RFC 9457) whose `type` is one of those at `/problems`. Beside it,
`/api/v1/reconcile` speaks the reconciliation API of OpenRefine.

That a track is in a data set does not prove that a model was trained on it."""

TAGS = [
    {"name": "search", "description": "Tracks by text and filters, and the values of facets."},
    {"name": "artists", "description": "Artists by name, and which data sets have their tracks."},
    {"name": "statistics", "description": "What the data sets contain, and what they share."},
    {"name": "data sets", "description": "Cards: origin, licence, acknowledged use with its sources."},
    {"name": "catalogue check", "description": "A verdict for each row of a catalogue."},
    {"name": "export", "description": "Complete results as files."},
    {"name": "health", "description": "For monitoring."},
]

LICENCE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}

UNUSED_SCHEMAS = ("HTTPValidationError", "ValidationError")
"""FastAPI's own format of errors."""

BODY_SCHEMAS = frozenset({"MatchQuery", "MatchRow"})
"""Schemas of what clients send."""

router = APIRouter(include_in_schema=False)


def build_document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of an application."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=DESCRIPTION,
        routes=app.routes,
        tags=TAGS,
        license_info=LICENCE,
    )
    for operations in document["paths"].values():
        for operation in operations.values():
            operation["responses"].pop("422", None)
            first, _, operation["description"] = operation["description"].partition("\n\n")
            operation["summary"] = first.rstrip(".")
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _without_null(parameter["schema"])
    schemas = document["components"]["schemas"]
    for name in UNUSED_SCHEMAS:
        schemas.pop(name, None)
    problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas |= problem.pop("$defs") | {"Problem": problem}
    for name in schemas.keys() - BODY_SCHEMAS:
        # Answers may grow: only what is sent to us has no further properties.
        schemas[name].pop("additionalProperties", None)
    return document


def _without_null(schema: dict[str, Any]) -> dict[str, Any]:
    """Return a parameter's schema without null: a parameter is left out instead.

    >>> _without_null({"anyOf": [{"type": "string"}, {"type": "null"}], "title": "After"})
    {'title': 'After', 'type': 'string'}
    """
    kinds: list[dict[str, Any]] = [kind for kind in schema.get("anyOf", ()) if kind != {"type": "null"}]
    if len(kinds) != 1:
        return schema
    return {name: value for name, value in schema.items() if name != "anyOf"} | kinds[0]


@router.get(DOCUMENT_PATH)
async def openapi_document(request: Request) -> Response:
    """Return the document."""
    state = request.app.state
    if not hasattr(state, "document"):
        state.document = orjson.dumps(request.app.openapi())
    return Response(state.document, media_type="application/json", headers=NO_CACHE)
