"""`linernotes stats`: shares, and what a data set has more of than the rest."""

from typing import Annotated

import typer

import queries
from linernotes.arguments import Filters
from linernotes.cli.context import asking, print_json
from linernotes.cli.filters import taken
from linernotes.output import analysis, terminal
from mappings.errors import InputError

SIZE = 10
MOST = 200

Words = Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Only tracks that this finds.")]
Size = Annotated[int, typer.Option(help="Rows of each comparison.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the numbers as JSON.")]


@taken
def stats(filters: Filters, text: Words = None, size: Size = SIZE, json: AsJson = False) -> None:
    """Show shares by genre, licence, commercial use, language and decade, and what is over-represented.

    Over-represented is what a data set certainly has more of than all others together, by the interval of the ratio of
    their shares, corrected for all values that are compared. With --dataset that data set is shown against the rest.
    """
    if not 1 <= size <= MOST:
        raise InputError(f"A comparison can't have {size} rows.", f"Ask for 1 to {MOST}.")
    request = queries.request(" ".join(text or ()), filters_by_facet=filters)
    with asking() as searcher:
        answer = searcher.stats(request, limit=size)
    if json:
        print_json(answer.as_json())
    else:
        analysis.show_stats(answer, terminal.console())
