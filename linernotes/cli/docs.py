"""What the documentation takes from the code: `python -m linernotes.cli.docs` writes it, a test compares it."""

import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson

from indexer.normalise.track import CONSTANT, DERIVED, EVIDENCE
from indexer.sources import TABLES as SOURCES
from indexer.sources import declaration
from indexer.sources.dataset import DataSource, FieldSpec
from linernotes.cli.main import COMMANDS, EXIT_CODES, load
from linernotes.settings import VARIABLES
from linernotes.web.app import create_app
from linernotes.web.config import Options
from linernotes.web.pages.views import api_docs
from mappings.track import FIELDS, FieldInfo

PROJECT = Path(__file__).parents[2]
HELP_WIDTH = 100
SERVER = "http://127.0.0.1:8000"


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


def helps() -> str:
    """Return the help of each command and subcommand as it prints it, under a heading each, as Markdown."""
    return "\n\n".join(_help(*named) for name in COMMANDS for named in _with_subcommands(name, load(name)))


def _with_subcommands(name: str, command: Any) -> list[tuple[str, Any]]:
    inner = [(f"{name} {each}", subcommand) for each, subcommand in getattr(command, "commands", {}).items()]
    return [*([] if inner and not command.invoke_without_command else [(name, command)]), *inner]


def _help(name: str, command: Any) -> str:
    context = command.context_class(
        command,
        info_name=f"linernotes {name}",
        terminal_width=HELP_WIDTH,
        max_content_width=HELP_WIDTH,
        help_option_names=["-h", "--help"],
    )
    return f"### {name}\n\n```text\n{command.get_help(context).strip()}\n```"


def exit_codes() -> str:
    """Return the exit codes as Markdown."""
    return "\n".join(
        ["| exit code | meaning |", "|---|---|", *(f"| {code} | {said} |" for code, said in EXIT_CODES.items())]
    )


def settings() -> str:
    """Return the environment variables as Markdown: those of all commands, then those that stand for an option."""
    options = {
        parameter.envvar: f"{parameter.help.rstrip('.')}; the option `{parameter.opts[0]}` of `linernotes {name}`"
        for command in COMMANDS
        for name, each in _with_subcommands(command, load(command))
        for parameter in each.params
        if parameter.envvar and parameter.envvar not in VARIABLES
    }
    rows = (f"| `{name}` | {meaning} |" for name, meaning in (VARIABLES | options).items())
    return "\n".join(["| variable | meaning |", "|---|---|", *rows])


def _openapi() -> Mapping[str, Any]:
    def no_searcher() -> Any:
        raise NotImplementedError  # nothing is asked of it: the document is made of the routes

    return create_app(Options(), no_searcher).openapi()


def endpoints() -> str:
    """Return the endpoints of the HTTP API with their parameters and the properties of their answers, as Markdown."""
    document = _openapi()
    return "\n\n".join(_endpoint(each, document) for each in api_docs.endpoints(document, SERVER))


def _endpoint(endpoint: api_docs.Endpoint, document: Mapping[str, Any]) -> str:
    parts = [f"### {endpoint.method} {endpoint.path}", " ".join(f"{endpoint.summary}. {endpoint.description}".split())]
    if endpoint.own:
        parts.append(_parameters("parameter", endpoint.own))
    if endpoint.filters:
        parts.append("And the [filters](#filters).")
    parts.append(f"```sh\n{endpoint.curl}\n```")
    operation = document["paths"][endpoint.path][endpoint.method.lower()]
    properties = [f"`{name}`" for name in _answer(operation, document)]
    parts += [f"Answer: {', '.join(properties)}."] if properties else []
    return "\n\n".join(parts)


def _parameters(head: str, parameters: Sequence[api_docs.Parameter]) -> str:
    rows = (
        f"| `{each.name}` | {_cell(each.type)}{', required' if each.required else ''} | {_cell(each.meaning)} |"
        for each in parameters
    )
    return "\n".join([f"| {head} | type | meaning |", "|---|---|---|", *rows])


def _cell(text: str) -> str:
    return " ".join(text.replace("|", r"\|").split())


def _answer(operation: Mapping[str, Any], document: Mapping[str, Any]) -> list[str]:
    """Return the properties of what an operation answers, if that is a JSON object."""
    good: Mapping[str, Any] = next(
        (answer for status, answer in operation["responses"].items() if status.startswith("2")), {}
    )
    schema = good.get("content", {}).get("application/json", {}).get("schema", {})
    resolved = document["components"]["schemas"].get(schema.get("$ref", "").rpartition("/")[2], schema)
    return list(resolved.get("properties", ()))


def api_filters() -> str:
    """Return the filters of the HTTP API as Markdown."""
    return _parameters("filter", api_docs.filter_parameters(_openapi()))


TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {
    "commands": ("docs/reference/command-line.md", commands),
    "exit-codes": ("docs/reference/exit-codes.md", exit_codes),
    "helps": ("docs/reference/command-line.md", helps),
    "settings": ("docs/reference/settings.md", settings),
    "endpoints": ("docs/reference/http-api.md", endpoints),
    "api-filters": ("docs/reference/http-api.md", api_filters),
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
