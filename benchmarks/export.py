"""Exports side by side: ours, and what a user would write or pick instead, from the same index, alternating.

    python -m benchmarks.export --url http://127.0.0.1:9200 --prefix linernotes [--rounds 3] [--only NAME ...]

All tracks behind the prefix's alias are written to NDJSON (ours also to CSV and Parquet), each time by a process of its
own, whose time, CPU and peak memory are taken whole, start included. Nothing is written to Elasticsearch. `--only flat`
compares our peak memory for one data set with that for all.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import orjson
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan
from elasticsearch.serializer import OrjsonSerializer

PAGE = 5_000
SMALL = ("--dataset", "sleeping-disco-9m")


@dataclass(frozen=True)
class Source:
    """Where the tracks are."""

    url: str
    prefix: str


@dataclass(frozen=True)
class Run:
    """One run of one contestant."""

    name: str
    rows: int
    seconds: float
    cpu: float
    peak_mb: float

    @property
    def rate(self) -> float:
        """Return rows a second."""
        return self.rows / self.seconds


Command = Callable[[Source, Path], list[str]]


def ours(suffix: str, *arguments: str) -> Command:
    """Return our own command."""
    return lambda _, folder: [
        *(sys.executable, "-m", "linernotes", "export", *arguments),
        *("--out", str(folder / f"tracks{suffix}")),
    ]


def by_scan(source: Source, folder: Path) -> list[str]:
    """Return a process that does what the client library's manual shows; see `scanned`."""
    call = "import sys; from benchmarks import export; export.scanned(*sys.argv[1:])"
    return [sys.executable, "-c", call, source.url, source.prefix, str(folder / "tracks.ndjson")]


def scanned(url: str, index: str, out: str) -> None:
    """Write all documents with `elasticsearch.helpers.scan`, decoded and encoded by orjson."""
    client = Elasticsearch(url, serializer=OrjsonSerializer(), request_timeout=60)
    with Path(out).open("wb") as file:
        hits = scan(client, index=index, size=PAGE)
        file.writelines(orjson.dumps({"id": hit["_id"], **hit["_source"]}) + b"\n" for hit in hits)


def elasticdump(source: Source, folder: Path) -> list[str]:
    """Return elasticdump, from npm."""
    command = ["npx", "--yes", "elasticdump", f"--input={source.url}/{source.prefix}", "--type=data", "--quiet"]
    return [*command, f"--output={folder / 'tracks.ndjson'}", f"--limit={PAGE}"]


CONTESTANTS: Mapping[str, Command] = {
    "linernotes export": ours(".ndjson"),
    "linernotes export, CSV": ours(".csv"),
    "linernotes export, Parquet": ours(".parquet"),
    "helpers.scan": by_scan,
    "elasticdump": elasticdump,
}
FLAT: Mapping[str, Command] = {
    f"{name}{suffix}": ours(suffix, *arguments)
    for suffix in (".ndjson", ".csv", ".parquet")
    for name, arguments in {"one data set ": SMALL, "all ": ()}.items()
}
BASE = "helpers.scan"


def contest(name: str, command: list[str], source: Source, rows: int) -> Run:
    """Run one command to its end; raises CalledProcessError if it fails."""
    environment = os.environ | {"LINERNOTES_URL": source.url, "LINERNOTES_PREFIX": source.prefix}
    started = time.monotonic()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise subprocess.CalledProcessError(status, command)
    return Run(name, rows, time.monotonic() - started, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def round_of(commands: Mapping[str, Command], source: Source, client: Elasticsearch) -> list[Run]:
    """Run each command once."""
    runs = []
    for name, make in commands.items():
        folder = Path(tempfile.mkdtemp(prefix="linernotes-bench-"))
        try:
            index = f"{source.prefix}-{SMALL[1]}" if name.startswith("one") else source.prefix
            rows = int(client.count(index=index)["count"])
            runs.append(contest(name, make(source, folder), source, rows))
            _check(folder, rows)
        finally:
            shutil.rmtree(folder)
        print(
            f"{name}: {runs[-1].rate:,.0f}/s, {runs[-1].peak_mb:,.0f} MB, load {os.getloadavg()[0]:.1f}",
            file=sys.stderr,
        )
    return runs


def _check(folder: Path, rows: int) -> None:
    """Raise unless each NDJSON file has as many lines as the index has documents."""
    for path in folder.glob("*.ndjson"):
        with path.open("rb") as file:
            lines = sum(1 for _ in file)
        if lines != rows:
            raise RuntimeError(f"{path.name} has {lines} lines of {rows}")


def report(runs: list[Run]) -> None:
    """Print medians, spread, and the ratio to `helpers.scan`."""
    base = [run.rate for run in runs if run.name == BASE]
    print("| contestant | rows/s, median | lowest to highest | of `helpers.scan` | CPU, µs a row | peak, MB |")
    print("|---|---|---|---|---|---|")
    for name in dict.fromkeys(run.name for run in runs):
        own = [run for run in runs if run.name == name]
        rates = [run.rate for run in own]
        ratio = f"{statistics.median(rates) / statistics.median(base):.2f}" if base else "–"
        cpu = statistics.median(run.cpu / run.rows * 1e6 for run in own)
        spread = f"{min(rates):,.0f} to {max(rates):,.0f}"
        peak = max(run.peak_mb for run in own)
        print(f"| {name} | {statistics.median(rates):,.0f} | {spread} | {ratio} | {cpu:.1f} | {peak:,.0f} |")


def main() -> None:
    """Read the command line, run the rounds, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=[*CONTESTANTS, "flat"])
    given = parser.parse_args()
    source = Source(given.url, given.prefix)
    commands = {**CONTESTANTS, **FLAT}
    chosen = [name for name in given.only or CONTESTANTS if name != "flat"]
    chosen += list(FLAT) if "flat" in (given.only or ()) else []
    with Elasticsearch(source.url) as client:
        runs: list[Run] = []
        for _ in range(given.rounds):
            runs += round_of({name: commands[name] for name in chosen}, source, client)
    report(runs)


if __name__ == "__main__":
    main()
