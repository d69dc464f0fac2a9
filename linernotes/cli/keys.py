"""`linernotes keys`: who may read, load or operate, by API keys."""

from dataclasses import asdict
from typing import Annotated

import orjson
import typer
from elasticsearch import Elasticsearch
from rich.table import Table

from linernotes import settings
from linernotes.cli.context import print_json
from linernotes.elastic import connect
from linernotes.output import terminal
from linernotes.security import keys
from linernotes.security.roles import ROLES, role

app = typer.Typer(help="Make, list and revoke API keys of the roles reader, loader, operator.", no_args_is_help=True)

RoleName = Annotated[
    str, typer.Option("--role", help="; ".join(f"{one.name}: {one.meaning}" for one in ROLES.values()) + ".")
]
Name = Annotated[str | None, typer.Option(help="What to call the key. [default: prefix and role]")]
Days = Annotated[int | None, typer.Option(min=1, max=36500, help="Days until it expires. [default: never]")]
Id = Annotated[str, typer.Argument(help="The id of the key, as printed by list.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command()
def create(role_name: RoleName, name: Name = None, days: Days = None, json: AsJson = False) -> None:
    """Make an API key of a role, for the indices of LINERNOTES_PREFIX. Its secret is shown this once.

    Keep what is printed in a file that only you may read, and name that in LINERNOTES_API_KEY_FILE.
    """
    role(role_name)
    client, prefix = _connected()
    with client:
        made = keys.create(client, prefix, role_name, name, days)
    typer.echo(orjson.dumps(asdict(made)) if json else made.encoded)
    typer.echo(f"Key {made.id} ({made.name}) of the role {made.role}: it is not shown again.", err=True)


@app.command("list")
def list_(json: AsJson = False) -> None:
    """List the keys of this prefix, without their secrets."""
    client, prefix = _connected()
    with client:
        found = keys.listed(client, prefix)
    if json:
        print_json({"keys": [asdict(key) for key in found]})
        return
    if not found:
        typer.echo("There are no keys for this prefix: linernotes keys create --role reader")
        return
    table = Table(box=None, pad_edge=False)
    for title in ("id", "name", "role", "state", "expires"):
        # An id is there to be copied: what gives way on a narrow terminal is the name.
        table.add_column(title, no_wrap=title != "name", overflow="fold")
    for key in found:
        table.add_row(key.id, key.name, key.role, key.state, key.expires or "never")
    terminal.console().print(table)


@app.command(context_settings={"ignore_unknown_options": True, "help_option_names": ["--help"]})  # an id may be "-h..."
def revoke(key_id: Id, json: AsJson = False) -> None:
    """Revoke a key: from now on it opens nothing. It stays in the list for a while."""
    client, prefix = _connected()
    with client:
        key = keys.revoke(client, prefix, key_id)
    typer.echo(orjson.dumps(asdict(key)) if json else f"Key {key.id} ({key.name}, {key.role}) is {key.state}.")


def _connected() -> tuple[Elasticsearch, str]:
    config = settings.from_environment()
    return connect(config), config.prefix
