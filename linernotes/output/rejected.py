"""Rejected records for people, and as files for other programs."""

import csv
import os
import uuid
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, astuple
from itertools import groupby
from operator import attrgetter
from pathlib import Path
from typing import IO

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

from indexer.cluster.rejects import COLUMNS, Count, Rejected
from indexer.maintenance.replay import Replay
from linernotes.output.terminal import show, visible
from mappings.errors import InputError
from mappings.index_names import Generation

RECORD_CHARACTERS = 2_000
"""So much of a record is shown on a terminal; `--json` and `export` give all that is kept."""

FORMULA = tuple("=+-@＝＋－＠\t\r\n")
"""What a cell must not begin with: a spreadsheet would calculate it, or run it. The wide forms count too."""


def show_counts(counts: list[Count], current: Collection[str], console: Console) -> None:
    """Print how many records were rejected, and why."""
    if not counts:
        console.print("No record was rejected.")
        return
    for generation, kinds in groupby(counts, attrgetter("generation")):
        state = "" if generation in current else " (not current)"
        show(Text(f"{generation}{state}", style="bold"), console)
        for count in kinds:
            show(Text(f"  {count.records:,} {count.kind}, {count.replayable:,} replayable"), console)
            show(Text(f"    {visible(count.example)}", style="dim"), console)


def show_record(record: Rejected, console: Console) -> None:
    """Print one record: its place, the reason, and the record."""
    text = visible(record.record)
    cut = " … (--json shows all of it)" if len(text) > RECORD_CHARACTERS else ""
    tries = "" if record.attempt == 1 else f", tried {record.attempt} times"
    show(Text(f"{visible(record.file)}, row {record.row}: {record.kind}{tries}", style="bold"), console)
    show(Text(f"    {visible(record.reason)}"), console)
    show(Text(f"    {text[:RECORD_CHARACTERS]}{cut}", style="dim"), console)


def show_end(generation: Generation, shown: int, total: int, console: Console) -> None:
    """Print how many of how many were shown."""
    more = "" if shown == total else " --limit shows more, export writes all."
    sentence = f"{shown:,} of {total:,} rejected records of {generation.index}.{more}"
    show(Text(sentence if total else f"No rejected record of {generation.index} is meant."), console)


def show_written(generation: Generation, records: int, out: Path, console: Console) -> None:
    """Print what was written."""
    show(Text(f"{records:,} rejected records of {generation.index} written to {visible(out)}."), console)


def show_replay(result: Replay, max_attempts: int, console: Console) -> None:
    """Print what became of the records, and what to do about those that are left."""
    show(Text(result.generation, style="bold"), console)
    table = Table(show_header=False, box=None)
    for name in ("tried", "indexed", "duplicates", "refused_again", "rejected"):
        table.add_row(_WORDS.get(name, name), f"{getattr(result, name):,}")
    console.print(table)
    left = {name: getattr(result, name) for name in _ADVICE}
    for name, number in left.items():
        if number:
            show(Text(f"{number:,} {_ADVICE[name].format(attempts=max_attempts, dataset=result.dataset)}"), console)


_WORDS: Mapping[str, str] = {"refused_again": "refused again", "rejected": "still rejected"}
_ADVICE: Mapping[str, str] = {
    "never_a_track": "could not be read and can't be replayed: mend the source, then load it again "
    "(linernotes load {dataset} PATH...).",
    "exhausted": "were refused {attempts} times or more and are not sent again: mend the source and load it again, or "
    "give a higher --max-attempts.",
    "incomplete": "can't be replayed because only a part of each is kept: mend the source, then load it again "
    "(linernotes load {dataset} PATH...).",
}


def target(out: Path) -> Path:
    """Return where to write; raises InputError for a place or a kind of file that can't be written."""
    if out.suffix.lower() not in WRITERS:
        raise InputError(f"{out} is no kind of file that can be written.", f"End it in {' or '.join(WRITERS)}.")
    if out.is_dir() or not out.parent.is_dir():
        raise InputError(f"{out} can't be written: its folder is missing, or it is one.", "Give the path of a file.")
    return out


def write(records: Iterable[Rejected], out: Path) -> int:
    """Write records into a file and return their number; memory doesn't grow with it."""
    number = 0
    with _whole(out) as stream:
        put = WRITERS[out.suffix.lower()](stream)
        for record in records:
            put(record)
            number += 1
    return number


@contextmanager
def _whole(out: Path) -> Iterator[IO[str]]:
    """Give a stream that becomes the file when the block ends well, and nothing when it doesn't."""
    final = out.resolve()
    part = final.with_name(f".{final.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("x", encoding="utf-8", newline="") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())
        part.replace(final)
    except OSError as error:
        raise InputError(f"{out} can't be written: {error.strerror}.", "Give another place with --out.") from error
    finally:
        part.unlink(missing_ok=True)


def _ndjson(stream: IO[str]) -> Callable[[Rejected], object]:
    return lambda record: stream.write(f"{orjson.dumps(asdict(record)).decode()}\n")


def _csv(stream: IO[str]) -> Callable[[Rejected], object]:
    writer = csv.writer(stream, quoting=csv.QUOTE_NONNUMERIC)
    writer.writerow(COLUMNS)
    return lambda record: writer.writerow([cell(value) for value in astuple(record)])


def cell(value: object) -> object:
    """Return a value as a cell that no spreadsheet takes for a formula.

    >>> cell("=1+1"), cell(" -2"), cell("AC/DC"), cell(7)
    ("'=1+1", "' -2", 'AC/DC', 7)
    """
    risky = isinstance(value, str) and (value.startswith(FORMULA) or value.lstrip().startswith(FORMULA))
    return f"'{value}" if risky else value


WRITERS: Mapping[str, Callable[[IO[str]], Callable[[Rejected], object]]] = {".ndjson": _ndjson, ".csv": _csv}
