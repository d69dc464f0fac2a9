"""Load all four data sets, one after the other, as an operator would: rate, memory and CPU of the whole.

python -m benchmarks.full CORPUS --url http://127.0.0.1:9200 [--prefix full] [--limit N]
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.corpora import WRITERS


def load(dataset: str, corpus: Path, limit: int | None) -> dict[str, float]:
    """Run one load in a process of its own; return the JSON it prints, with its CPU in microseconds a record."""
    # Golden queries are of the real data sets, whose size these have.
    command = [sys.executable, "-m", "linernotes", "load", dataset, str(corpus / dataset), "--json"]
    command += ["--force", "synthetic rows", "--no-merge"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run([*command, *(["--limit", str(limit)] if limit else [])], stdout=subprocess.PIPE, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    result: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return result | {"cpu_us": cpu / result["read"] * 1e6}


def main() -> None:
    """Read the command line, load, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--prefix", default="full")
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    os.environ |= {"LINERNOTES_URL": given.url, "LINERNOTES_PREFIX": given.prefix}
    started, read = time.monotonic(), 0.0
    names = ("read", "indexed", "duplicates", "rejected", "retries", "senders", "peak_rss_mb")
    print(f"| data set | {' | '.join(names)} | seconds | records/s | client CPU, µs a record |")
    print("|---" * (len(names) + 4) + "|")
    for dataset in WRITERS:
        result = load(dataset, given.corpus, given.limit)
        read += result["read"]
        counts = " | ".join(f"{result[name]:,.0f}" for name in names)
        speed = f"{result['seconds']:,.0f} | {result['records_per_second']:,.0f} | {result['cpu_us']:.1f}"
        print(f"| {dataset} | {counts} | {speed} |", flush=True)
    seconds = time.monotonic() - started
    print(f"\n{read:,.0f} records in {seconds:,.0f} s: {read / seconds:,.0f} a second, from reading to searchable.")


if __name__ == "__main__":
    main()
