"""`linernotes kibana import`, `check`: data views, searches and two dashboards for Kibana."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from elasticsearch import NotFoundError

from linernotes import settings
from linernotes.cli.common import AsJson, print_json
from linernotes.elastic import connect
from linernotes.files import STANDARD, input_file
from linernotes.kibana import client
from linernotes.kibana.check import Fields, check, parse
from linernotes.kibana.objects import ndjson, objects
from linernotes.kibana.sources import SOURCES, fields_of
from linernotes.output import terminal
from linernotes.settings import Settings
from mappings.errors import CheckFailedError

CHECK_FAILED = 5
URL = "http://127.0.0.1:5601"

app = typer.Typer(help="Check Kibana's dashboards, and import them.", no_args_is_help=True)

MaybeFile = Annotated[
    Path | None,
    typer.Argument(metavar="FILE", help="A file exported from Kibana, or - for standard input; without it, ours."),
]
Url = Annotated[str, typer.Option(metavar="URL", envvar="LINERNOTES_KIBANA_URL", help="Address of Kibana.")]
Space = Annotated[str, typer.Option(metavar="NAME", help="Existing space to import into.")]
Live = Annotated[bool, typer.Option("--live", help="Check against the indices in Elasticsearch.")]


@app.command("import")
def import_objects(
    file: MaybeFile = None, url: Url = URL, space: Space = client.DEFAULT_SPACE, json: AsJson = False
) -> None:
    """Import data views, saved searches and dashboards into Kibana.

    They replace those of the same ids. They are checked first, and so is Kibana's version. Its credentials are those
    for Elasticsearch, from the environment.
    """
    config = settings.from_environment()
    data = _data(file, config)
    if problems := check(parse(data, _name(file))):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise CheckFailedError(f"{problems[0]}{more}.", "Nothing was imported; see: linernotes kibana check")
    done = client.of(config, url, space, lambda line: typer.echo(line, err=True)).import_objects(data)
    if json:
        about = {"url": done.url, "space": done.space, "version": done.version, "imported": done.objects}
        print_json(about | {"kinds": done.kinds})
    else:
        where = f"space {done.space} of Kibana {done.version} at {done.url}"
        typer.echo(f"{done.objects} objects are in {where}.")


@app.command("check")
def check_objects(file: MaybeFile = None, live: Live = False, json: AsJson = False) -> int:
    """Check that each field, data view and reference exists, with the right type.

    Without --live, neither Kibana nor Elasticsearch is needed. The exit code is 5 if something is missing.
    """
    config = settings.from_environment()
    entries = parse(_data(file, config), _name(file))
    problems = check(entries, _live(config) if live else None)
    if json:
        print_json({"objects": len(entries), "flaws": [asdict(one) for one in problems]})
    else:
        for one in problems:
            typer.echo(terminal.visible(one))
        count = len(entries)
        typer.echo(
            f"{len(problems)} problems in {count} objects." if problems else f"{count} objects: nothing is missing."
        )
    return CHECK_FAILED if problems else 0


def _data(file: Path | None, config: Settings) -> bytes:
    if file is None:
        return ndjson(objects(config.prefix))
    with input_file(file, "a file exported from Kibana") as (path, _):
        return path.read_bytes()


def _name(file: Path | None) -> str:
    return "the generated file" if file is None else "standard input" if file == STANDARD else str(file)


def _live(config: Settings) -> Fields:
    """Return the fields of each data view as Elasticsearch has them; none where the index is missing."""
    with connect(config) as elasticsearch:
        fields = {}
        for source in SOURCES:
            try:
                bodies = elasticsearch.indices.get_mapping(index=source.index(config.prefix)).body
            except NotFoundError:
                bodies = {}
            fields[source.id] = {
                name: one for body in bodies.values() for name, one in fields_of(body["mappings"]).items()
            }
    return fields
