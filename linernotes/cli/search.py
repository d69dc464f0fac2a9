"""`linernotes search`: find tracks by text and filters, and count them by facet."""

from typing import Annotated

import typer

import queries
from linernotes.arguments import Filters
from linernotes.cli import filters as options_of
from linernotes.cli.context import asking, print_json
from linernotes.output import terminal
from linernotes.output.search import show_search
from queries import SearchRequest, SearchResult, Sort
from queries.types import Group

NO_FACETS = "none"
SIZE = 20
USUAL = ",".join(queries.DEFAULT_FACETS)

Words = Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="What to look for; leave it out to browse.")]
Facets = Annotated[str, typer.Option(help=f"What to count, with commas: {', '.join(queries.FACETS)}; or none.")]
Size = Annotated[int, typer.Option(help="Hits on a page.")]
After = Annotated[str | None, typer.Option(help="Cursor of the page before.", metavar="CURSOR")]
Order = Annotated[str, typer.Option(help=f"Order of hits: {', '.join(Sort)}.")]
Grouped = Annotated[
    str | None, typer.Option(help=f"One row per {', '.join(Group)}, with its data sets.", metavar="WHAT")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


@options_of.taken
def search(
    filters: Filters,
    text: Words = None,
    facets: Facets = USUAL,
    size: Size = SIZE,
    after: After = None,
    sort: Order = Sort.RELEVANCE,
    group: Grouped = None,
    json: AsJson = False,
) -> None:
    """Find tracks by artist, title and album, and count them by data set, genre, licence, language and year.

    Filters can be repeated: values of one are joined by OR, different ones by AND, and each facet is counted under
    all others. A value after - excludes (--genre=-rock). The value none stands for tracks without one.
    """
    typed = " ".join(text or ())
    request = queries.request(
        typed,
        filters_by_facet=filters,
        facet_names=[name for name in facets.split(",") if name.strip() not in ("", NO_FACETS)],
        size=size,
        after=after,
        sort=sort,
        highlight=not json,
        group=group,
    )
    show(run(request), command(typed, filters, request), as_json=json)


def run(request: SearchRequest) -> SearchResult:
    """Ask the Elasticsearch of the settings."""
    with asking() as searcher:
        return searcher.search(request)


def show(answer: SearchResult, asked: str, *, as_json: bool) -> None:
    """Print an answer on standard output; `asked` is the command that it answers."""
    if as_json:
        print_json(answer.as_json())
    else:
        # Not at the end: behind -- it would be text.
        following = asked.replace("search", f"search --after {answer.next}", 1) if answer.next else None
        show_search(answer, terminal.console(), following)


def command(typed: str, filters: Filters, request: SearchRequest) -> str:
    """Return the command line of a request, without its cursor, fit to be pasted into a shell.

    >>> command("nina hagen", {"year": ["..1999"]}, queries.request("", size=5, facet_names=["genre"]))
    "linernotes search --year ..1999 --facets genre --size 5 'nina hagen'"
    """
    names = [facet.name for facet in request.facets]
    options = []
    if names != list(queries.DEFAULT_FACETS):
        options += ["--facets", ",".join(names) or NO_FACETS]
    if request.size != SIZE:
        options += ["--size", str(request.size)]
    if request.sort is not Sort.RELEVANCE:
        options += ["--sort", request.sort]
    if request.group:
        options += ["--group", request.group]
    return options_of.command("search", filters, options, typed)
