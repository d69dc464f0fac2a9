"""`linernotes facet`: all values of one facet, page by page."""

from typing import Annotated

import typer

import queries
from linernotes.arguments import Filters
from linernotes.cli.context import asking, print_json
from linernotes.cli.filters import command, taken
from linernotes.output import search, terminal
from queries import By

SIZE = 50

Name = Annotated[str, typer.Argument(metavar="NAME", help=f"Facet: {', '.join(queries.FACETS)}.")]
Words = Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="Count only tracks that this finds.")]
Contains = Annotated[
    str, typer.Option(metavar="PART", help="Only values that contain this, whatever case and accents.")
]
Size = Annotated[int, typer.Option(help="Values on a page.")]
After = Annotated[str | None, typer.Option(help="Cursor of the page before.", metavar="CURSOR")]
Order = Annotated[str, typer.Option(help=f"Order of values: {', '.join(By)}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@taken
def facet(
    name: Name,
    filters: Filters,
    text: Words = None,
    contains: Contains = "",
    size: Size = SIZE,
    after: After = None,
    sort: Order = By.COUNT,
    json: AsJson = False,
) -> None:
    """List all values of one facet with their exact counts, page by page.

    Counted are the tracks that the text and all other filters find; filters of the facet itself only mark its values.
    Filters can be repeated: values of one are joined by OR, different ones by AND. A value after - excludes
    (--genre=-rock). The value none stands for tracks without one.
    """
    typed = " ".join(text or ())
    request = queries.values_request(
        name, typed, filters_by_facet=filters, contains=contains, size=size, after=after, sort=sort
    )
    with asking() as searcher:
        answer = searcher.values(request)
    if json:
        print_json(answer.as_json())
        return
    options = ["--contains", contains] if contains else []
    options += ["--size", str(size)] if size != SIZE else []
    options += ["--sort", sort] if sort != By.COUNT else []
    following = command("facet", filters, [*options, "--after", answer.next or ""], typed, name)
    search.show_values(answer, terminal.console(), following if answer.next else None)
