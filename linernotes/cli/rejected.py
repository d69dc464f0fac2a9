"""`linernotes rejected`: the records that could not become a track: seen, taken elsewhere, sent once more."""

from dataclasses import asdict
from itertools import islice
from pathlib import Path
from typing import Annotated

import typer
from elasticsearch import Elasticsearch
from rich.console import Console

from indexer.cluster import indices
from indexer.cluster.ledger import Ledger
from indexer.cluster.progress import Progress
from indexer.cluster.rejects import MAX_ATTEMPTS, RejectedReader, Wanted
from indexer.maintenance.replay import Replayer
from indexer.sources import SOURCES
from linernotes import arguments
from linernotes.cli.context import print_json
from linernotes.cli.operating import connected
from linernotes.output import load as loading
from linernotes.output import rejected, terminal
from mappings.errors import InputError
from mappings.index_names import Generation

REJECTED = 4
SHOWN = 10

app = typer.Typer(help="See, take elsewhere or send once more the records that were rejected.", no_args_is_help=True)

Known = ", ".join(SOURCES)
Dataset = Annotated[str, typer.Argument(help=f"Data set: {Known}.")]
MaybeDataset = Annotated[str | None, typer.Argument(help=f"Data set; all of them without it. Known: {Known}.")]
Row = Annotated[int | None, typer.Option(min=1, help="Only this row; the first after a CSV's header is 1.")]
File = Annotated[str | None, typer.Option(help="Only rows of this source file, by its name.")]
Limit = Annotated[int, typer.Option(min=1, help="Records at most.")]
Out = Annotated[Path, typer.Option(help=f"File to write: {' or '.join(rejected.WRITERS)}.")]
Attempts = Annotated[
    int,
    typer.Option(min=2, help="Send only what was tried fewer times than this, the load included."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]


@app.command("list")
def list_(dataset: MaybeDataset = None, json: AsJson = False) -> None:
    """Count rejected records by their reason.

    By data set, generation and class of reason, each with its first record's. A load rejects what it can't read, and
    what Elasticsearch refuses; only the latter can be replayed.
    """
    wanted = arguments.dataset(dataset) if dataset else None
    with connected() as (client, prefix):
        counts = RejectedReader(client, prefix).counts(wanted)
        names = {count.dataset for count in counts}
        current = {entry.index for name in names for entry in indices.current(client, prefix, name)}
    if json:
        rows = [
            asdict(count) | {"replayable": count.replayable, "current": count.generation in current} for count in counts
        ]
        print_json({"total": sum(count.records for count in counts), "rejected": rows})
    else:
        rejected.show_counts(counts, current, terminal.console())


@app.command()
def show(dataset: Dataset, row: Row = None, file: File = None, limit: Limit = SHOWN, json: AsJson = False) -> None:
    """Show rejected records: where, why, and what.

    Of the current generation, by file and row. With --json a line for each record, then one with the sum.
    """
    with connected() as (client, prefix):
        generation = _generation(client, prefix, arguments.dataset(dataset))
        query = Wanted(generation, _file(client, generation, file), row)
        reader, shown = RejectedReader(client, prefix), 0
        total, console = reader.count(query), terminal.console()
        for record in islice(reader.records(query), limit):
            shown += 1
            if json:
                print_json(asdict(record))
            else:
                rejected.show_record(record, console)
    if json:
        print_json({"summary": {"generation": generation.index, "shown": shown, "total": total}})
    else:
        rejected.show_end(generation, shown, total, console)


@app.command()
def export(dataset: Dataset, out: Out, json: AsJson = False) -> None:
    """Write all rejected records into a file.

    Of the current generation, in any number. The file appears when it is whole, or not at all. A CSV is safe to open
    in a spreadsheet: text that would be a formula there begins with an apostrophe.
    """
    written = rejected.target(out)
    with connected() as (client, prefix):
        generation = _generation(client, prefix, arguments.dataset(dataset))
        number = rejected.write(RejectedReader(client, prefix).records(Wanted(generation)), written)
    if json:
        print_json({"dataset": dataset, "generation": generation.index, "file": str(out), "records": number})
    else:
        rejected.show_written(generation, number, out, terminal.console())


@app.command()
def replay(dataset: Dataset, max_attempts: Attempts = MAX_ATTEMPTS, json: AsJson = False) -> int:
    """Send what Elasticsearch refused once more.

    Do so when the cause is mended there, such as the mapping. Each record is tried once in a run. A record that could
    not be read can't be replayed: mend the source and load again. When a replay is killed, running it again mends
    what was left. The exit code is 4 while rejected records remain.
    """
    name = arguments.dataset(dataset)
    progress, stderr = Progress(), Console(stderr=True)
    with connected() as (client, prefix), loading.shown(progress, stderr):
        result = Replayer(client, prefix, progress, max_attempts).run(name)
    if json:
        print_json(asdict(result))
    else:
        rejected.show_replay(result, max_attempts, terminal.console())
    return REJECTED if result.rejected else 0


def _generation(client: Elasticsearch, prefix: str, dataset: str) -> Generation:
    response = RejectedReader(client, prefix).generation(dataset)
    if response is None:
        raise InputError(f"{dataset} is not loaded.", f"Load it first: linernotes load {dataset} PATH...")
    return response


def _file(client: Elasticsearch, generation: Generation, given: str | None) -> str | None:
    """Return the name of a source file that the load read: any other would just find nothing."""
    if given is None:
        return None
    loads = Ledger(client, generation.prefix).loads(generation.dataset)
    plans = [load.plan for load in loads if load.generation == generation]
    return arguments.one_of("source file", given, [entry["name"] for plan in plans for entry in plan["files"]])
