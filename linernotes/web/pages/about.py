"""What this is, what presence proves, how numbers are exact, and what is logged; and how the API is asked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Request, Response

from linernotes.web.pages import labels, rendering
from linernotes.web.services.service import KeptRoute
from queries import FACETS

router = APIRouter()
"""No KeptRoute: the page of the API names the host that it was asked by."""

kept = APIRouter(route_class=KeptRoute)

Json = Mapping[str, Any]

DOCUMENT = "/api/v1/openapi.json"


@dataclass(frozen=True)
class Parameter:
    """One parameter of an endpoint."""

    name: str
    where: str
    required: bool
    type: str
    meaning: str


@dataclass(frozen=True)
class Endpoint:
    """One endpoint, and a command that asks it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    own: tuple[Parameter, ...]
    filters: bool
    curl: str


@kept.get("/about")
async def about(request: Request) -> Response:
    """Show what this is."""
    return rendering.page(request, "about.html.jinja", title="About", matches=labels.MATCHES)


@router.get("/api")
async def api(request: Request) -> Response:
    """Show how the API is asked, as its OpenAPI document has it."""
    document = request.app.openapi()
    listed = tuple(endpoints(document, f"{request.url.scheme}://{request.url.netloc}"))
    shared = {
        each.name: each for path in document["paths"].values() for each in _parameters(path.get("get", {}), document)
    }
    filters = tuple(shared[name] for name in FACETS if name in shared)
    return rendering.page(
        request, "api.html.jinja", title="API", endpoints=listed, filters=filters, document=DOCUMENT,
    )  # fmt: skip


def endpoints(document: Json, host: str) -> Iterator[Endpoint]:
    """Yield the endpoints of an OpenAPI document in its order."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield _endpoint(method, path, operation, document, host)


def _endpoint(method: str, path: str, operation: Json, document: Json, host: str) -> Endpoint:
    parameters = tuple(_parameters(operation, document))
    own = tuple(each for each in parameters if each.name not in FACETS)
    return Endpoint(
        id=f"endpoint-{operation.get('operationId') or method + path.replace('/', '-')}",
        method=method.upper(),
        path=path,
        summary=operation.get("summary", ""),
        description=operation.get("description", ""),
        own=own,
        filters=len(own) < len(parameters),
        curl=_curl(method, path, operation, document, host),
    )


def _resolved(part: Json, document: Json) -> Json:
    """Return what a reference within the document means."""
    found: Any = document
    if "$ref" not in part:
        return part
    for name in str(part["$ref"]).removeprefix("#/").split("/"):
        found = found[name]
    return _resolved(found, document)


def _parameters(operation: Json, document: Json) -> Iterator[Parameter]:
    for each in operation.get("parameters", ()):
        given = _resolved(each, document)
        schema = _resolved(given.get("schema", {}), document)
        yield Parameter(
            given["name"],
            given["in"],
            bool(given.get("required")),
            _type(schema, document),
            given.get("description", ""),
        )


def _type(schema: Json, document: Json) -> str:
    """Return the type of a schema in a few words.

    >>> _type({"anyOf": [{"type": "array", "items": {"type": "string"}}, {"type": "null"}]}, {})
    'list of string'
    """
    for several in ("anyOf", "oneOf", "allOf"):
        if several in schema:
            told = [_type(_resolved(one, document), document) for one in schema[several]]
            return " or ".join(dict.fromkeys(one for one in told if one != "null"))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(_resolved(schema.get('items', {}), document), document)}"
    return str(schema.get("type", "any"))


def _curl(method: str, path: str, operation: Json, document: Json, host: str) -> str:
    """Return a command that asks the endpoint, with the examples that the document has."""
    examples = {}
    for each in operation.get("parameters", ()):
        given = _resolved(each, document)
        example = _example(given, document)
        if example is not None:
            examples[given["in"], given["name"]] = example
    for (where, name), example in examples.items():
        if where == "path":
            path = path.replace(f"{{{name}}}", str(example))
    query = urlencode({name: example for (where, name), example in examples.items() if where == "query"}, doseq=True)
    body = _body(operation)
    verb = f"-X {method.upper()} " if method not in ("get", "post") or (method == "post" and not body) else ""
    return f"curl {verb}{body}'{host}{path}{'?' if query else ''}{query}'"


def _example(given: Json, document: Json) -> Any:
    schema = _resolved(given.get("schema", {}), document)
    for holder in (given, schema):
        if holder.get("example") is not None:
            return holder["example"]
        examples = holder.get("examples")
        if isinstance(examples, list) and examples:
            return examples[0]
        if isinstance(examples, dict) and examples:
            return next(iter(examples.values())).get("value")
    # A path has no place to leave empty: any of what it may be.
    return schema.get("enum", [None])[0] if given.get("in") == "path" else None


def _body(operation: Json) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return "-F file=@catalogue.csv "
    return "--data-binary @catalogue.csv " if content else ""
