"""View of the OpenAPI document: endpoints, parameters, and a command for each."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from queries import FACETS

Json = Mapping[str, Any]


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
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict) and "responses" in operation:
                yield _endpoint(method, path, operation, document, host)


def filter_parameters(document: Json) -> tuple[Parameter, ...]:
    """Return the filters, which are the same for all endpoints that have them."""
    operations = [path.get("get", {}) for path in document["paths"].values()]
    parameters = {each.name: each for operation in operations for each in _parameters(operation, document)}
    return tuple(parameters[name] for name in FACETS if name in parameters)


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
    """Return what a reference within the document stands for."""
    target: Any = document
    if "$ref" not in part:
        return part
    for name in str(part["$ref"]).removeprefix("#/").split("/"):
        target = target[name]
    return _resolved(target, document)


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
            types = [_type(_resolved(one, document), document) for one in schema[several]]
            return " or ".join(dict.fromkeys(one for one in types if one != "null"))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    if schema.get("type") == "array":
        return f"list of {_type(_resolved(schema.get('items', {}), document), document)}"
    return str(schema.get("type", "any"))


def _curl(method: str, path: str, operation: Json, document: Json, host: str) -> str:
    """Return a command for an endpoint, with the document's examples."""
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
    # A path needs some value: any valid one.
    return schema.get("enum", [None])[0] if given.get("in") == "path" else None


def _body(operation: Json) -> str:
    content = operation.get("requestBody", {}).get("content", {})
    if "multipart/form-data" in content:
        return "-F catalogue=@catalogue.csv "
    return "--data-binary @catalogue.csv " if content else ""
