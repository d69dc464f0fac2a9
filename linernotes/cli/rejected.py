"""`linernotes rejected`: the records that could not become a track: listed, shown, exported, sent again."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, astuple
from itertools import islice
from pathlib import Path
from typing import IO, Annotated

import orjson
import polars as pl
import typer
from elasticsearch import Elasticsearch

from indexer.cluster import indices
from indexer.cluster.ledger import Ledger
from indexer.cluster.progress import Progress
from indexer.cluster.rejects import COLUMNS, MAX_ATTEMPTS, Rejected, RejectedFilter, RejectedReader
from indexer.maintenance.replay import replay_rejected
from linernotes import arguments
from linernotes.cli.common import (
    AsJson,
    AsJsonLines,
    Dataset,
    MaybeDataset,
    Overwrite,
    dataset_of,
    limit,
    number,
    print_json,
)
from linernotes.cli.load import REJECTED, open_client
from linernotes.export.writers import csv_rows
from linernotes.output import rejected as output
from linernotes.output import terminal
from linernotes.output.files import open_output, output_file
from linernotes.output.load import show_progress
from mappings.errors import InputError
from mappings.index_names import Generation

SHOWN = 10

app = typer.Typer(help="List, show, export and replay rejected records.", no_args_is_help=True)

Row = Annotated[int | None, number("Only this row; the first after a CSV's header is 1.", 1)]
File = Annotated[str | None, typer.Option(metavar="NAME", help="Only rows of this source file.")]
Attempts = Annotated[int, number("Skip records that were tried this often, the load included.", 2)]


@app.command("list")
def list_(dataset: MaybeDataset = None, json: AsJson = False) -> None:
    """Count rejected records by their reason.

    They are counted by data set, generation and kind of reason, each with an example. A load rejects what it can't
    read, and what Elasticsearch refuses; only the latter can be replayed.
    """
    name = dataset_of(dataset) if dataset else None
    with open_client() as (client, prefix):
        counts = RejectedReader(client, prefix).counts(name)
        names = {count.dataset for count in counts}
        current = {index.index for each in names for index in indices.current(client, prefix, each)}
    if json:
        rows = [
            asdict(count) | {"replayable": count.replayable, "current": count.generation in current} for count in counts
        ]
        print_json({"total": sum(count.records for count in counts), "rejected": rows})
    else:
        output.show_counts(counts, current, terminal.console())


@app.command()
def show(
    dataset: Dataset,
    row: Row = None,
    file: File = None,
    size: Annotated[int, limit("Records", minimum=1)] = SHOWN,
    json: AsJsonLines = False,
) -> None:
    """Show rejected records: where they are from, why they were rejected, and what they say.

    Those of the current generation are shown, by file and row.
    """
    with open_client() as (client, prefix):
        generation = _generation(client, prefix, dataset_of(dataset))
        query = RejectedFilter(generation, _file(client, generation, file), row)
        reader, shown = RejectedReader(client, prefix), 0
        total, console = reader.count(query), terminal.console()
        for record in islice(reader.records(query), size):
            shown += 1
            if json:
                print_json(asdict(record))
            else:
                output.show_record(record, console)
    if json:
        print_json({"summary": {"generation": generation.index, "shown": shown, "total": total}})
    else:
        output.show_end(generation, shown, total, console)


def _ndjson(records: Iterable[Rejected], stream: IO[bytes]) -> None:
    for record in records:
        stream.write(orjson.dumps(asdict(record)) + b"\n")


def _csv(records: Iterable[Rejected], stream: IO[bytes]) -> None:
    types = {name: pl.Int64 if name in ("row", "attempt") else pl.String for name in COLUMNS}
    stream.writelines(csv_rows(map(astuple, records), pl.Schema(types)))


WRITERS: Mapping[str, Callable[[Iterable[Rejected], IO[bytes]], None]] = {".ndjson": _ndjson, ".csv": _csv}

Out = Annotated[
    Path,
    typer.Option(metavar="FILE", help=f"File to write: {', '.join(WRITERS)}; - is standard output, as NDJSON."),
]


@app.command()
def export(dataset: Dataset, out: Out, overwrite: Overwrite = False, json: AsJson = False) -> None:
    """Export all rejected records of the current generation to a file.

    The file appears when it is complete, or not at all. A CSV is safe to open in a spreadsheet: text that would be a
    formula gets an apostrophe.
    """
    file = output_file(out, list(WRITERS), overwrite=overwrite)
    if file.is_stdout and json:
        raise InputError("Records and summary can't both go to standard output.", "Leave out --json, or name a file.")
    records = 0

    def count(reader: RejectedReader) -> Iterator[Rejected]:
        nonlocal records
        for record in reader.records(RejectedFilter(generation)):
            records += 1
            yield record

    with open_client() as (client, prefix):
        generation = _generation(client, prefix, dataset_of(dataset))
        with open_output(file) as stream:
            WRITERS[file.suffix](count(RejectedReader(client, prefix)), stream)
    if json:
        print_json({"dataset": dataset, "generation": generation.index, "file": str(out), "records": records})
    elif not file.is_stdout:
        output.show_written(generation, records, out, terminal.console())


@app.command()
def replay(dataset: Dataset, max_attempts: Attempts = MAX_ATTEMPTS, json: AsJson = False) -> int:
    """Send the records that Elasticsearch refused once more.

    Do so after removing the cause there, such as a wrong mapping. Each record is tried once. A record that could not be
    read can't be replayed: correct the source and load it again. A replay that was killed is completed by running it
    again. The exit code is 4 while rejected records remain.
    """
    name, progress = dataset_of(dataset), Progress()
    with open_client() as (client, prefix), show_progress(progress):
        result = replay_rejected(client, prefix, name, progress, max_attempts)
    if json:
        print_json(asdict(result))
    else:
        output.show_replay(result, max_attempts, terminal.console())
    return REJECTED if result.rejected else 0


def _generation(client: Elasticsearch, prefix: str, dataset: str) -> Generation:
    generation = RejectedReader(client, prefix).generation(dataset)
    if generation is None:
        raise InputError(f"{dataset} is not loaded.", f"Load it first: linernotes load {dataset} PATH...")
    return generation


def _file(client: Elasticsearch, generation: Generation, name: str | None) -> str | None:
    """Return the name of a source file that the load read: any other would just find nothing."""
    if name is None:
        return None
    loads = Ledger(client, generation.prefix).loads(generation.dataset)
    plans = [load.plan for load in loads if load.generation == generation]
    return arguments.one_of("source file", name, [entry["name"] for plan in plans for entry in plan["files"]])
