"""`linernotes artist`: who may be meant by a name, and what of one artist is in which data set."""

from typing import Annotated

import typer

import queries
from linernotes.cli.context import asking, print_json
from linernotes.output import artists, terminal

SIZE = 10

Words = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="The artist's name, however it is written.")]
Id = Annotated[str | None, typer.Option("--id", help="The artist's id, as the candidates show it.")]
Size = Annotated[int, typer.Option(help="Candidates, albums, titles and so on in each list.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print candidates and page as JSON.")]


def artist(name: Words = None, artist_id: Id = None, size: Size = SIZE, json: AsJson = False) -> None:
    """Show who may be meant by a name and, if one is, what of them is in which data set.

    A name that is written exactly so is the one that is meant; so is the only one that is spelt like it. Artists of the
    same name are listed apart where ids tell them apart: choose one with --id.
    """
    request = queries.artist_request(" ".join(name or ()), artist_id=artist_id, size=size)
    with asking() as searcher:
        answer = searcher.artist(request)
    if json:
        print_json(answer.as_json())
    else:
        artists.show_artist(answer, terminal.console())
