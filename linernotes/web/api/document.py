"""The OpenAPI document: what FastAPI knows, less what never happens, plus what every answer may be."""

from typing import Any

import orjson
from fastapi import APIRouter, FastAPI, Request, Response
from fastapi.openapi.utils import get_openapi

from linernotes.web.api import documented

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
    schemas["Problem"] = documented.problem_schema()
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
