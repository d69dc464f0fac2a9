"""Tables in the READMEs that are made from the code: `python -m linernotes.docs` writes them, a test compares them."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from indexer.normalise.track import CONSTANT, DERIVED, EVIDENCE
from indexer.sources import TABLES as SOURCES
from indexer.sources import declaration
from indexer.sources.dataset import DataSource, FieldSpec
from linernotes.cli.main import COMMANDS, load
from mappings.track import FIELDS, FieldInfo

PROJECT = Path(__file__).parents[1]


def fields() -> str:
    """Return the field table as Markdown."""
    lines = ["| field | Elasticsearch | facet | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *map(_line, FIELDS.values())])


def _line(entry: FieldInfo) -> str:
    kind = entry.mapping.get("type", "one text per language")
    meaning = f"{entry.meaning} (search only)" if entry.search_only else entry.meaning
    return f"| `{entry.name}` | {kind} | {entry.facet or ''} | {meaning} |"


def origins() -> str:
    """Return where each field comes from in each data set, as Markdown."""
    lines = [f"| field | {' | '.join(SOURCES)} |", "|---" * (len(SOURCES) + 1) + "|"]
    shown = (name for name, entry in FIELDS.items() if not entry.search_only and name not in EVIDENCE)
    rows = (f"| `{name}` | {' | '.join(_origin(name, table) for table in SOURCES.values())} |" for name in shown)
    return "\n".join([*lines, *rows])


def _origin(name: str, table: DataSource) -> str:
    if name in CONSTANT:
        return "card"
    by_field = {entry.field: entry for entry in table.given}
    parts = [_said(by_field[name])] if name in by_field else []
    if made := DERIVED.get(name):
        own = [by_field[entry] for entry in made.inputs if entry in by_field]
        before = (entry.how for entry in own if entry.field not in FIELDS and entry.how)
        parts += [f"{_columns(own)}: {', '.join([*before, made.how])}"] if own else []
    return "; ".join(parts)


def _said(entry: FieldSpec) -> str:
    return _columns([entry]) + (f": {entry.how}" if entry.how else "")


def _columns(entries: Sequence[FieldSpec]) -> str:
    return ", ".join(dict.fromkeys(f"`{column}`" for entry in entries for column in entry.columns))


def commands() -> str:
    """Return the commands with what they are called with, as Markdown."""
    lines = ["| command | what it does |", "|---|---|"]
    rows = (f"| `linernotes {_usage(name)}` | {entry.help.rstrip('.')} |" for name, entry in COMMANDS.items())
    return "\n".join([*lines, *rows])


def _usage(name: str) -> str:
    command = load(name)
    if subcommands := getattr(command, "commands", None):
        listed = r"\|".join(subcommands)
        return f"{name} [{listed}]" if getattr(command, "invoke_without_command", False) else f"{name} {listed}"
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option" and each.required]
    given = [_argument(each) for each in arguments] + [f"{each.opts[0]} {each.metavar}" for each in options]
    return " ".join([name, *given])


def _argument(argument: Any) -> str:
    text = f"{argument.metavar}..." if argument.nargs == -1 else f"{argument.metavar}"
    return text if argument.required else f"[{text}]"


TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "commands": ("README.md", commands),
    "fields": ("mappings/README.md", fields),
    "origins": ("indexer/sources/README.md", origins),
}
"""Marker to the file that holds it and what makes its content."""


def filled(text: str, marker: str, content: str) -> str:
    r"""Return a text with what stands between a marker's two comments replaced.

    >>> filled("<!-- x -->old<!-- /x -->", "x", "new")
    '<!-- x -->\nnew\n<!-- /x -->'
    """
    pattern = rf"<!-- {marker} -->.*?<!-- /{marker} -->"
    return re.sub(
        pattern, lambda _: f"<!-- {marker} -->\n{content}\n<!-- /{marker} -->", text, count=1, flags=re.DOTALL
    )


def main() -> None:
    """Write all tables, and the schema of declarations."""
    schema = orjson.dumps(declaration.schema(), option=orjson.OPT_INDENT_2)
    (PROJECT / "indexer" / "sources" / declaration.SCHEMA_FILE).write_bytes(schema + b"\n")
    for marker, (name, make) in TABLES.items():
        path = PROJECT / name
        path.write_text(filled(path.read_text(), marker, make()))


if __name__ == "__main__":
    main()
