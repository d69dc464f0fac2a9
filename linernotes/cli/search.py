"""`linernotes search`: find tracks by text and filters, and count them by facet."""

import shlex
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated

import orjson
import typer

import queries
from indexer.normalise.genre import FAMILY
from linernotes import settings
from linernotes.cli import choose
from linernotes.connect import connect
from linernotes.report import plain, searching
from mappings.cards import CARDS
from queries import SearchAnswer, Searcher, SearchRequest, Sort
from queries.filters import NONE

NO_FACETS = "none"
SIZE = 20
USUAL = ",".join(queries.USUAL_FACETS)
PERMISSIONS = ("allowed", "prohibited", "unknown")


def _among(kind: str, known: Iterable[str]) -> Callable[[str], str]:
    names = list(known)
    return lambda given: NONE if given == NONE else choose.one_of(kind, given.strip().lower(), names)


# What can be wrong is told before Elasticsearch is asked: a data set that isn't there would just find nothing.
CHECKED: Mapping[str, Callable[[str], str]] = {
    "dataset": _among("data set", CARDS),
    "genre": _among("genre", sorted(set(FAMILY.values()))),
    "commercial_use": _among("kind of commercial use", PERMISSIONS),
    "language": lambda given: given.strip().lower(),
}
"""Facet to how a value that a person types is read; others are taken as they are."""

Words = Annotated[list[str] | None, typer.Argument(metavar="TEXT", help="What to look for; leave it out to browse.")]
Many = list[str] | None
Dataset = Annotated[Many, typer.Option(help=f"Data set: {', '.join(CARDS)}.")]
Genre = Annotated[Many, typer.Option(help="Genre family, such as rock; those of the facet.")]
Licence = Annotated[Many, typer.Option(help="Licence, such as CC-BY-NC-SA-3.0.")]
CommercialUse = Annotated[Many, typer.Option(help=f"Commercial use: {', '.join(PERMISSIONS)}.")]
Language = Annotated[Many, typer.Option(help="Language of the title, such as fr; und: undetermined.")]
Platform = Annotated[Many, typer.Option(help="Platform, as the facet writes it.")]
Artist = Annotated[Many, typer.Option(help="Artist, as the facet writes the name.")]
Year = Annotated[Many, typer.Option(help="Year or years: 1994, 1990..1999, 1990.., ..1999.")]
Facets = Annotated[str, typer.Option(help=f"What to count, with commas: {', '.join(queries.FACETS)}; or none.")]
Size = Annotated[int, typer.Option(help="Hits on a page.")]
After = Annotated[str | None, typer.Option(help="Cursor of the page before.", metavar="CURSOR")]
Order = Annotated[str, typer.Option(help=f"Order of hits: {', '.join(Sort)}.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


def search(
    text: Words = None,
    dataset: Dataset = None,
    genre: Genre = None,
    licence: Licence = None,
    commercial_use: CommercialUse = None,
    language: Language = None,
    platform: Platform = None,
    artist: Artist = None,
    year: Year = None,
    facets: Facets = USUAL,
    size: Size = SIZE,
    after: After = None,
    sort: Order = Sort.RELEVANCE,
    json: AsJson = False,
) -> None:
    """Find tracks by artist, title and album, and count them by data set, genre, licence, language and year.

    Filters can be repeated: values of one are joined by OR, different ones by AND, and each facet is counted under
    all others. The value none stands for tracks without one.
    """
    given = {
        "dataset": dataset,
        "genre": genre,
        "licence": licence,
        "commercial_use": commercial_use,
        "language": language,
        "platform": platform,
        "artist": artist,
        "year": year,
    }
    typed, filters = " ".join(text or ()), _checked(given)
    asked = queries.request(
        typed,
        filters_by_facet=filters,
        facet_names=[name for name in facets.split(",") if name.strip() not in ("", NO_FACETS)],
        size=size,
        after=after,
        sort=sort,
        marked=not json,
    )
    show(run(asked), command(typed, filters, asked), as_json=json)


def _checked(given: Mapping[str, list[str] | None]) -> dict[str, list[str]]:
    return {name: [CHECKED.get(name, str)(value) for value in values] for name, values in given.items() if values}


def run(asked: SearchRequest) -> SearchAnswer:
    """Ask the Elasticsearch of the settings."""
    found = settings.from_environment()
    with connect(found) as client:
        return Searcher(client, found.prefix).search(asked)


def show(answer: SearchAnswer, asked: str, *, as_json: bool) -> None:
    """Print an answer on standard output; `asked` is the command that it answers."""
    if as_json:
        typer.echo(orjson.dumps(answer.as_json()))
    else:
        searching.show(answer, plain.console(), f"{asked} --after {answer.next}" if answer.next else None)


def command(typed: str, filters: Mapping[str, list[str]], asked: SearchRequest) -> str:
    """Return the command line of a request, without its cursor, fit to be pasted into a shell.

    >>> command("nina hagen", {"year": ["..1999"]}, queries.request("", size=5, facet_names=["genre"]))
    "linernotes search --year ..1999 --facets genre --size 5 'nina hagen'"
    """
    names = [facet.name for facet in asked.facets]
    words = [typed] if typed else []
    options = [part for name, values in filters.items() for value in values for part in (_option(name), value)]
    if names != list(queries.USUAL_FACETS):
        options += ["--facets", ",".join(names) or NO_FACETS]
    if asked.size != SIZE:
        options += ["--size", str(asked.size)]
    if asked.sort is not Sort.RELEVANCE:
        options += ["--sort", asked.sort]
    return shlex.join(["linernotes", "search", *options, *(["--"] if typed.startswith("-") else []), *words])


def _option(name: str) -> str:
    return "--" + name.replace("_", "-")
