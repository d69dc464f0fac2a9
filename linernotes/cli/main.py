"""The commands: their names, one-line help, and where they are; a command's module is imported when it is invoked.

The one-line help stands here, too, so that `linernotes --help` imports none of them; a test holds it equal to theirs.
"""

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
    """A command: its module here, the name of its function or group of subcommands in it, and its one-line help."""

    module: str
    attribute: str
    help: str


COMMANDS: Mapping[str, Entry] = {
    "demo": Entry(
        "demo",
        "demo",
        "Start a local Elasticsearch, load sample rows of all four data sets, and show a few faceted searches.",
    ),
    "node": Entry("node", "app", "Start, stop and look after the local Elasticsearch."),
    "keys": Entry("keys", "app", "Make, list and revoke API keys of the roles reader, loader, operator."),
    "datasets": Entry(
        "datasets",
        "datasets",
        "Show the cards: origin, licence, acknowledged use with sources, and what is loaded here.",
    ),
    "load": Entry(
        "load",
        "load",
        "Load a data set: every record ends up in the index, or in the list of rejected ones.",
    ),
    "update": Entry("update", "update", "Bring a data set to the state of a new release."),
    "reindex": Entry(
        "update",
        "reindex",
        "Rebuild a data set under the present fields and analysis, from Elasticsearch alone.",
    ),
    "watch": Entry(
        "update",
        "watch",
        "Artists to keep an eye on: after an update, which of them gained or lost tracks.",
    ),
    "generations": Entry(
        "generations",
        "generations",
        "Show all generations: state, documents, size, revision, and whether anything is wrong.",
    ),
    "rollback": Entry("generations", "rollback", "Go back to the generation before, at once."),
    "prune": Entry("generations", "prune", "Delete old generations, and what failed."),
    "history": Entry(
        "generations",
        "history",
        "Show what happened, the latest first: loads, gates, swaps, rollbacks, what was forced and why.",
    ),
    "bench": Entry(
        "bench",
        "bench",
        "Measure how long searches take on what is loaded, asked one after the other as people ask them.",
    ),
    "serve": Entry(
        "serve",
        "serve",
        "Serve the HTTP API and the page until a signal ends it; the log goes to standard error, a JSON object a line.",
    ),
    "rejected": Entry("rejected", "app", "See, take elsewhere or send once more the records that were rejected."),
    "search": Entry(
        "search",
        "search",
        "Find tracks by artist, title and album, and count them by data set, genre, licence, language and year.",
    ),
    "facet": Entry("facet", "facet", "List all values of one facet with their exact counts, page by page."),
    "suggest": Entry(
        "suggest",
        "suggest",
        "Suggest artists and titles that begin so, whatever case, accents and script, with their exact "
        "numbers of tracks.",
    ),
    "artist": Entry(
        "artist",
        "artist",
        "Show who may be meant by a name and, if one is, what of them is in which data set.",
    ),
    "overlap": Entry(
        "overlap",
        "overlap",
        "Count tracks against distinct recordings, in each data set and between them, also by YouTube video.",
    ),
    "stats": Entry(
        "stats",
        "stats",
        "Show shares by genre, licence, commercial use, language and decade, and what is over-represented.",
    ),
    "export": Entry("export", "export", "Write all tracks of a search into a file, however many."),
    "check": Entry(
        "check",
        "check",
        "Say for each row of a catalogue whether it is in a data set: found, likely, not found, unreadable.",
    ),
    "verify": Entry("check", "verify", "Ask what a report asked once more, and say what changed since."),
    "doctor": Entry(
        "doctor",
        "doctor",
        "Check everything: reachability, version, licence, disks, heap, blocks, shards, clock, aliases, "
        "mappings, ledger.",
    ),
    "kibana": Entry("kibana", "app", "What Kibana shows of the data: check it, and bring it in."),
}
"""Name to command."""

PANELS: Mapping[str, tuple[str, ...]] = {
    "First": ("demo",),
    "Ask": ("search", "facet", "suggest", "artist", "overlap", "stats", "datasets", "export", "check", "verify"),
    "Load": ("load", "update", "reindex", "generations", "rollback", "prune", "rejected", "watch", "history"),
    "Operate": ("node", "doctor", "serve", "keys", "kibana", "bench"),
}
"""The commands in the order of the help, by what they are for."""


def load(name: str) -> "Command":
    """Import a command's module, and return the command, or the group of its subcommands."""
    entry = COMMANDS[name]
    found = getattr(import_module(f"{__package__}.{entry.module}"), entry.attribute)
    whole = typer.Typer(rich_markup_mode=None, add_completion=False)
    if isinstance(found, typer.Typer):
        whole.add_typer(found, name=name)
    else:
        whole.command(name)(found)
    return get_group(whole).commands[name]


class LazyGroup(TyperGroup):
    """A group that knows names and one-line help of its commands, and loads the one that is invoked."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        for name, entry in COMMANDS.items():
            self.add_command(TyperCommand(name, help=entry.help, rich_markup_mode=None))

    def format_commands(self, ctx: "Context", formatter: "HelpFormatter") -> None:  # noqa: ARG002 - as Typer calls it
        """Write the commands, a section for each panel."""
        limit = formatter.width - 6 - max(map(len, self.commands))
        for panel, names in PANELS.items():
            with formatter.section(panel):
                formatter.write_dl([(name, self.commands[name].get_short_help_str(limit)) for name in names])

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
    help="Whose music trained that AI? Search the public music training sets.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
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
    """Whose music trained that AI? Search the public music training sets."""
    _State.debug = debug


class _State:
    debug = False


def main() -> None:
    """Run the command line; the process ends with an exit code of the contract."""
    code = run(sys.argv[1:])
    if code == INTERRUPTED:
        _leave(code)
    sys.exit(code)


def _leave(code: int) -> NoReturn:
    """End the process at once: threads may still wait for answers, which Python would wait for, too."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run one command and return its exit code."""
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
        return _told(error)
    return code if isinstance(code, int) else 0


def _usage(error: typer.TyperException) -> str:
    """Return what is wrong with the command line; without any argument that is the help text."""
    if type(error).__name__ == "NoArgsIsHelpError":
        return error.format_message()
    command = getattr(getattr(error, "ctx", None), "command_path", "linernotes")
    return f"{error.format_message().rstrip('.')}. See: {command} --help"


def _told(error: Exception) -> int:
    """Tell an error in one sentence and return its exit code."""
    if _State.debug:
        from rich.console import Console

        Console(stderr=True).print_exception()
    problem = error if isinstance(error, LinernotesError) else _problem(error)
    _say(str(problem))
    return next((code for kind, code in CODES.items() if isinstance(problem, kind)), 1)


def _problem(error: Exception) -> LinernotesError:
    """Return what to tell of an error that nobody translated."""
    # Here and not above: the client library takes longest to import, and `--help` needs none of it.
    from elastic_transport import TransportError
    from elasticsearch import ApiError

    if isinstance(error, TransportError):
        return UnreachableError(f"Elasticsearch can't be reached ({error.message}).", "Try: linernotes node status")
    if isinstance(error, ApiError) and error.status_code in (401, 403):
        return UnreachableError(
            f"Elasticsearch refused the credentials ({error.status_code}).",
            "Check LINERNOTES_API_KEY, or LINERNOTES_USERNAME and LINERNOTES_PASSWORD.",
        )
    return UnexpectedError(
        f"Something unexpected happened ({type(error).__name__}: {error}).", "Run it again with --debug."
    )


def _say(sentence: str) -> None:
    typer.echo(sentence, err=True)
