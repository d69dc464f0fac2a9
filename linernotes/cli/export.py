"""`linernotes export`: all tracks of a search, as a file."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

import queries
from linernotes import settings
from linernotes.arguments import Filters
from linernotes.cli import common
from linernotes.cli.common import AsJson, Overwrite, print_json, stopping, takes_filters
from linernotes.elastic import connect
from linernotes.export.run import Exported, Meter
from linernotes.export.run import run as write
from linernotes.export.writers import WRITERS
from linernotes.output import terminal
from linernotes.output.files import OutputFile, open_output, output_file
from linernotes.output.progress import progress
from linernotes.output.search import FUZZY, TRUNCATED
from linernotes.output.tables import counted
from linernotes.output.terminal import show, visible
from mappings.errors import InputError
from queries import Searcher, SearchRequest, Stage
from queries.export import open_scan

INTERRUPTED = 130

Out = Annotated[
    Path,
    typer.Option(metavar="FILE", help=f"File to write: {', '.join(WRITERS)}; - is standard output, as NDJSON."),
]


@takes_filters
def export(
    out: Out, filters: Filters, text: common.Text = None, overwrite: Overwrite = False, json: AsJson = False
) -> None:
    """Export all tracks of a search to a file.

    Text and filters are written as in search; rows are in no particular order. All are from one moment, whatever is
    loaded meanwhile. The file appears when it is complete, or not at all. A CSV is safe to open in a spreadsheet: text
    that would be a formula gets an apostrophe.
    """
    request = queries.request(" ".join(text or ()), filters_by_facet=filters)
    file = output_file(out, list(WRITERS), overwrite=overwrite)
    if file.is_stdout and json:
        raise InputError("Rows and summary can't both go to standard output.", "Leave out --json, or name a file.")
    try:
        exported = _run(request, file)
    except KeyboardInterrupt as end:
        if not file.is_stdout:
            typer.echo("Interrupted: nothing was written.", err=True)
        raise typer.Exit(INTERRUPTED) from end
    if json:
        print_json(exported.as_json())
    elif not file.is_stdout:
        _show(exported)


def _run(request: SearchRequest, file: OutputFile) -> Exported:
    """Export from the Elasticsearch of the settings, with progress on standard error."""
    config, console = settings.from_environment(), terminal.console(stderr=True)
    with (
        stopping() as stop,
        open_output(file) as stream,
        connect(config) as client,
        open_scan(Searcher(client, config.prefix), request, stop) as scan,
        progress(console, "rows") as step,
    ):
        show(f"{counted(scan.count.rows, 'track')} to export.", console)
        if scan.stage is Stage.FUZZY:
            show(FUZZY, console)
        if scan.text_truncated:
            show(TRUNCATED, console)

        def look(meter: Meter) -> None:
            step("exporting", meter.done, meter.rows)

        return write(scan, file, stream, stop, look)


def _show(exported: Exported) -> None:
    console, rate = terminal.console(), exported.rows / max(exported.seconds, 1e-6)
    show(
        f"{counted(exported.rows, 'track')} written to {visible(exported.out)} ({exported.size:,} bytes) "
        f"in {exported.seconds:,.1f} s, {rate:,.0f} a second.",
        console,
    )
    for name, rows in exported.generations.items():
        if rows:
            show(Text(f"  {name}: {rows:,}", style="dim"), console)
