"""What each mapped field costs: Elasticsearch's CPU a document, and bytes in the index.

    python -m benchmarks.fields CORPUS --url http://127.0.0.1:9200 [--records 60000] [--rounds 5] [--field NAME ...]

CORPUS is a folder written by `benchmarks.corpora`. Finished bodies are indexed with the whole mapping, and with the
mapping less one field, in turn, round after round. What the field costs is the difference, as the median over the
rounds with its spread; bytes are counted once, in one merged segment. The documents are the same each time: a field
that isn't mapped still costs its part of `_source`. A subfield stands as `year.facet`; `everything` is an index that
maps nothing at all.
"""

import argparse
import statistics
import threading
import time
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.serializer import OrjsonSerializer

from indexer.documents.bulk_body import encode, finalise
from indexer.sources import SOURCES
from mappings import index, track

INDEX = "bench-fields"
NOTHING, EVERYTHING = "nothing", "everything"
THREADS = 3
BODY_BYTES = 2_000_000


@dataclass(frozen=True)
class Cost:
    """What one round with one mapping took: CPU of Elasticsearch in µs a document, and bytes a document."""

    cpu: float
    stored: float | None


def encoded(corpus: Path, records: int) -> list[bytes]:
    """Return finished bodies of the first records of each data set, in proportion to its share of the corpus."""
    found: list[bytes] = []
    datasets = [source for source in SOURCES.values() if (corpus / source.dataset).is_dir()]
    for source in datasets:
        left = records // len(datasets)
        for file in source.files([corpus / source.dataset]):
            reader = source.reader(file)
            for chunk in reader.chunks():
                tracks = finalise(source.normalise(reader.read(chunk), file), file.name).tracks.head(left)
                left -= tracks.height
                found += [body.body for body in encode(tracks, 0, BODY_BYTES)]
                if left <= 0:
                    break
            if left <= 0:
                break
    return found


def names() -> list[str]:
    """Return the name of each mapped field and subfield, as `--field` takes it."""
    fields = track.FIELDS.values()
    return [name for info in fields for name in (info.name, *(f"{info.name}.{sub}" for sub in _subfields(info.name)))]


def _subfields(name: str) -> Sequence[str]:
    return tuple(track.FIELDS[name].mapping.get("fields", {}))


def without(name: str) -> dict[str, Any]:
    """Return the mapping less one field, which documents may still have."""
    mapping = deepcopy(track.mapping()) | {"dynamic": False}
    field, _, subfield = name.partition(".")
    if name == EVERYTHING:
        mapping["properties"] = {}
    elif subfield:
        del mapping["properties"][field]["fields"][subfield]
    elif name != NOTHING:
        del mapping["properties"][field]
    return mapping


def run(client: Elasticsearch, bodies: Sequence[bytes], mapping: Mapping[str, Any], *, weigh: bool) -> Cost:
    """Index the bodies into an empty index; `weigh` merges it and counts its bytes."""
    made = index.body(shards=1, meta={}, index_settings={"refresh_interval": "-1", "number_of_replicas": 0})
    client.indices.delete(index=INDEX, ignore_unavailable=True)
    client.indices.create(index=INDEX, settings=made["settings"] | _SETTINGS, mappings=mapping)
    before = _cpu_ms(client)
    _post(client, bodies)
    client.indices.refresh(index=INDEX)
    documents = int(client.count(index=INDEX)["count"])
    cpu = 1000 * (_cpu_ms(client) - before) / documents
    if not weigh:
        return Cost(cpu, None)
    client.indices.forcemerge(index=INDEX, max_num_segments=1)
    client.indices.flush(index=INDEX)
    stored = client.indices.stats(index=INDEX, metric="store")["_all"]["primaries"]["store"]["size_in_bytes"]
    return Cost(cpu, stored / documents)


# As while loading; fields that queries ask by default may be the ones that are left out.
_SETTINGS = {"translog.durability": "async", "translog.flush_threshold_size": "1gb", "query.default_field": "*"}


def _post(client: Elasticsearch, bodies: Sequence[bytes]) -> None:
    todo, failed = list(bodies), list[str]()

    def post() -> None:
        while todo and not failed:
            try:
                operations: list[Any] = [todo.pop()]
            except IndexError:
                return
            answer = client.bulk(operations=operations, index=INDEX, filter_path="items.*.error")
            errors = (error for item in answer.get("items", ()) for error in _errors(item))
            failed.extend(error["reason"] for error in errors if error["type"] != _REPEATED)

    threads = [threading.Thread(target=post) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failed:
        raise SystemExit(f"Elasticsearch refused a document: {failed[0]}")


_REPEATED = "version_conflict_engine_exception"
"""What an id that the data set has twice gives: the first of the two stays."""


def _errors(item: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [answer["error"] for answer in item.values() if "error" in answer]


def _cpu_ms(client: Elasticsearch) -> int:
    time.sleep(_STATS_KEPT_S)
    nodes = client.nodes.stats(metric="process")["nodes"].values()
    return sum(int(node["process"]["cpu"]["total_in_millis"]) for node in nodes)


_STATS_KEPT_S = 1.2
"""Elasticsearch reads its own CPU once a second, and answers with what it read."""


def measure(client: Elasticsearch, bodies: Sequence[bytes], fields: Sequence[str], rounds: int) -> None:
    """Print a line for each field: what the whole index has over one that lacks it."""
    costs: dict[str, list[Cost]] = {name: [] for name in (NOTHING, *fields)}
    run(client, bodies, without(NOTHING), weigh=False)  # warms up
    for number in range(rounds):
        for name, found in costs.items():
            found.append(run(client, bodies, without(name), weigh=not number))
    client.indices.delete(index=INDEX)
    whole = costs.pop(NOTHING)
    print(f"whole mapping: {statistics.median(cost.cpu for cost in whole):.1f} µs, {whole[0].stored or 0:.0f} bytes")
    print(f"{'field':28}{'µs':>8}{'lowest to highest':>20}{'bytes':>8}")
    rows = [(name, _differences(whole, found), _bytes(whole, found)) for name, found in costs.items()]
    for name, cpu, stored in sorted(rows, key=lambda row: -statistics.median(row[1])):
        spread = f"{min(cpu):.1f} to {max(cpu):.1f}"
        print(f"{name:28}{statistics.median(cpu):8.1f}{spread:>20}{stored:8.1f}", flush=True)


def _differences(whole: Sequence[Cost], less: Sequence[Cost]) -> list[float]:
    return [one.cpu - other.cpu for one, other in zip(whole, less, strict=True)]


def _bytes(whole: Sequence[Cost], less: Sequence[Cost]) -> float:
    return (whole[0].stored or 0) - (less[0].stored or 0)


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--records", type=int, default=60_000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--field", action="append", choices=[EVERYTHING, *names()], metavar="NAME")
    options = parser.parse_args()
    client = Elasticsearch(options.url, serializer=OrjsonSerializer(), request_timeout=300, max_retries=0)
    bodies = encoded(options.corpus, options.records)
    measure(client, bodies, options.field or [EVERYTHING, *names()], options.rounds)


if __name__ == "__main__":
    main()
