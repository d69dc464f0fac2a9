r"""Paths into nested data: `artist.name`, `artists[].name`, `artists[0].name`, as columns.

A dot leads to a member, `[]` to all members of a list, `[0]` to the first; `\.` is a dot in a name.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars.datatypes import DataTypeClass

Type = pl.DataType | DataTypeClass
Step = str | int | None
"""The name of a member, the place in a list, or all of a list."""

STRINGS = pl.List(pl.String)

_STEP = re.compile(r"((?:\\.|[^.\[\]\\])+)|\[(\d*)\]|\.")


@dataclass(frozen=True)
class ColumnPath:
    r"""A column of a file, and the steps into it; `text` is how the path is written.

    >>> ColumnPath.parse("artists[].name").steps, ColumnPath.parse("a\\.b").column
    ((None, 'name'), 'a.b')
    """

    text: str
    column: str
    steps: tuple[Step, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "ColumnPath":
        """Return the path that a text says; a text that says none is the name of a column."""
        first, *others = [match.groups() for match in _STEP.finditer(text) if match[0] != "."] or [(text, None)]
        if first[0] is None or "".join(match[0] for match in _STEP.finditer(text)) != text:
            return cls(text, text)
        steps = tuple(_plain(name) if name is not None else int(place) if place else None for name, place in others)
        return cls(text, _plain(first[0]), steps)

    @property
    def many(self) -> bool:
        """Tell whether it leads to all members of a list."""
        return None in self.steps

    def expression(self) -> pl.Expr:
        """Return what takes the values from their column."""
        return _walk(pl.col(self.column), self.steps)

    def end(self, dtype: Type) -> Type | str:
        """Return the type of the values in a column of this type, or what keeps the path from leading anywhere."""
        here, name = dtype, self.column
        for step in self.steps:
            if isinstance(step, str):
                members = {field.name: field.dtype for field in here.fields} if isinstance(here, pl.Struct) else None
                if members is None:
                    return f"{name!r} has no members, so no {step!r}"
                if step not in members:
                    return f"{name!r} has no member {step!r}, but {', '.join(members)}"
                here, name = members[step], f"{name}.{step}"
            elif isinstance(here, pl.List):
                here, name = here.inner, f"{name}[{'' if step is None else step}]"
            else:
                return f"{name!r} is no list"
        return pl.List(here) if self.many else here


def _plain(name: str) -> str:
    return re.sub(r"\\(.)", r"\1", name)


def _walk(value: pl.Expr, steps: Sequence[Step]) -> pl.Expr:
    for place, step in enumerate(steps):
        if step is None:
            rest = steps[place + 1 :]
            return value.list.eval(_walk(pl.element(), rest)) if rest else value
        value = value.struct.field(step) if isinstance(step, str) else value.list.get(step, null_on_oob=True)
    return value


def json_types(paths: Mapping[ColumnPath, Type]) -> dict[str, Type]:
    """Return the types of the keys of JSON objects that hold values of these types at the ends of paths.

    >>> json_types({ColumnPath.parse("artists[].name"): pl.String, ColumnPath.parse("id"): pl.String})
    {'artists': List(Struct({'name': String})), 'id': String}
    """
    columns: dict[str, list[tuple[Sequence[Step], Type]]] = {}
    for path, leaf in paths.items():
        columns.setdefault(path.column, []).append((path.steps, leaf))
    return {name: _json_type(parts) for name, parts in columns.items()}


def _json_type(parts: Sequence[tuple[Sequence[Step], Type]]) -> Type:
    deeper = [(steps, leaf) for steps, leaf in parts if steps]
    if not deeper:
        return parts[0][1]
    if isinstance(deeper[0][0][0], str):
        members: dict[str, list[tuple[Sequence[Step], Type]]] = {}
        for steps, leaf in deeper:
            members.setdefault(str(steps[0]), []).append((steps[1:], leaf))
        return pl.Struct({name: _json_type(inner) for name, inner in members.items()})
    return pl.List(_json_type([(steps[1:], leaf) for steps, leaf in deeper]))
