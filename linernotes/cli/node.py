"""`linernotes node`: the local Elasticsearch, for people and scripts."""

from typing import Annotated

import typer

from linernotes import settings
from linernotes.cli.context import print_json
from linernotes.node import logs as node_logs
from linernotes.node import service
from linernotes.node.security import SUPERUSER
from linernotes.node.security import of as keys_of
from linernotes.node.service import NodeStatus

app = typer.Typer(help="Start, stop and look after the local Elasticsearch.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Heap = Annotated[
    str | None,
    typer.Option(help=f"Memory of each node, such as 512m or 2g. [default: {service.DEFAULT_HEAP}, less if many]"),
]
SameHeap = Annotated[str | None, typer.Option("--heap", help="Memory of each node from now on. [default: as before]")]
Nodes = Annotated[int | None, typer.Option(min=1, help="How many nodes, in one cluster. [default: as before, or 1]")]
Secure = Annotated[bool, typer.Option("--secure", help="Ask for credentials and speak TLS; stays on once it is on.")]
Version = Annotated[int | None, typer.Option(help="Elasticsearch 8 or 9. [default: as before, or 8]")]
Lines = Annotated[int, typer.Option(min=0, help="How many of the last lines to print.")]
Follow = Annotated[bool, typer.Option("--follow", help="Go on printing what is written, until Ctrl-C.")]


@app.command()
def start(
    heap: Heap = None, nodes: Nodes = None, secure: Secure = False, version: Version = None, json: AsJson = False
) -> None:
    """Start the local Elasticsearch, fetching it first if it isn't here, and wait until it answers."""
    config = settings.from_environment()
    done = service.start(config.home, heap=heap, nodes=nodes, is_secure=secure, version=version, report=say)
    show(done, as_json=json)
    if done.secure:
        own = keys_of(config.home)
        say(f"Its certificate authority is {own.authority}, the password of {SUPERUSER} is in {own.password}.")
    if config.url:
        say(f"LINERNOTES_URL is set, so the other commands use {config.url} and not this node.")


@app.command()
def stop(json: AsJson = False) -> None:
    """Stop the local Elasticsearch. Its data stay."""
    show(service.stop(settings.from_environment().home, report=say), as_json=json)


@app.command()
def restart(heap: SameHeap = None, json: AsJson = False) -> None:
    """Restart the local nodes, one after the other: searches go on where there are several, and replicas."""
    show(service.restart(settings.from_environment().home, heap=heap, report=say), as_json=json)


@app.command()
def status(json: AsJson = False) -> None:
    """Say whether the local Elasticsearch runs, and where."""
    show(service.status(settings.from_environment().home), as_json=json)


@app.command()
def logs(lines: Lines = 50, follow: Follow = False, json: AsJson = False) -> None:
    """Print what the local Elasticsearch wrote to its log; with --json as JSON lines."""
    path = node_logs.path_of(settings.from_environment().home, structured=json)
    for line in node_logs.follow(path, lines) if follow else node_logs.tail(path, lines):
        typer.echo(line)


def show(found: NodeStatus, *, as_json: bool) -> None:
    """Print a status on stdout."""
    if as_json:
        print_json(found.as_dict())
        return
    if not found.nodes:
        typer.echo("No local Elasticsearch was started yet: linernotes node start")
    for node in found.nodes:
        guarded = ", secure" if found.secure else ""
        process = f", process {node.pid}" if node.pid else ""
        typer.echo(f"{node.name}: {node.state}, {node.url}, Elasticsearch {node.version}{guarded}{process}")


def say(sentence: str) -> None:
    """Print what is being done on stderr."""
    typer.echo(sentence, err=True)
