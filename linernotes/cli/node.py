"""`linernotes node`: the local Elasticsearch, for people and scripts."""

import subprocess
from collections import deque
from pathlib import Path
from typing import Annotated

import typer

from linernotes import settings
from linernotes.cli.common import AsJson, print_json
from linernotes.node import security
from linernotes.node.state import Layout
from linernotes.node.status import NodeStatus, read_status
from mappings.errors import InputError

app = typer.Typer(help="Start, stop and look after the local Elasticsearch.", no_args_is_help=True)

Heap = Annotated[
    str | None, typer.Option(help="Memory of each node, such as 512m or 2g. [default: as before, or 1g, less if many]")
]
SameHeap = Annotated[str | None, typer.Option("--heap", help="Memory of each node from now on. [default: as before]")]
Nodes = Annotated[int | None, typer.Option(min=1, help="How many nodes, in one cluster. [default: as before, or 1]")]
Secure = Annotated[bool, typer.Option("--secure", help="Ask for credentials and speak TLS; stays on once it is on.")]
Version = Annotated[
    int | None,
    typer.Option("--es-version", "--version", help="Elasticsearch 8 or 9. [default: as before, or 8]"),
]
Snapshots = Annotated[
    Path | None,
    typer.Option(metavar="FOLDER", help="Folder below which snapshots may be stored. [default: as before, or none]"),
]
Lines = Annotated[int, typer.Option(min=0, help="How many of the last lines to print.")]
Follow = Annotated[bool, typer.Option("--follow", help="Go on printing what is written, until Ctrl-C.")]


@app.command()
def start(
    heap: Heap = None,
    nodes: Nodes = None,
    secure: Secure = False,
    version: Version = None,
    snapshots: Snapshots = None,
    json: AsJson = False,
) -> None:
    """Start the local Elasticsearch, fetching it first if it isn't here, and wait until it answers.

    A newer --es-version takes over the data that are here; there is no way back but a snapshot.
    """
    from linernotes.node import service

    config = settings.from_environment()
    done = service.start(
        config.home, heap=heap, nodes=nodes, is_secure=secure, version=version, snapshots=snapshots, report=say
    )
    show(done, as_json=json)
    if done.secure:
        files = security.of(config.home)
        say(
            f"Its certificate authority is {files.authority}, the password of {security.SUPERUSER} is in "
            f"{files.password}."
        )
    if config.urls:
        say(f"LINERNOTES_URL is set, so the other commands use {', '.join(config.urls)} and not this node.")


@app.command()
def stop(json: AsJson = False) -> None:
    """Stop the local Elasticsearch. Its data stay."""
    from linernotes.node import service

    show(service.stop(settings.from_environment().home, report=say), as_json=json)


@app.command()
def restart(heap: SameHeap = None, json: AsJson = False) -> None:
    """Restart the local nodes, one after the other: searches go on where there are several, and replicas."""
    from linernotes.node import service

    show(service.restart(settings.from_environment().home, heap=heap, report=say), as_json=json)


@app.command()
def status(json: AsJson = False) -> None:
    """Say whether the local Elasticsearch runs, and where."""
    show(read_status(settings.from_environment().home), as_json=json)


@app.command()
def logs(lines: Lines = 50, follow: Follow = False, json: AsJson = False) -> None:
    """Print what the local Elasticsearch wrote to its log; with --json as JSON lines."""
    path = log_path(settings.from_environment().home, structured=json)
    if follow:
        subprocess.run(["tail", "-n", str(lines), "-F", str(path)], check=False)
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        for line in deque(file, maxlen=lines):
            typer.echo(line, nl=False)


def log_path(home: Path, *, structured: bool = False) -> Path:
    """Return the log to read: what was written to last, the node's log or what its start printed.

    A start that fails early says why only in what it prints. `structured` picks the log of JSON lines.
    """
    layout = Layout(home)
    paths = [path for path in ([layout.json_log] if structured else [layout.log, layout.console]) if path.is_file()]
    if not paths:
        raise InputError(f"There are no logs in {layout.logs}.", "Start the node first: linernotes node start")
    return max(paths, key=lambda path: path.stat().st_mtime)


def show(nodes: NodeStatus, *, as_json: bool) -> None:
    """Print a status on stdout."""
    if as_json:
        print_json(nodes.as_dict())
        return
    if not nodes.nodes:
        typer.echo("No local Elasticsearch was started yet: linernotes node start")
    for node in nodes.nodes:
        secure = ", secure" if nodes.secure else ""
        process = f", process {node.pid}" if node.pid else ""
        typer.echo(f"{node.name}: {node.state}, {node.url}, Elasticsearch {node.version}{secure}{process}")


def say(sentence: str) -> None:
    """Print what is being done on stderr."""
    typer.echo(sentence, err=True)
