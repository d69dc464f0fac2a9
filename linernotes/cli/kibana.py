"""`linernotes kibana import`, `check`: data views, searches and dashboards for Kibana."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from elasticsearch import NotFoundError

from linernotes import cards, settings
from linernotes.cli.common import AsJson, open_searcher, print_json
from linernotes.elastic import connect
from linernotes.kibana import client
from linernotes.kibana.check import Fields, check, parse
from linernotes.kibana.objects import ndjson, objects
from linernotes.kibana.sources import SOURCES, common_fields
from linernotes.output import terminal
from linernotes.output.files import STANDARD, input_file
from linernotes.settings import Settings
from mappings.errors import CheckFailedError, UnreachableError

SOME_REFUSED, CHECK_FAILED = 4, 5
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
) -> int:
    """Import data views, saved searches and dashboards into Kibana.

    They replace those of the same ids. They are checked first, and so are Kibana's version and the space. Credentials
    are those for Elasticsearch, from the environment. The declared data sets, which have colours of their own, are read
    from Elasticsearch. The exit code is 4 if Kibana took only some of the objects.
    """
    config = settings.from_environment()
    if file is None:
        _look_up_cards()
    data = _data(file, config)
    if problems := check(parse(data, _name(file))):
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise CheckFailedError(f"{problems[0]}{more}.", "Nothing was imported; see: linernotes kibana check")
    done = client.of(config, url, space, lambda line: typer.echo(line, err=True)).import_objects(data)
    if json:
        about = {"url": done.url, "space": done.space, "version": done.version, "imported": done.objects}
        refused = [asdict(one) for one in done.refused]
        print_json(about | {"kinds": done.kinds, "new_ids": done.new_ids, "refused": refused})
    else:
        _show(done)
    return SOME_REFUSED if done.refused else 0


def _look_up_cards() -> None:
    """Read which data sets are declared; where Elasticsearch isn't reached, say what is missing then."""
    try:
        with open_searcher() as searcher:
            cards.set_known(searcher.cards())
    except UnreachableError as problem:
        typer.echo(f"Declared data sets get no colours of their own. {problem}", err=True)


def _show(done: client.Imported) -> None:
    of = f" of {done.objects + len(done.refused)}" if done.refused else ""
    kibana = f"Kibana {done.version}" if done.version else "Kibana"
    typer.echo(f"{done.objects}{of} objects were imported into the space {done.space} of {kibana} at {done.url}.")
    for one in done.refused:
        typer.echo(terminal.visible(f"Not imported: {one}"))
    if done.new_ids:
        typer.echo(
            f"Kibana gave {done.new_ids} of them new ids, as another space has the original ones: dashboards work as "
            "usual, but links that name them by id don't lead to this space's copies."
        )


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
            fields[source.id] = common_fields(body["mappings"] for body in bodies.values())
    return fields
