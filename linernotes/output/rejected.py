"""Results of `rejected`: counts by reason, records, and what became of a replay."""

from collections.abc import Collection, Mapping
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from rich.console import Console
from rich.text import Text

from indexer.cluster.rejects import Count, Rejected
from indexer.maintenance.replay import Replay
from linernotes.output.tables import counted, grid
from linernotes.output.terminal import show, visible
from mappings.index_names import Generation

RECORD_CHARACTERS = 2_000
"""So much of a record is shown on a terminal; `--json` and `export` give all that is kept."""


def show_counts(counts: list[Count], current: Collection[str], console: Console) -> None:
    """Print how many records were rejected, and why."""
    if not counts:
        show("No records were rejected.", console)
        return
    for generation, kinds in groupby(counts, attrgetter("generation")):
        state = "" if generation in current else " (not current)"
        show(Text(f"{generation}{state}", style="bold"), console)
        for count in kinds:
            show(Text(f"  {count.kind}: {counted(count.records, 'record')}, {count.replayable:,} replayable"), console)
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
    show(Text(sentence if total else f"No matching rejected records of {generation.index}."), console)


def show_written(generation: Generation, records: int, out: Path, console: Console) -> None:
    """Print what was written."""
    show(Text(f"{records:,} rejected records of {generation.index} written to {visible(out)}."), console)


def show_replay(result: Replay, max_attempts: int, console: Console) -> None:
    """Print what became of the records, and what to do about those that are left."""
    show(Text(result.generation, style="bold"), console)
    names = ("tried", "indexed", "duplicates", "refused_again", "rejected")
    show(grid((_WORDS.get(name, name), f"{getattr(result, name):,}") for name in names), console)
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
