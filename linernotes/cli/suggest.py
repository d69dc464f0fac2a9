"""`linernotes suggest`: artists and titles that begin as somebody types."""

from typing import Annotated

import orjson
import typer

import queries
from linernotes import settings
from linernotes.connect import connect
from linernotes.report import people, plain
from queries import Searcher, Suggestions, SuggestRequest

SIZE = 10

Words = Annotated[list[str], typer.Argument(metavar="TEXT", help="What is typed so far.")]
Size = Annotated[int, typer.Option(help="Suggestions of each kind.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the suggestions as JSON.")]


def suggest(text: Words, size: Size = SIZE, json: AsJson = False) -> None:
    """Suggest artists and titles that begin so, whatever case, accents and script, with their exact numbers of tracks.

    Artists of the same name are listed apart where the ids of a data set tell them apart.
    """
    found = run(queries.suggest_request(" ".join(text), size=size))
    if json:
        typer.echo(orjson.dumps(found.as_json()))
    else:
        people.show_suggestions(found, plain.console())


def run(asked: SuggestRequest) -> Suggestions:
    """Ask the Elasticsearch of the settings."""
    found = settings.from_environment()
    with connect(found) as client:
        return Searcher(client, found.prefix).suggest(asked)
