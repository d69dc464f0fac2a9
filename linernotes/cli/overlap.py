"""`linernotes overlap`: what data sets share."""

from typing import Annotated

import typer
from rich.console import Console

import queries
from linernotes.arguments import Filters
from linernotes.cli.context import asking, print_json
from linernotes.cli.filters import taken
from linernotes.output import analysis, terminal

Exact = Annotated[
    bool, typer.Option("--exact", help="Count everything, however much: half a minute for a million tracks.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")]


@taken
def overlap(filters: Filters, exact: Exact = False, json: AsJson = False) -> None:
    """Count tracks against distinct recordings, in each data set and between them, also by YouTube video.

    Up to 200,000 tracks are counted; of more, 10,000 of each data set are drawn at random, and every number comes with
    the interval that it lies in 95 times of 100. With --exact everything is counted.
    """
    request = queries.request(filters_by_facet=filters)
    with asking() as searcher, analysis.progress(Console(stderr=True)) as progress:
        answer = searcher.overlap(request, exact=exact, progress=progress)
    if json:
        print_json(answer.as_json())
    else:
        analysis.show_overlap(answer, terminal.console())
