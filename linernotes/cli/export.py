"""`linernotes export`: all tracks of a search, as a file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

import queries
from linernotes import settings
from linernotes.arguments import Filters
from linernotes.cli import filters, search
from linernotes.cli.context import print_json, stopping
from linernotes.elastic import connect
from linernotes.export import target
from linernotes.export.run import Exported
from linernotes.export.run import run as write
from linernotes.export.target import Place
from linernotes.output import terminal
from linernotes.output.export import progress, show_count, show_end
from mappings.errors import InputError
from queries import Searcher, SearchRequest
from queries.export import open_scan

INTERRUPTED = 130

Out = Annotated[
    Path,
    typer.Option(metavar="FILE", help=f"File to write: {', '.join(target.known())}; - is standard output, as NDJSON."),
]
Overwrite = Annotated[bool, typer.Option("--overwrite", help="Replace the file if there is one.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")]


@filters.taken
def export(
    out: Out, filters: Filters, text: search.Words = None, overwrite: Overwrite = False, json: AsJson = False
) -> None:
    """Write all tracks of a search into a file, however many.

    Text and filters mean what they mean in search; rows come in no particular order. All of them are of one moment,
    whatever is loaded meanwhile. The file appears when it is whole, or not at all. A CSV is safe to open in a
    spreadsheet: text that would be a formula there gets an apostrophe.
    """
    request = queries.request(" ".join(text or ()), filters_by_facet=filters)
    place = target.of(out, overwrite=overwrite)
    if place.is_stdout and json:
        raise InputError("Rows and summary can't both go to standard output.", "Leave out --json, or name a file.")
    try:
        exported = run(request, place)
    except KeyboardInterrupt as end:
        if not place.is_stdout:
            Console(stderr=True).print("Interrupted: nothing was written.")
        raise typer.Exit(INTERRUPTED) from end
    if json:
        print_json(exported.as_json())
    elif not place.is_stdout:
        show_end(exported, terminal.console())


def run(request: SearchRequest, place: Place) -> Exported:
    """Export from the Elasticsearch of the settings, with progress on standard error."""
    found, console = settings.from_environment(), Console(stderr=True)
    with (
        stopping() as stop,
        target.opened(place) as stream,
        connect(found) as client,
        open_scan(Searcher(client, found.prefix), request, stop) as tracks,
    ):
        show_count(tracks, console)
        with progress(console) as look:
            return write(tracks, place, stream, stop, look)
