"""`linernotes check` and `linernotes verify`: a whole catalogue asked for, and a report asked again."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import IO, Annotated, Any

import orjson
import typer
from rich.console import Console

from linernotes.catalogue import csv_file
from linernotes.catalogue import report as writing
from linernotes.catalogue import verify as verifying
from linernotes.catalogue.report import Spool, opened
from linernotes.catalogue.run import SHOWN, Check, datasets
from linernotes.catalogue.verify import Change
from linernotes.cli.context import asking
from linernotes.export import target
from linernotes.output import terminal
from linernotes.output.catalogue import progress, show, show_verified
from queries import Searcher, catalogue
from queries.catalogue import RowResult, Verdict

CHANGED = 5

Table = Annotated[
    str, typer.Argument(metavar="CATALOGUE.csv", help="CSV with the columns artist and title; - for standard input.")
]
Out = Annotated[
    Path | None,
    typer.Option(help=f"Report to write: {', '.join(writing.WRITERS)}.", metavar="FILE", show_default=False),
]
Report = Annotated[Path, typer.Argument(metavar="REPORT", help="A report of `check --out`: .html or .ndjson.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each row, then the summary.")]
ChangesAsJson = Annotated[bool, typer.Option("--json", help="Print a line of JSON for each change, then the summary.")]


def check(table: Table, out: Out = None, json: AsJson = False) -> None:
    """Say for each row of a catalogue whether it is in a data set: found, likely, not found, unreadable.

    Columns are found by their headers, in several languages: artist and title, and, optional, album, year and url, or
    ids of YouTube, Spotify, FMA and Genius. Fields may be divided by comma, semicolon, tab or bar; UTF-8, UTF-16 and
    Windows-1252 are read.
    """
    to = writing.target(out) if out else None
    with csv_file.opened(Path(table)) as asked, asking() as searcher, opened() as kept:
        run = Check.of(asked, searcher)
        with _stdout() if json else nullcontext() as stream:
            for answer in _asked(searcher, asked.questions(), "checking"):
                run.add(answer)
                _keep(answer, stream, kept if to else None)
            if stream:
                stream.write(writing.last_line(run.summary(), run.told) + b"\n")
        if run.moved(searcher):
            _say("A data set got another generation while it was asked: run the check again to have all rows of one.")
        if to:
            writing.write(to, kept, run.summary(), run.told)
        if not json:
            show(run.tally, run.first[Verdict.NOT_FOUND], run.first[Verdict.UNREADABLE], terminal.console())
        if to:
            _say(f"Report: {to.out}")


def _keep(answer: RowResult, stream: IO[bytes] | None, kept: Spool | None) -> None:
    if stream or kept:
        line = orjson.dumps(answer.as_json())
        if stream:
            stream.write(line + b"\n")
        if kept:
            kept.add(line)


def verify(report: Report, json: ChangesAsJson = False) -> int:
    """Ask what a report asked once more, and say what changed since.

    The exit code is 0 if every row is answered as then, and 5 if the report no longer holds.
    """
    found = verifying.opened(report)
    with asking() as searcher:
        moved = verifying.moved(found, datasets(searcher))
        answers = _asked(searcher, found.questions(), "verifying")
        rows, changed = 0, 0
        some: list[Change] = []
        with _stdout() if json else nullcontext() as stream:
            for change in verifying.changes(found, answers):
                rows += 1
                if change is None:
                    continue
                changed += 1
                if len(some) < SHOWN:
                    some.append(change)
                if stream:
                    stream.write(orjson.dumps(asdict(change)) + b"\n")
            if stream:
                summary = {
                    "rows": rows,
                    "changed": changed,
                    "holds": not changed,
                    "generations": list(map(asdict, moved)),
                }
                stream.write(orjson.dumps({"summary": summary}) + b"\n")
    if not json:
        show_verified(report.name, rows, changed, some, moved, terminal.console())
    return CHANGED if changed else 0


def _asked(searcher: Searcher, questions: Iterable[catalogue.CatalogueRow], what: str) -> Iterator[RowResult]:
    """Yield the answers, with progress on standard error."""
    with progress(Console(stderr=True), what) as step:
        for number, answer in enumerate(catalogue.check(searcher.ask, questions), 1):
            step(number)
            yield answer


def _stdout() -> Any:
    return target.opened(target.Place(target.STDOUT, ".ndjson"))


def _say(sentence: str) -> None:
    Console(stderr=True).print(sentence, markup=False, highlight=False, soft_wrap=True)
