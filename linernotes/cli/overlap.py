"""`linernotes overlap`: what data sets share."""

from typing import Annotated

import orjson
import typer
from rich.console import Console

import queries
from linernotes import settings
from linernotes.cli import filters as options_of
from linernotes.cli.filters import Filters
from linernotes.connect import connect
from linernotes.report import plain, sharing
from queries import Searcher
from queries.overlap import Overlap
from queries.request import SearchRequest

Exact = Annotated[
    bool, typer.Option("--exact", help="Count everything, however much: half a minute for a million tracks.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")]


@options_of.taken
def overlap(filters: Filters, exact: Exact = False, json: AsJson = False) -> None:
    """Count tracks against distinct recordings, in each data set and between them, also by YouTube video.

    Up to 200,000 tracks are counted; of more, 10,000 of each data set are drawn at random, and every number comes with
    the interval that it lies in 95 times of 100. With --exact everything is counted.
    """
    answer = run(queries.request(filters_by_facet=filters), exact=exact)
    if json:
        typer.echo(orjson.dumps(answer.as_json()))
    else:
        sharing.show(answer, plain.console())


def run(asked: SearchRequest, *, exact: bool) -> Overlap:
    """Ask the Elasticsearch of the settings, and tell how far it is on standard error."""
    found = settings.from_environment()
    with connect(found) as client, sharing.progress(Console(stderr=True)) as told:
        return Searcher(client, found.prefix).overlap(asked, exact=exact, told=told)
