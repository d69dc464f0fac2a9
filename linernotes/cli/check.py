"""`linernotes check`, `verify`: all songs of a catalogue looked up, and a report checked again."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import orjson
import typer

from linernotes.catalogue import report as reports
from linernotes.catalogue import verify as verifying
from linernotes.catalogue.csv_file import open_catalogue
from linernotes.catalogue.report import Spool
from linernotes.catalogue.run import SHOWN, Check, datasets
from linernotes.cli.common import AsJsonLines, Overwrite, open_searcher
from linernotes.output import catalogue as output
from linernotes.output import terminal
from linernotes.output.files import STANDARD, OutputFile, open_output, output_file
from linernotes.output.progress import progress
from queries import Searcher, catalogue
from queries.catalogue import CatalogueRow, RowResult, Verdict

CHANGED = 5

Table = Annotated[
    Path,
    typer.Argument(metavar="CATALOGUE.csv", help="CSV or .xlsx with columns artist and title; - for standard input."),
]
Out = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help=f"Write a report: {', '.join(reports.FORMATS)}; - is standard output, as NDJSON.",
        show_default=False,
    ),
]
Report = Annotated[
    Path, typer.Argument(metavar="REPORT", help="Report of `check --out`, .html or .ndjson; - for standard input.")
]


def check(table: Table, out: Out = None, overwrite: Overwrite = False, json: AsJsonLines = False) -> None:
    """Check a catalogue: which of its songs are in a data set?

    Each row gets a verdict: found, likely, not found or unreadable. Columns are recognised by their headers, in several
    languages: artist and title, and optionally album, year and url, or ids of YouTube, Spotify, FMA and Genius. Fields
    may be separated by commas, semicolons, tabs or bars; UTF-8, UTF-16 and Windows-1252 are read, and of a workbook
    (.xlsx) the first sheet. Columns of ISRCs are not used, as no data set has any.
    """
    if out == STANDARD:  # as NDJSON, which is what --json prints
        out, json = None, True
    file = output_file(out, list(reports.FORMATS), overwrite=overwrite) if out else None
    with open_catalogue(table) as given, open_searcher() as searcher, reports.open_spool() as spool:
        run = Check.of(given, searcher)
        with open_output(OutputFile(STANDARD, ".ndjson")) if json else nullcontext() as stdout:
            sinks = ([Spool(stdout)] if stdout else []) + ([spool] if file else [])
            for result in _results(searcher, given.rows(), "checking"):
                run.add(result)
                for sink in sinks:
                    sink.add(orjson.dumps(result.as_json()))
            if stdout:
                sinks[0].add(reports.last_line(run.summary(), run.provenance))
        if run.generations_changed(searcher):
            typer.echo("A data set was replaced during the check: run it again to check all rows alike.", err=True)
        if file:
            with open_output(file) as stream:
                stream.writelines(reports.FORMATS[file.suffix](spool, run.summary(), run.provenance))
        if not json:
            missing, unreadable = run.first[Verdict.NOT_FOUND], run.first[Verdict.UNREADABLE]
            output.show_check(run.tally, missing, unreadable, terminal.console())
        if file:
            typer.echo(f"Report: {file.path}", err=True)


def verify(report: Report, json: AsJsonLines = False) -> int:
    """Check again whether a report still holds.

    All of its rows are checked again. The exit code is 0 if no row changed, and 5 if the report no longer holds.
    """
    with verifying.open_report(report) as given, open_searcher() as searcher:
        generations = verifying.generation_changes(given, datasets(searcher))
        results = _results(searcher, given.catalogue_rows(), "verifying")
        rows, changed = 0, 0
        first: list[verifying.Change] = []
        with open_output(OutputFile(STANDARD, ".ndjson")) if json else nullcontext() as stream:
            for change in verifying.changes(given, results):
                rows += 1
                if change is None:
                    continue
                changed += 1
                if len(first) < SHOWN:
                    first.append(change)
                if stream:
                    stream.write(orjson.dumps(asdict(change)) + b"\n")
            if stream:
                summary = {
                    "rows": rows,
                    "changed": changed,
                    "holds": not changed,
                    "generations": list(map(asdict, generations)),
                }
                stream.write(orjson.dumps({"summary": summary}) + b"\n")
    if not json:
        output.show_verified(given.name, rows, changed, first, generations, terminal.console())
    return CHANGED if changed else 0


def _results(searcher: Searcher, rows: Iterable[CatalogueRow], work: str) -> Iterator[RowResult]:
    """Yield the results, with progress on standard error."""
    with progress(terminal.console(stderr=True), "rows") as step:
        step(work, 0)
        for number, result in enumerate(catalogue.check(searcher.ask, rows), 1):
            step(work, number)
            yield result
