"""The commands: their names, one-line help, and where they are; a command's module is imported when it is invoked.

The one-line help stands here, too, so that `linernotes --help` imports none of them; a test holds it equal to theirs.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_group

if TYPE_CHECKING:
    from typer._click import Command, Context


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
"""Name to command, in the order of the help."""


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
