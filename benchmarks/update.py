"""An update against a full load: a release with 1 % changed, 0.5 % added and 0.5 % removed tracks.

    python -m benchmarks.update --url http://127.0.0.1:9200 [--records 1000000] [--rounds 1] [--share 0.02]

Loads synthetic tracks in LAION's format, updates them to the next release, and loads that release afresh elsewhere:
whole processes by the clock, from the command to its end. Then both indices are compared, document by document: ids,
fingerprints and contents. Evidence (revision, file, row) is left out: what stayed keeps that of the release in which
it was last read as new.
"""

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import orjson
import polars as pl
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from benchmarks import corpora
from indexer.encode import EVIDENCE

DATASET = "laion-disco-12m"
PREFIX = "bench-update"
OLD, WHOLE = f"{PREFIX}-old", f"{PREFIX}-whole"


def next_release(old: Path, new: Path, share: float) -> None:
    """Write the release after: of `share` of the tracks a half is changed, a quarter added, a quarter removed."""
    new.mkdir()
    every = round(4 / share)
    for path in sorted(old.glob("*.parquet")):
        frame = pl.read_parquet(path)
        place = pl.int_range(frame.height, eager=True) % every
        title = pl.col("title") + pl.when(place.is_in([0, every // 2])).then(pl.lit(" (Live)")).otherwise(pl.lit(""))
        added = frame.filter(place == every // 4).with_columns(song_id=pl.col("song_id").str.slice(0, 8) + "---")
        after = pl.concat([frame.with_columns(title=title).filter(place != 1), added])
        after.write_parquet(new / path.name, row_group_size=corpora.BLOCK, compression="zstd")


def timed(url: str, prefix: str, *arguments: str) -> tuple[float, dict[str, Any]]:
    """Run a command in a process of its own; return its seconds and its JSON."""
    environment = os.environ | {"LINERNOTES_URL": url, "LINERNOTES_PREFIX": prefix}
    started = time.monotonic()
    command = [sys.executable, "-m", "linernotes", *arguments, "--json"]
    ran = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=False)
    return time.monotonic() - started, json.loads(ran.stdout.splitlines()[-1])


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


def one_round(client: Elasticsearch, url: str, old: Path, new: Path) -> str:
    """Return a row of the table."""
    clean(client)
    loading, loaded = timed(url, OLD, "load", DATASET, str(old))
    updating, updated = timed(url, OLD, "update", DATASET, str(new), "--max-change", "200", "--way", "difference")
    if not updated["alias_moved"]:
        raise SystemExit(f"The update did not pass: {[gate for gate in updated['gates'] if not gate['passed']]}")
    afresh, whole = timed(url, WHOLE, "load", DATASET, str(new))
    same = digest(client, updated["to"]) == digest(client, whole["generation"])
    counts = " | ".join(f"{updated[name]:,}" for name in ("added", "changed", "removed", "unchanged"))
    share = 100 * updating / afresh
    times = f"{loading:.1f} | {afresh:.1f} | {updating:.1f} | {share:.1f} %"
    return f"| {loaded['indexed']:,} | {counts} | {times} | {'equal' if same else 'DIFFERENT'} |"


def main() -> None:
    """Read the command line, measure, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--share", type=float, default=0.02)
    given = parser.parse_args()
    print(
        "| tracks | added | changed | removed | unchanged | load, s | load of the new, s | update, s | share | digest |"
    )
    print("|---" * 10 + "|")
    with (
        tempfile.TemporaryDirectory(prefix="linernotes-bench-") as name,
        Elasticsearch(given.url, request_timeout=120) as client,
    ):
        folder = Path(name)
        corpora.laion(corpora.Corpus(folder, DATASET), given.records)
        next_release(folder / DATASET, folder / "new", given.share)
        try:
            for _ in range(given.rounds):
                print(one_round(client, given.url, folder / DATASET, folder / "new"), flush=True)
        finally:
            clean(client)


if __name__ == "__main__":
    main()
