"""An update against a full load: a release with 1 % changed, 0.5 % added and 0.5 % removed tracks.

    python -m benchmarks.update --url URL [--records 1000000] [--rounds 3] [--share 0.02] [--removed 0.25]

Loads synthetic tracks in LAION's format, updates them to the next release, and loads that release afresh elsewhere:
whole processes by the clock, from the command to its end, with the most memory that each held. Then both indices are
compared, document by document: ids, fingerprints and contents. Evidence (revision, file, row) is left out: what stayed
keeps that of the release in which it was last read as new.

Several --records, separated by commas, tell how memory grows: the last line is the slope, in bytes a track.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from benchmarks import corpora
from indexer.documents.bulk_body import EVIDENCE

DATASET = "laion-disco-12m"
PREFIX = "bench-update"
MEASURED = """
import sys
from indexer.cluster.progress import peak_rss_mb
from linernotes.cli import main
code = main.run(sys.argv[1:])
print(peak_rss_mb())
sys.exit(code)
"""
"""The command line as it is, and then how much memory it took."""

COLUMNS = (
    *("tracks", "added", "changed", "removed", "unchanged", "load, s", "load of the new, s", "update, s", "share"),
    *("load, MB", "update, MB", "digest"),
)

OLD, WHOLE = f"{PREFIX}-old", f"{PREFIX}-whole"


def next_release(old: Path, new: Path, share: float, removed: float = 0.0) -> None:
    """Write the release after: of `share` of the tracks a half is changed, a quarter added, a quarter removed.

    `removed` is the share of tracks that are removed besides.
    """
    new.mkdir()
    every = round(4 / share)
    for path in sorted(old.glob("*.parquet")):
        frame = pl.read_parquet(path)
        place = pl.int_range(frame.height, eager=True) % every
        title = pl.col("title") + pl.when(place.is_in([0, every // 2])).then(pl.lit(" (Live)")).otherwise(pl.lit(""))
        added = frame.filter(place == every // 4).with_columns(song_id=pl.col("song_id").str.slice(0, 8) + "---")
        after = pl.concat([frame.with_columns(title=title).filter(place != 1), added])
        after = after.filter(pl.int_range(pl.len()) % 1_000 >= 1_000 * removed)
        after.write_parquet(new / path.name, row_group_size=corpora.BLOCK, compression="zstd")


@dataclass(frozen=True)
class Ran:
    """A command that came to its end: seconds by the clock, MiB of memory at most, its JSON."""

    seconds: float
    peak_mb: float
    told: dict[str, Any]


def timed(url: str, prefix: str, *arguments: str) -> Ran:
    """Run a command in a process of its own."""
    environment = os.environ | {"LINERNOTES_URL": url, "LINERNOTES_PREFIX": prefix}
    started = time.monotonic()
    command = [sys.executable, "-c", MEASURED, *arguments, "--json"]
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    *_, told, peak = ran.stdout.splitlines()
    return Ran(time.monotonic() - started, float(peak), json.loads(told))


def digest(client: Elasticsearch, index: str) -> tuple[int, str]:
    """Return the number of documents and a digest of all of them, whatever their order."""
    client.indices.refresh(index=index)
    query = {"query": {"match_all": {}}, "_source": {"excludes": list(EVIDENCE)}}
    count, total = 0, 0
    for hit in scan(client, index=index, query=query, size=5_000):
        line = orjson.dumps([hit["_id"], hit["_source"]], option=orjson.OPT_SORT_KEYS)
        count, total = count + 1, total + int.from_bytes(hashlib.sha256(line).digest())
    return count, f"{total % 2**256:064x}"


def clean(client: Elasticsearch) -> None:
    """Delete what a round left."""
    for index in client.indices.get(index=f"{PREFIX}*", features="aliases").body:
        client.indices.delete(index=index)


@dataclass(frozen=True)
class Round:
    """One round: the load of the old release, its update to the new one, the load of the new one, all the same?"""

    load: Ran
    update: Ran
    afresh: Ran
    same: bool

    def row(self) -> str:
        """Return it as a row of the table."""
        counts = " | ".join(f"{self.update.told[name]:,}" for name in ("added", "changed", "removed", "unchanged"))
        times = " | ".join(f"{ran.seconds:.1f}" for ran in (self.load, self.afresh, self.update))
        share = 100 * self.update.seconds / self.afresh.seconds
        peaks = f"{self.load.peak_mb:.0f} | {self.update.peak_mb:.0f}"
        equal = "equal" if self.same else "DIFFERENT"
        return f"| {self.load.told['indexed']:,} | {counts} | {times} | {share:.1f} % | {peaks} | {equal} |"


def one_round(client: Elasticsearch, url: str, old: Path, new: Path) -> Round:
    """Measure once."""
    clean(client)
    load = timed(url, OLD, "load", DATASET, str(old), "--no-merge")
    update = timed(url, OLD, "update", DATASET, str(new), "--max-change", "200", "--way", "difference")
    if not update.told["alias_moved"]:
        raise SystemExit(f"The update did not pass: {[gate for gate in update.told['gates'] if not gate['passed']]}")
    afresh = timed(url, WHOLE, "load", DATASET, str(new), "--no-merge")
    same = digest(client, update.told["to"]) == digest(client, afresh.told["generation"])
    return Round(load, update, afresh, same)


def measured(
    client: Elasticsearch, url: str, records: int, rounds: int, share: float, removed: float = 0.0
) -> list[Round]:
    """Measure several rounds with so many records, and print each."""
    found: list[Round] = []
    with tempfile.TemporaryDirectory(prefix="linernotes-bench-") as name:
        folder = Path(name)
        corpora.laion(corpora.Corpus(folder, DATASET), records)
        next_release(folder / DATASET, folder / "new", share, removed)
        try:
            for _ in range(rounds):
                found.append(one_round(client, url, folder / DATASET, folder / "new"))
                print(found[-1].row(), flush=True)
        finally:
            clean(client)
    return found


def slope(sizes: list[tuple[int, float]]) -> float:
    """Return by how many bytes a track memory grows from the smallest to the largest of (tracks, MiB).

    >>> slope([(100_000, 400.0), (200_000, 410.0)])
    104.9
    """
    (fewest, least), *_, (most, largest) = sorted(sizes)
    return round((largest - least) * 2**20 / (most - fewest), 1)


def main() -> None:
    """Read the command line, measure, print a table, medians, and how memory grows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--records", default="1000000")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--share", type=float, default=0.02)
    parser.add_argument("--removed", type=float, default=0.0)
    given = parser.parse_args()
    print(f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|", flush=True)
    memory: list[tuple[int, float]] = []
    with Elasticsearch(given.url, request_timeout=120) as client:
        for records in map(int, given.records.split(",")):
            found = measured(client, given.url, records, given.rounds, given.share, given.removed)
            share = median(entry.update.seconds / entry.afresh.seconds for entry in found)
            memory.append((records, median(entry.update.peak_mb for entry in found)))
            told = f"update {100 * share:.1f} % of a load, {memory[-1][1]:.0f} MB at most"
            print(f"{records:,} records, median of {len(found)}: {told}", flush=True)
    if len(memory) > 1:
        print(f"The update's memory grows by {slope(memory)} bytes a track.")


if __name__ == "__main__":
    main()
