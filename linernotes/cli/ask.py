"""Commands that ask: `search`, `facet`, `suggest`, `artist`, `overlap`, `stats`, `datasets`; nothing of the indexer."""

from typing import Annotated

import typer

import queries
from linernotes import cards
from linernotes.arguments import Filters
from linernotes.cli.common import (
    After,
    AsJson,
    Text,
    command_line,
    completion,
    limit,
    open_searcher,
    print_json,
    split_values,
    takes_filters,
)
from linernotes.output import analysis, artists, terminal
from linernotes.output import search as hits
from linernotes.output.progress import progress
from mappings.errors import InputError
from queries import By, SearchRequest, Sort
from queries.model import Group

NO_FACETS = "none"
HITS, VALUES, NAMES = 20, 50, 10
MOST_COMPARED = 200

Facets = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAMES",
        show_default=", ".join(queries.DEFAULT_FACETS),
        help=f"Facets to count: {', '.join(queries.FACETS)}; or none.",
        autocompletion=completion([*queries.FACETS, NO_FACETS]),
    ),
]
Order = Annotated[Sort, typer.Option(help="Order of the hits.")]
Grouped = Annotated[Group | None, typer.Option(help="Show one hit for each recording, with its data sets.")]
FacetName = Annotated[
    str,
    typer.Argument(
        metavar="FACET", help=f"One of {', '.join(queries.FACETS)}.", autocompletion=completion(queries.FACETS)
    ),
]
Contains = Annotated[
    str, typer.Option(metavar="TEXT", help="Only values that contain this; case and accents don't matter.")
]
ValueOrder = Annotated[By, typer.Option(help="Order of the values.")]
ArtistName = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="The artist's name, in any spelling.")]
Id = Annotated[str | None, typer.Option("--id", metavar="ID", help="Id of one of the artists listed.")]
Typed = Annotated[list[str], typer.Argument(metavar="TEXT", help="The beginning of a name or title.")]
Exact = Annotated[
    bool, typer.Option("--exact", help="Count every track, however many: half a minute for each million.")
]


@takes_filters
def search(
    filters: Filters,
    text: Text = None,
    facets: Facets = None,
    size: Annotated[int, limit("Hits")] = HITS,
    after: After = None,
    sort: Order = Sort.RELEVANCE,
    group: Grouped = None,
    json: AsJson = False,
) -> None:
    """Search tracks by artist, title and album, with facets.

    A filter may be repeated, or list several values with commas (--genre rock,jazz): a track matches if it has one of
    them. It has to match all filters; each facet is counted under all filters but its own. A value after - excludes
    (--genre=-rock); none stands for tracks without a value. Names of artists may contain commas: repeat --artist.
    """
    typed = " ".join(text or ())
    names = split_values("facets", facets) if facets else queries.DEFAULT_FACETS
    request = queries.request(
        typed,
        filters_by_facet=filters,
        facet_names=[name for name in names if name not in ("", NO_FACETS)],
        size=size,
        after=after,
        sort=sort,
        highlight=not json,
        group=group,
    )
    print_search(request, search_command(typed, filters, request), as_json=json)


def print_search(request: SearchRequest, command: str = "", *, as_json: bool = False) -> None:
    """Search, and print the result; `command` is the command line that asks for it, if the next page is to be named."""
    with open_searcher() as searcher:
        result = searcher.search(request)
    if as_json:
        print_json(result.as_json())
    else:
        # Not at the end: behind -- it would be text.
        following = command.replace("search", f"search --after {result.next}", 1) if command and result.next else None
        hits.show_search(result, terminal.console(), following)


def search_command(typed: str, filters: Filters, request: SearchRequest) -> str:
    """Return the command line of a request, without its cursor, fit to be pasted into a shell.

    >>> search_command("nina hagen", {"year": ["..1999"]}, queries.request("", size=5, facet_names=["genre"]))
    "linernotes search --year ..1999 --facets genre --limit 5 'nina hagen'"
    """
    names = [facet.name for facet in request.facets]
    options = []
    if names != list(queries.DEFAULT_FACETS):
        options += ["--facets", ",".join(names) or NO_FACETS]
    if request.size != HITS:
        options += ["--limit", str(request.size)]
    if request.sort is not Sort.RELEVANCE:
        options += ["--sort", request.sort]
    if request.group:
        options += ["--group", request.group]
    return command_line("search", filters, options, typed)


@takes_filters
def facet(
    name: FacetName,
    filters: Filters,
    text: Text = None,
    contains: Contains = "",
    size: Annotated[int, limit("Values")] = VALUES,
    after: After = None,
    sort: ValueOrder = By.COUNT,
    json: AsJson = False,
) -> None:
    """List all values of one facet with exact counts.

    Only tracks that match the text and all other filters are counted; filters of the facet itself only mark its
    values. Filters are written as in search.
    """
    typed = " ".join(text or ())
    request = queries.values_request(
        name, typed, filters_by_facet=filters, contains=contains, size=size, after=after, sort=sort
    )
    with open_searcher() as searcher:
        result = searcher.values(request)
    if json:
        print_json(result.as_json())
        return
    options = ["--contains", contains] if contains else []
    options += ["--limit", str(size)] if size != VALUES else []
    options += ["--sort", sort] if sort != By.COUNT else []
    following = command_line("facet", filters, [*options, "--after", result.next or ""], typed, name)
    hits.show_values(result, terminal.console(), following if result.next else None)


def suggest(text: Typed, size: Annotated[int, limit("Artists, and titles,")] = NAMES, json: AsJson = False) -> None:
    """Complete the beginning of an artist's name or a title.

    Case, accents and script don't matter. Artists of the same name are listed separately if a data set's ids tell them
    apart.
    """
    request = queries.suggest_request(" ".join(text), size=size)
    with open_searcher() as searcher:
        result = searcher.suggest(request)
    if json:
        print_json(result.as_json())
    else:
        artists.show_suggestions(result, terminal.console())


def artist(
    name: ArtistName = None,
    artist_id: Id = None,
    size: Annotated[int, limit("Artists, albums, titles and so on")] = NAMES,
    json: AsJson = False,
) -> None:
    """Show which tracks of an artist are in which data set.

    Artists of that name, or of similar ones, are listed. If one has exactly this name, or only one comes close, it is
    shown in full. Artists who share a name are listed separately where ids tell them apart: choose one with --id.
    """
    request = queries.artist_request(" ".join(name or ()), artist_id=artist_id, size=size)
    with open_searcher() as searcher:
        result = searcher.artist(request)
        cards.learn(searcher, result.profile.used_by if result.profile else ())
    if json:
        print_json(result.as_json())
    else:
        artists.show_artist(result, terminal.console())


@takes_filters
def overlap(filters: Filters, exact: Exact = False, json: AsJson = False) -> None:
    """Count the recordings that data sets share.

    Tracks are compared with distinct recordings, in each data set and between them, also by YouTube video. Up to
    200,000 tracks are counted; of more, 10,000 of each data set are sampled, and each number is given with its 95 %
    confidence interval. With --exact all are counted.
    """
    request = queries.request(filters_by_facet=filters)
    with open_searcher() as searcher, progress(terminal.console(stderr=True), "tracks") as step:
        result = searcher.overlap(request, exact=exact, progress=step)
    if json:
        print_json(result.as_json())
    else:
        analysis.show_overlap(result, terminal.console())


@takes_filters
def stats(
    filters: Filters,
    text: Text = None,
    size: Annotated[int, limit("Rows in each comparison")] = NAMES,
    json: AsJson = False,
) -> None:
    """Show shares by genre, licence and more, and what stands out.

    A value stands out in a data set if it is more frequent there than in all others together, beyond chance: by the
    confidence interval of the ratio of their shares, corrected for the number of values compared. With --dataset, that
    data set is compared with the rest.
    """
    if not 1 <= size <= MOST_COMPARED:
        raise InputError(f"A comparison can't have {size} rows.", f"Ask for 1 to {MOST_COMPARED}.")
    request = queries.request(" ".join(text or ()), filters_by_facet=filters)
    with open_searcher() as searcher:
        result = searcher.stats(request, limit=size)
    if json:
        print_json(result.as_json())
    else:
        analysis.show_stats(result, terminal.console())
