"""`linernotes suggest`: artists and titles that begin as somebody types."""

from typing import Annotated

import typer

import queries
from linernotes.cli.context import asking, print_json
from linernotes.output import artists, terminal

SIZE = 10

Words = Annotated[list[str], typer.Argument(metavar="TEXT", help="What is typed so far.")]
Size = Annotated[int, typer.Option(help="Suggestions of each kind.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the suggestions as JSON.")]


def suggest(text: Words, size: Size = SIZE, json: AsJson = False) -> None:
    """Suggest artists and titles that begin so, whatever case, accents and script, with their exact numbers of tracks.

    Artists of the same name are listed apart where the ids of a data set tell them apart.
    """
    request = queries.suggest_request(" ".join(text), size=size)
    with asking() as searcher:
        answer = searcher.suggest(request)
    if json:
        print_json(answer.as_json())
    else:
        artists.show_suggestions(answer, terminal.console())
