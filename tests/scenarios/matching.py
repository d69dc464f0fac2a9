"""Whether an answer is as a scenario says: a mapping's keys and a list's beginning have to agree, all else may be."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml


@dataclass(frozen=True)
class Matcher:
    """What a tag such as `!at_least 3` says: its name, and its value."""

    name: str
    value: Any


_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "at_least": lambda wanted, found: isinstance(found, int | float) and found >= wanted,
    "contains": lambda wanted, found: isinstance(found, str) and wanted in found,
    "absent": lambda _, found: found is None or found == [],
    "given": lambda _, found: found is not None and found != [],
    "has": lambda wanted, found: isinstance(found, list) and all(any(agrees(w, f) for f in found) for w in wanted),
    "lacks": lambda wanted, found: isinstance(found, list) and not any(agrees(w, f) for w in wanted for f in found),
    "exactly": lambda wanted, found: isinstance(found, list) and len(wanted) == len(found) and agrees(wanted, found),
}
"""Tag to whether what was found is as its value says; the README says it in words."""

MISSING = object()


def differences(wanted: Any, found: Any, where: str = "answer") -> Iterator[str]:
    """Yield in words where an answer is not as it should be."""
    if isinstance(wanted, Matcher):
        if not _TESTS[wanted.name](wanted.value, None if found is MISSING else found):
            yield f"{where}: {_shown(found)} is not !{wanted.name} {wanted.value!r}"
    elif isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from differences(value, found.get(key, MISSING), f"{where}.{key}")
    elif isinstance(wanted, list) and isinstance(found, list):
        if len(found) < len(wanted):
            yield f"{where}: {len(found)} instead of {len(wanted)} or more: {_shown(found)}"
        for number, (one, other) in enumerate(zip(wanted, found, strict=False)):
            yield from differences(one, other, f"{where}[{number}]")
    elif type(wanted) is not type(found) or wanted != found:
        yield f"{where}: {_shown(found)} instead of {wanted!r}"


def _shown(found: Any) -> str:
    return "nothing" if found is MISSING else repr(found)[:500]


def agrees(wanted: Any, found: Any) -> bool:
    """Say whether there is no difference."""
    return not any(differences(wanted, found))


class Loader(yaml.SafeLoader):
    """Reads the tags, and refuses a key that stands there twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if repeated := {key for key in keys if keys.count(key) > 1}:
            raise yaml.constructor.ConstructorError(None, None, f"twice: {repeated}", node.start_mark)
        return super().construct_mapping(node, deep=deep)


def _tagged(loader: yaml.Loader, tag: str, node: yaml.Node) -> Matcher:
    if tag not in _TESTS:
        raise yaml.constructor.ConstructorError(None, None, f"there is no tag !{tag}", node.start_mark)
    if isinstance(node, yaml.SequenceNode):
        return Matcher(tag, loader.construct_sequence(node, deep=True))
    # A number is to be one behind a tag too.
    value = loader.construct_scalar(node)  # type: ignore[arg-type]
    return Matcher(tag, int(value) if tag == "at_least" else value)


Loader.add_multi_constructor("!", _tagged)
