"""`linernotes keys`: API keys to read, load or operate."""

from dataclasses import asdict
from typing import Annotated, Literal

import orjson
import typer
from elasticsearch import Elasticsearch

from linernotes import settings
from linernotes.cli.common import AsJson, number, print_json
from linernotes.elastic import connect
from linernotes.output import terminal
from linernotes.output.tables import grid
from linernotes.security import keys
from linernotes.security.roles import ROLES

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)

RoleName = Annotated[
    Literal["reader", "loader", "operator"],
    typer.Option("--role", help="; ".join(f"{one.name}: {one.meaning}" for one in ROLES.values()) + "."),
]
Name = Annotated[str | None, typer.Option(metavar="NAME", show_default="prefix and role", help="Name of the key.")]
Days = Annotated[int | None, number("Days until it expires.", 1, 36500, default="never")]
Id = Annotated[str, typer.Argument(help="Id of the key, as listed.")]


@app.command()
def create(role_name: RoleName, name: Name = None, days: Days = None, json: AsJson = False) -> None:
    """Create an API key of a role, for the indices of LINERNOTES_PREFIX.

    Its secret is shown only now. Keep it in a file that only you may read, and name that in LINERNOTES_API_KEY_FILE.
    """
    client, prefix = _connected()
    with client:
        made = keys.create(client, prefix, role_name, name, days)
    typer.echo(orjson.dumps(asdict(made)) if json else made.encoded)
    typer.echo(f"Key {made.id} ({made.name}) of the role {made.role} is not shown again.", err=True)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the keys of this prefix, without their secrets."""
    client, prefix = _connected()
    with client:
        listed = keys.listed(client, prefix)
    if json:
        print_json({"keys": [asdict(key) for key in listed]})
        return
    if not listed:
        typer.echo("There are no keys for this prefix: linernotes keys create --role reader")
        return
    # An id is there to be copied: if the terminal is narrow, the name is wrapped.
    rows = [(key.id, key.name, key.role, key.state, key.expires or "never") for key in listed]
    terminal.show(grid(rows, "id", "name", "role", "state", "expires", wrapped=1), terminal.console())


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})  # an id may be "-h..."
def revoke(key_id: Id, json: AsJson = False) -> None:
    """Revoke a key; it stays in the list for a while."""
    client, prefix = _connected()
    with client:
        key = keys.revoke(client, prefix, key_id)
    typer.echo(orjson.dumps(asdict(key)) if json else f"Key {key.id} ({key.name}, {key.role}) is {key.state}.")


def _connected() -> tuple[Elasticsearch, str]:
    config = settings.from_environment()
    return connect(config), config.prefix
