"""`linernotes load`: read source files, index every record, make them visible at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from indexer.checks import GateError, Thresholds
from indexer.cluster.progress import Progress
from indexer.load.load import InterruptedLoadError, Loader, LoadResult, Options
from indexer.load.plan import make
from indexer.sources import SOURCES
from linernotes import arguments, settings
from linernotes.cli.context import print_json, stopping
from linernotes.elastic import connect
from linernotes.output import generations, terminal
from linernotes.output.load import shown, summary
from mappings.errors import InputError

REJECTED, INTERRUPTED = 4, 130

Dataset = Annotated[str, typer.Argument(help=f"Which data set the files are: {', '.join(SOURCES)}.")]
Paths = Annotated[
    list[Path],
    typer.Argument(help="Source files as published, packed or not; folders, quoted patterns, - for standard input."),
]
Limit = Annotated[int | None, typer.Option(min=1, help="Load only the first N records.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Start over instead of going on with an earlier load.")]
Replicas = Annotated[int, typer.Option(min=0, help="Copies of each shard; 1 when a cluster must survive a node.")]
Shards = Annotated[int, typer.Option(min=0, max=1024, help="Shards of the new index. [default: by its size]")]
Workers = Annotated[int, typer.Option(min=0, help="Requests in flight at most. [default: twice the cores]")]
Prepare = Annotated[int, typer.Option(min=1, max=64, help="Threads that read and normalise.")]
Merge = Annotated[bool, typer.Option(help="Have the index merged afterwards, in the background: searches get faster.")]
MaxChange = Annotated[float, typer.Option(min=0, help="Change against what is in service now, in per cent at most.")]
MaxRejected = Annotated[float, typer.Option(min=0, help="Share of records that may be rejected, in per cent.")]
Force = Annotated[str | None, typer.Option(help="Go through closed gates, for this reason; it is written down.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def load(
    dataset: Dataset,
    paths: Paths,
    limit: Limit = None,
    fresh: Fresh = False,
    replicas: Replicas = 0,
    shards: Shards = 0,
    workers: Workers = 0,
    prepare: Prepare = 1,
    merge: Merge = True,
    max_change: MaxChange = Thresholds.max_change,
    max_rejected: MaxRejected = Thresholds.max_rejected,
    force: Force = None,
    json: AsJson = False,
) -> int:
    """Load a data set: every record ends up in the index, or in the list of rejected ones.

    A load that was interrupted goes on where it was when the same command is run again. Searchers see the new
    records all at once, after the sums were checked and the gates passed: not much fewer or more tracks than before,
    no field lost, a sample equal to its source. Of several records with one id, the first wins.
    """
    options = Options(
        fresh=fresh,
        replicas=replicas,
        shards=shards,
        workers=workers,
        prepare=prepare,
        merge=merge,
        thresholds=Thresholds(max_change=max_change, max_rejected=max_rejected),
        force=reason(force),
    )
    try:
        result = run(arguments.dataset(dataset), paths, limit, options)
    except GateError as problem:
        show_closed(problem, as_json=json)
        raise
    show(result, as_json=json)
    return REJECTED if result.rejected else 0


def reason(force: str | None) -> str:
    """Return why closed gates shall be passed, empty for not at all; raises InputError for a reason left empty."""
    if force is not None and not force.strip():
        raise InputError("--force needs a reason.", 'Write it like --force "the 2026 release is smaller".')
    return (force or "").strip()


def show_closed(problem: GateError, *, as_json: bool) -> None:
    """Print the gates of a generation that did not pass, on standard output."""
    rows = [asdict(gate) for gate in problem.gates]
    generation = problem.generation
    if as_json:
        told = {"dataset": generation.dataset, "generation": generation.index, "gates": rows, "alias_moved": False}
        print_json(told)
    else:
        terminal.console().print(generations.gates_table(problem.gates, swapped=False))


def run(dataset: str, paths: list[Path], limit: int | None, options: Options) -> LoadResult:
    """Load files into the Elasticsearch of the settings, with progress on standard error."""
    config = settings.from_environment()
    source = SOURCES[dataset]
    client = connect(config)
    client.info()
    progress, console = Progress(), Console(stderr=True)
    with resumable(), shown(progress, console), stopping() as stop:
        plan = make(source, source.files(paths), limit)
        return Loader(client, config.prefix, plan, options, progress, stop).run()


@contextmanager
def resumable() -> Iterator[None]:
    """Say of a load that was interrupted that it can be resumed, and end the command."""
    try:
        yield
    except InterruptedLoadError as end:
        typer.echo(f"Interrupted. The load of {end} goes on where it was when the same command is run again.", err=True)
        raise typer.Exit(INTERRUPTED) from end


def show(result: LoadResult, *, as_json: bool) -> None:
    """Print the result on standard output."""
    if as_json:
        print_json(asdict(result))
    else:
        Console().print(summary(result))
        if result.gates:
            terminal.console().print(generations.gates_table(result.gates, swapped=True))
