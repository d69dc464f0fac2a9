"""The commands: their names, one-line help, and where they are; a command's module is imported when it is invoked.

The one-line help stands here, too, so that `linernotes --help` imports none of them; a test holds it equal to theirs.
"""

import contextvars
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError

if TYPE_CHECKING:
    from typer._click import Command, Context
    from typer._click.formatting import HelpFormatter


@dataclass(frozen=True)
class Entry:
    """A command: its module here, its one-line help, and the name of its function or group in it, if another."""

    module: str
    help: str
    attribute: str = ""


PANELS: Mapping[str, Mapping[str, Entry]] = {
    "First": {"demo": Entry("demo", "Start Elasticsearch, load sample data, and show searches.")},
    "Ask": {
        "search": Entry("ask", "Search tracks by artist, title and album, with facets."),
        "facet": Entry("ask", "List all values of one facet with exact counts."),
        "suggest": Entry("ask", "Complete the beginning of an artist's name or a title."),
        "artist": Entry("ask", "Show which tracks of an artist are in which data set."),
        "overlap": Entry("ask", "Count the recordings that data sets share."),
        "stats": Entry("ask", "Show shares by genre, licence and more, and what stands out."),
        "datasets": Entry("datasets", "Show data sets and what is loaded; add others by declaration.", "app"),
        "export": Entry("export", "Export all tracks of a search to a file."),
        "check": Entry("check", "Check a catalogue: which of its songs are in a data set?"),
        "verify": Entry("check", "Check again whether a report still holds."),
    },
    "Load": {
        "load": Entry("load", "Load a data set; no record is lost silently."),
        "update": Entry("load", "Update a data set to a new release."),
        "reindex": Entry("load", "Rebuild a data set's index without its source files."),
        "generations": Entry("generations", "List the loaded generations, and what is wrong with them."),
        "rollback": Entry("generations", "Go back to the previous generation at once."),
        "prune": Entry("generations", "Delete old and failed generations."),
        "rejected": Entry("rejected", "List, show, export and replay rejected records.", "app"),
        "watch": Entry("load", "Watch artists: which gained or lost tracks in an update?"),
        "history": Entry("generations", "Show what was done: loads, checks, rollbacks, overrides."),
    },
    "Operate": {
        "node": Entry("node", "Start, stop and look after the local Elasticsearch.", "app"),
        "doctor": Entry("doctor", "Diagnose Elasticsearch and the data, with remedies."),
        "serve": Entry("operate", "Serve the web site and the HTTP API."),
        "keys": Entry("keys", "Create, list and revoke API keys.", "app"),
        "kibana": Entry("kibana", "Check Kibana's dashboards, and import them.", "app"),
        "bench": Entry("operate", "Measure how long searches take."),
    },
}
"""The commands, by what they are for, in the order of the help."""

COMMANDS: Mapping[str, Entry] = {name: entry for panel in PANELS.values() for name, entry in panel.items()}
"""Name to command."""


def load(name: str) -> "Command":
    """Import a command's module, and return the command, or the group of its subcommands."""
    entry = COMMANDS[name]
    loaded = getattr(import_module(f"{__package__}.{entry.module}"), entry.attribute or name)
    parent = typer.Typer(rich_markup_mode=None, add_completion=False)
    if isinstance(loaded, typer.Typer):
        parent.add_typer(loaded, name=name)
    else:
        parent.command(name)(loaded)
    command = get_group(parent).commands[name]
    for each in (command, *getattr(command, "commands", {}).values()):
        for parameter in each.params:
            if parameter.param_type_name == "argument":
                parameter.display_type_rich = lambda ctx: None  # noqa: ARG005 - not "TEXT <list[str]>" in the help
    return command


class LazyGroup(TyperGroup):
    """A group that knows names and one-line help of its commands, and loads the one that is invoked."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_markup_mode=None))

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002 - as Typer calls it
        """Write the commands, a section for each panel."""
        limit = formatter.width - 6 - max(map(len, self.commands))
        for panel, entries in PANELS.items():
            with formatter.section(panel):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(limit)) for name in entries])

    def invoke(self, ctx: "Context") -> Any:
        """Run the command; Ctrl-C raises Abort, where Typer would end without a word."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise typer.Abort from error

    def resolve_command(self, ctx: "Context", args: list[str]) -> tuple[str | None, "Command | None", list[str]]:
        """Return the command that the arguments name, loaded, and the arguments that are left to it."""
        name, known, rest = super().resolve_command(ctx, args)
        return name, load(name) if name and known else known, rest


EXIT_CODES = {
    0: "done",
    1: "the user's input is wrong",
    2: "usage: the command line can't be understood",
    3: "Elasticsearch can't be reached",
    4: "done, but records were rejected",
    5: "a check failed and nothing was changed",
    70: "something unexpected: a mistake of this program",
    130: "interrupted",
}

INTERRUPTED = 130

USAGE = 2


class UnexpectedError(LinernotesError):
    """An error that no part of this program expected."""


CODES: dict[type[LinernotesError], int] = {InputError: 1, UnreachableError: 3, CheckFailedError: 5, UnexpectedError: 70}

app = typer.Typer(
    cls=LazyGroup,
    help="Is your music in the data sets behind AI? Search public data sets of music.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(is_given: bool) -> None:
    if is_given:
        from importlib.metadata import version

        typer.echo(f"linernotes {version('linernotes')}")
        raise typer.Exit


Version = Annotated[
    bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
]


@app.callback()
def root(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Version = False,  # noqa: ARG001 - its callback prints it
) -> None:
    """Is your music in the data sets behind AI? Search public data sets of music."""
    _State.debug = debug


class _State:
    debug = False


def main() -> None:
    """Run the command line; the process ends with an exit code of the contract."""
    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        _exit_at_once(code)
    sys.exit(code)


def _exit_at_once(code: int) -> NoReturn:
    """End the process at once: threads may still wait for answers, which Python would wait for, too."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code; what it learns, such as the declared data sets, ends with it."""
    return contextvars.Context().run(_run, arguments)


def _run(arguments: list[str]) -> int:
    _State.debug = False
    try:
        code = app(arguments, standalone_mode=False, prog_name="linernotes")
    except typer.Exit as end:
        return end.exit_code
    except (KeyboardInterrupt, typer.Abort):
        _say("Interrupted.")
        return INTERRUPTED
    except typer.TyperException as error:
        _say(_usage(error))
        return USAGE
    except Exception as error:
        return _report(error)
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> str:
    """Return what is wrong with the command line; without any argument that is the help text."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return error.format_message()
    command = getattr(getattr(error, "ctx", None), "command_path", "linernotes")
    message = error.format_message().replace("Value error, ", "").rstrip(".")  # as the library for types calls it
    return f"{message}. See: {command} --help"


def _report(error: Exception) -> int:
    """Print an error as one sentence and return its exit code."""
    if _State.debug:
        from rich.console import Console

        Console(stderr=True).print_exception()
    problem = error if isinstance(error, LinernotesError) else _problem(error)
    _say(str(problem))
    return next((code for kind, code in CODES.items() if isinstance(problem, kind)), 1)


def _problem(error: Exception) -> LinernotesError:
    """Return the error to print for one that nobody translated."""
    # Here and not above: the client library takes longest to import, and `--help` needs none of it.
    from elastic_transport import TransportError
    from elasticsearch import ApiError

    if isinstance(error, TransportError):
        return UnreachableError(f"Elasticsearch can't be reached ({error.message}).", "See: linernotes doctor")
    if isinstance(error, ApiError) and error.status_code in (401, 403):
        return UnreachableError(
            f"Elasticsearch rejected the credentials ({error.status_code}).",
            "Check LINERNOTES_API_KEY, or LINERNOTES_USERNAME and LINERNOTES_PASSWORD.",
        )
    return UnexpectedError(
        f"Something unexpected happened ({type(error).__name__}: {error}).", "Run it again with --debug."
    )


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
