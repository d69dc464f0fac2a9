"""Does the index have the fields and the analysis that the field table declares?"""

from collections.abc import Iterator, Mapping
from typing import Any

from elasticsearch import Elasticsearch

from indexer.checks.gate import Gate
from mappings.analysis import similarity
from mappings.index import analysis
from mappings.index_names import Generation
from mappings.track import mapping

_ALLOWED = "the field table's"

_LEFT_OUT = {("keyword", "norms", "false"), ("text", "norms", "true"), ("object", "type", "object")}
"""Type, option and value that Elasticsearch doesn't show, as they are its defaults."""


def gate(client: Elasticsearch, generation: Generation) -> Gate:
    """Return the gate of the mapping."""
    name = generation.index
    response = client.indices.get(index=name, features=["mappings", "settings"])[name]
    wrong = differences(mapping(), response["mappings"])
    wrong += differences(_settings(), response["settings"]["index"])
    fields = len(mapping()["properties"])
    seen = f"{fields} fields as declared" if not wrong else f"other than declared: {', '.join(wrong[:5])}"
    return Gate("mapping", seen, _ALLOWED, not wrong)


def _settings() -> dict[str, Any]:
    return {"analysis": analysis(), "similarity": similarity()}


def differences(declared: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Return the paths where what was found is not what was declared; what Elasticsearch adds elsewhere is its own.

    >>> differences({"properties": {"a": {"type": "long"}}}, {"properties": {"a": {"type": "text"}, "b": {}}})
    ['properties.a.type', 'properties.b']
    """
    expected, seen = dict(_flat(declared)), dict(_flat(found))
    wrong = [path for path, value in expected.items() if seen.get(path) != value]
    fields = set(found.get("properties", {})) - set(declared.get("properties", {}))
    return wrong + [f"properties.{name}" for name in sorted(fields)]


def _flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each leaf as text: Elasticsearch keeps settings as text."""
    for name, value in tree.items():
        if not isinstance(value, Mapping) and (tree.get("type"), name, _text(value)) in _LEFT_OUT:
            continue
        here = f"{path}.{name}" if path else name
        if isinstance(value, Mapping):
            yield from _flat(value, here)
        else:
            yield here, _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple):
        return "\n".join(map(_text, value))
    return str(value)
