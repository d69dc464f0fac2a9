"""View of the OpenAPI document: endpoints, parameters, and a command for each.

It reads what FastAPI writes: parameters stand in their operations, and only their schemas may be references.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import orjson

from queries import FACETS

Json = Mapping[str, Any]


@dataclass(frozen=True)
class Parameter:
    """One parameter of an endpoint; `example` is a valid value, if the document has one."""

    name: str
    where: str
    required: bool
    type: str
    meaning: str
    example: Any


@dataclass(frozen=True)
class Endpoint:
    """One endpoint, and a command that requests it."""

    id: str
    method: str
    path: str
    summary: str
    description: str
    own: tuple[Parameter, ...]
    filters: bool
    curl: str


def endpoints(document: Json, host: str) -> Iterator[Endpoint]:
    """Yield the endpoints of an OpenAPI document in its order; `host` is for the commands."""
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            parameters = tuple(_parameters(operation, document))
            own = tuple(each for each in parameters if each.name not in FACETS)
            yield Endpoint(
                id=f"endpoint-{operation['operationId']}",
                method=method.upper(),
                path=path,
                summary=operation.get("summary", ""),
                description=operation.get("description", ""),
                own=own,
                filters=len(own) < len(parameters),
                curl=_curl(method, f"{host}{path}", operation, own),
            )


def filter_parameters(document: Json) -> tuple[Parameter, ...]:
    """Return the filters, which are the same for all endpoints that have them."""
    operations = [path.get("get", {}) for path in document["paths"].values()]
    parameters = {each.name: each for operation in operations for each in _parameters(operation, document)}
    return tuple(parameters[name] for name in FACETS if name in parameters)


def _parameters(operation: Json, document: Json) -> Iterator[Parameter]:
    for each in operation.get("parameters", ()):
        schema = _resolve(each["schema"], document)
        # A path needs some value: any valid one.
        examples = schema.get("examples") or (schema.get("enum") if each["in"] == "path" else None) or [None]
        meaning = each.get("description", "")
        yield Parameter(each["name"], each["in"], each["required"], _type(schema, document), meaning, examples[0])


def _resolve(schema: Json, document: Json) -> Json:
    """Return a schema, or the one that it refers to."""
    if "$ref" not in schema:
        return schema
    resolved: Json = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return resolved


def _type(schema: Json, document: Json) -> str:
    """Return the type of a schema in a few words.

    >>> _type({"type": "array", "items": {"type": "string"}}, {}), _type({"enum": ["a", "b"]}, {})
    ('list of string', 'a | b')
    """
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if schema.get("type") == "array":
        return f"list of {_type(_resolve(schema['items'], document), document)}"
    return str(schema.get("const") or schema.get("type", "any"))


def _curl(method: str, url: str, operation: Json, parameters: tuple[Parameter, ...]) -> str:
    """Return a command for an endpoint, with the document's examples."""
    query = {}
    for each in parameters:
        if each.where == "path":
            url = url.replace(f"{{{each.name}}}", str(each.example))
        elif each.example is not None:
            query[each.name] = each.example
    options = "-X DELETE " if method == "delete" else ""
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        options = "-F catalogue=@catalogue.csv "
    elif example := content.get("application/json", {}).get("example"):
        body = orjson.dumps(example).decode().replace("'", r"'\''")
        options = f"--json '{body}' "
    return f"curl {options}'{url}{'?' if query else ''}{urlencode(query)}'"
