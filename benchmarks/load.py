"""Our loader against the ceiling and against what a user would pick instead: same node and records, alternating.

    python -m benchmarks.load CORPUS --url http://127.0.0.1:9200 [--records 500000] [--rounds 3] [--only NAME ...]

CORPUS is a folder written by `benchmarks.corpora`. Our loader reads its Parquet files and normalises; all others get
documents that are finished beforehand. The ceiling posts bodies that are encoded beforehand, from three threads.
`linernotes, declared` loads the same files by a declaration of the same columns. For all of them the clock stops when
the records can be searched: refreshed and counted.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import Elasticsearch
from elasticsearch.helpers import parallel_bulk, streaming_bulk
from elasticsearch.serializer import OrjsonSerializer

from indexer.cluster import indices
from indexer.documents.bulk_body import Body, encode, finalise
from indexer.sources import SOURCES
from mappings.index_names import Generation

DATASET = "laion-disco-12m"
PREFIX = "bench"
CHUNK = 3_000
THREADS = 3


@dataclass
class Bench:
    """The records of one run, in the forms that the contestants want."""

    corpus: Path
    url: str
    records: int
    folder: Path
    bodies: list[Body] = field(default_factory=list)

    @cached_property
    def client(self) -> Elasticsearch:
        """Return a client like the loader's."""
        return Elasticsearch(
            self.url, serializer=OrjsonSerializer(), connections_per_node=16, request_timeout=120, max_retries=0
        )

    def prepare(self) -> None:
        """Encode all bodies, and write the documents for those who read files."""
        source = SOURCES[DATASET]
        left = self.records
        for file in source.files([self.corpus / DATASET]):
            reader = source.reader(file)
            for chunk in reader.chunks():
                tracks = finalise(source.normalise(reader.read(chunk), file), file.name).tracks.head(left)
                left -= tracks.height
                self.bodies += encode(tracks, 0, 2_000_000)
                if left <= 0:
                    return

    def documents(self) -> Iterator[dict[str, Any]]:
        """Yield actions as the client library's helpers want them."""
        for body in self.bodies:
            lines = body.lines()
            for action, document in zip(lines[::2], lines[1::2], strict=True):
                yield {"_id": orjson.loads(action)["index"]["_id"], "_source": orjson.loads(document)}

    @cached_property
    def ready(self) -> list[dict[str, Any]]:
        """Return all documents, decoded beforehand."""
        return list(self.documents())

    @cached_property
    def file(self) -> Path:
        """Return a file of documents as elasticdump writes them."""
        path = self.folder / "documents.json"
        with path.open("wb") as out:
            for document in self.ready:
                out.write(orjson.dumps({"_index": "x", **document}) + b"\n")
        return path

    def fresh_index(self) -> str:
        """Make an empty index with the loader's own settings."""
        self.clean()
        generation = Generation(PREFIX, DATASET, 1)
        indices.create(self.client, generation, shards=1, replicas=0, meta={})
        return generation.index

    def clean(self) -> None:
        """Delete what an earlier round left."""
        for index in self.client.indices.get(index=f"{PREFIX}*", features="aliases").body:
            self.client.indices.delete(index=index)


def ceiling(bench: Bench, index: str) -> None:
    """Post finished bodies."""
    todo = list(bench.bodies)

    def post() -> None:
        while todo:
            encoded: list[Any] = [todo.pop().body]
            bench.client.bulk(operations=encoded, index=index, filter_path="errors")

    threads = [threading.Thread(target=post) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def streaming(bench: Bench, index: str) -> None:
    """`elasticsearch.helpers.streaming_bulk` on ready documents."""
    for ok, _ in streaming_bulk(bench.client, bench.ready, index=index, chunk_size=CHUNK):
        assert ok


def parallel(bench: Bench, index: str) -> None:
    """`elasticsearch.helpers.parallel_bulk` on ready documents."""
    for ok, _ in parallel_bulk(bench.client, bench.ready, index=index, chunk_size=CHUNK, thread_count=THREADS):
        assert ok


def elasticdump(bench: Bench, index: str) -> None:
    """Elasticdump, from npm, on a file of ready documents."""
    command = ["npx", "--yes", "elasticdump", f"--input={bench.file}", f"--output={bench.url}/{index}", "--type=data"]
    command += [f"--limit={CHUNK}", f"--concurrency={THREADS}", "--quiet"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def unsynchronised(bench: Bench, index: str) -> None:
    """Post finished bodies to an index that loses the last seconds in a crash: what durability costs."""
    bench.client.indices.put_settings(index=index, settings={"index.translog.durability": "async"})
    ceiling(bench, index)


OURS, DECLARED = "linernotes", "linernotes, declared"
DECLARED_ID = "laion-declared"
DECLARATION = f"""
id = "{DECLARED_ID}"
name = "LAION-DISCO-12M by declaration"
platform = "YouTube Music"
licence = "Apache-2.0"
sources = ["https://laion.ai/blog/laion-disco-12m/"]
released = "2024-11-17"

[fields]
source_id = "song_id"
url = {{template = "https://music.youtube.com/watch?v={{song_id}}"}}
video_ids = "song_id"
title = "title"
artists = "artist_names"
artist_ids = "artist_ids"
album = "album_name"
album_id = "album_id"
duration_s = "duration"
explicit = "isExplicit"
plays = "views"
"""
"""The same columns of the same files as the built-in set's, by declaration."""

CONTESTANTS: dict[str, Callable[[Bench, str], None]] = {
    "ceiling": ceiling,
    "ceiling, not durable": unsynchronised,
    "streaming_bulk": streaming,
    "parallel_bulk": parallel,
    "elasticdump": elasticdump,
}


@dataclass(frozen=True)
class Run:
    """One run of one contestant."""

    name: str
    records: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        """Return records a second."""
        return self.records / self.seconds


def contest(bench: Bench, name: str) -> Run:
    """Run one contestant on an empty index."""
    index = bench.fresh_index()
    if name in (OURS, DECLARED):
        bench.clean()
        return ours(bench, name)
    prepared = bench.file if name == "elasticdump" else bench.bodies if name.startswith("ceiling") else bench.ready
    assert prepared
    before, started = _cpu(), time.monotonic()
    CONTESTANTS[name](bench, index)
    documents = indices.count(bench.client, Generation(PREFIX, DATASET, 1))
    return Run(name, documents, time.monotonic() - started, _cpu() - before)


def ours(bench: Bench, name: str = OURS) -> Run:
    """Run the loader itself, from source files; planning, hashing and the sums at the end are in its time."""
    environment = os.environ | {"LINERNOTES_URL": bench.url, "LINERNOTES_PREFIX": PREFIX}
    program, dataset = [sys.executable, "-m", "linernotes"], DATASET
    if name == DECLARED:
        dataset = DECLARED_ID
        add = [*program, "datasets", "add", "-"]
        subprocess.run(add, input=DECLARATION.encode(), env=environment, capture_output=True, check=True)
    command = [*program, "load", dataset, str(bench.corpus / DATASET), "--no-merge", "--json"]
    before = _cpu()
    ran = subprocess.run([*command, "--limit", str(bench.records)], env=environment, capture_output=True, check=False)
    result = json.loads(ran.stdout)
    return Run(name, result["read"], result["seconds"], _cpu() - before)


def _cpu() -> float:
    """Return the CPU seconds of this process and of its children that have ended."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def report(runs: list[Run]) -> None:
    """Print medians, spread, and the ratio to the ceiling of the same rounds."""
    names = list(dict.fromkeys(run.name for run in runs))
    top = statistics.median(run.rate for run in runs if run.name == names[0])
    print("| contestant | records/s, median | lowest to highest | of the first | client CPU, µs a record |")
    print("|---|---|---|---|---|")
    for name in names:
        rates = sorted(run.rate for run in runs if run.name == name)
        cpu = statistics.median(run.cpu / run.records * 1e6 for run in runs if run.name == name)
        middle = statistics.median(rates)
        print(f"| {name} | {middle:,.0f} | {rates[0]:,.0f} to {rates[-1]:,.0f} | {middle / top:.2f} | {cpu:.1f} |")


def main() -> None:
    """Read the command line, run the rounds, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--records", type=int, default=500_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", action="append", choices=[*CONTESTANTS, OURS, DECLARED])
    given = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="linernotes-bench-"))
    bench = Bench(given.corpus, given.url, given.records, folder)
    runs: list[Run] = []
    try:
        bench.prepare()
        for number in range(given.rounds):
            for name in given.only or [*CONTESTANTS, OURS, DECLARED]:
                runs.append(contest(bench, name))
                print(f"round {number + 1}: {name} {runs[-1].rate:,.0f}/s", file=sys.stderr)
        report(runs)
    finally:
        bench.clean()
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
