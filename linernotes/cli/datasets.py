"""`linernotes datasets`: the cards of all data sets; further ones added by declaration, drafted and removed."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import orjson
import typer

from linernotes import cards
from linernotes.cli.common import AsJson, Overwrite, open_searcher, print_json
from linernotes.output import datasets as output
from linernotes.output import terminal
from linernotes.output.files import input_file, open_output, output_file
from mappings.errors import InputError, UnreachableError
from queries import Loaded

app = typer.Typer(
    help="Show data sets and what is loaded; add others by declaration.\n\n"
    "Without a subcommand all cards are shown: origin, licence, acknowledged use with its sources, and what is loaded. "
    "Without Elasticsearch those of the built-in data sets are shown, but not what is loaded.",
    invoke_without_command=True,
)

DeclarationFile = Annotated[
    Path, typer.Argument(metavar="FILE.toml", help="The declaration; - for standard input.", show_default=False)
]
Table = Annotated[Path, typer.Argument(metavar="FILE", help="A file of the data set: CSV, TSV, JSON Lines, Parquet.")]
Out = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the draft to a file that ends in .toml.", show_default=False)
]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id of a declared data set.")]
DeleteTracks = Annotated[bool, typer.Option("--delete-tracks", help="Delete all its generations, too.")]


@app.callback()
def datasets(context: typer.Context, json: AsJson = False) -> None:
    """Show all cards, unless a subcommand says otherwise."""
    if context.invoked_subcommand is None:
        _show_cards(as_json=json)


def _show_cards(*, as_json: bool) -> None:
    """Print all cards with what is loaded; without Elasticsearch only the cards of the built-in data sets."""
    try:
        with open_searcher() as searcher:
            loaded: Mapping[str, Loaded] | None = searcher.loaded()
            cards.set_known(searcher.cards())
    except UnreachableError as problem:
        loaded = None
        typer.echo(f"It isn't known what is loaded. {problem}", err=True)
    if as_json:
        print_json(cards.as_json(loaded))
    else:
        output.show_cards(loaded, terminal.console())


# The indexer is imported where it is needed: showing the cards needs none of it.


@app.command()
def add(file: DeclarationFile, json: AsJson = False) -> None:
    """Add a data set by a declaration, or change its declaration.

    The declaration is a TOML file that is the data set's card and says which column of its files is what. It is
    validated and stored in Elasticsearch, with its earlier versions. Then load the files: linernotes load ID FILE...
    """
    from indexer.cluster import declarations
    from indexer.sources.declaration import parse
    from linernotes.cli.load import open_client

    with input_file(file, "a TOML file") as (path, name):
        try:
            text = path.read_text("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{name} is not in UTF-8 (byte {error.start + 1}).", "Save it as UTF-8.") from error
    declared = parse(text, name)
    with open_client() as (client, prefix):
        number = declarations.add(client, prefix, declared)
        version = number or declarations.history(client, prefix, declared.content.id)[0].number
    card = declared.content.card()
    if json:
        print_json({"dataset": card.id, "name": card.name, "version": version, "changed": bool(number)})
    else:
        output.show_added(card, version, terminal.console(), changed=bool(number))


@app.command()
def guess(table: Table, out: Out = None, overwrite: Overwrite = False, json: AsJson = False) -> None:
    """Draft a declaration from a file's columns and its first thousand rows.

    Each guess has a comment with what it rests on, and what could not be placed is listed. Look it over, fill in what
    the file doesn't say (name, platform, licence, sources), then run: linernotes datasets add
    """
    from indexer.sources.guess import guess_declaration

    target = output_file(out, [".toml"], overwrite=overwrite) if out else None
    draft = guess_declaration(table)
    if target:
        with open_output(target) as stream:
            stream.write(draft.text.encode())
    if json:
        print_json(draft.as_json())
    elif target is None:
        typer.echo(draft.text, nl=False)
    if draft.problem:
        typer.echo(draft.problem, err=True)


@app.command()
def schema(json: AsJson = False) -> None:
    """Print the JSON Schema of declarations, for editors.

    Save it beside a draft: its first line leads there. With --json it is one line.
    """
    from indexer.sources.declaration import schema as declaration_schema

    if json:
        print_json(declaration_schema())
    else:
        typer.echo(orjson.dumps(declaration_schema(), option=orjson.OPT_INDENT_2))


@app.command()
def remove(dataset: Id, delete_tracks: DeleteTracks = False, json: AsJson = False) -> None:
    """Remove a declared data set.

    While generations of it are there it is refused, unless --delete-tracks is given. The declaration stays in the
    history, so that it can be seen what there was.
    """
    from indexer.maintenance.prune import remove_dataset
    from linernotes.cli.load import open_client

    with open_client() as (client, prefix):
        deleted = remove_dataset(client, prefix, dataset, delete_tracks=delete_tracks)
    if json:
        print_json({"dataset": dataset, "removed": True, "deleted": list(deleted)})
    else:
        output.show_removed(dataset, deleted, terminal.console())
