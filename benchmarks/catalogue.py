"""How right and how fast is `check`? A labelled catalogue made of the index's real tracks, checked and compared.

python -m benchmarks.catalogue OUT --url http://127.0.0.1:9200 [--prefix linernotes] [--rows 2000] [--seed 1]

Writes OUT/catalogue.csv and OUT/labels.csv. The synthetic rows of an index aren't taken: their names are made of few
words, so that a row that is meant to be none easily is one.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch

from benchmarks.misspelt import Labelled, Track, rows
from mappings.names import alias

REAL = ("free-music-archive", "spotify-tracks-dataset")
MOST = 10_000


@dataclass(frozen=True)
class Measured:
    """How right a check was: counts over its rows, and the rows that were wrong."""

    found: int
    found_right: int
    there: int
    there_found: int
    there_told: int
    absent: int
    absent_likely: int
    wrong: tuple[tuple[Labelled, str], ...]

    @property
    def precision(self) -> float:
        """Return the share of `found` that is right: the row is a track, and that track is among its matches."""
        return self.found_right / max(self.found, 1)

    @property
    def recall(self) -> float:
        """Return the share of the tracks that are found or likely, with that track among the matches."""
        return self.there_told / max(self.there, 1)


def tracks(client: Elasticsearch, prefix: str) -> list[Track]:
    """Return the real tracks of the index that have an artist and a title, in the order of their ids."""
    names = ",".join(alias(prefix, dataset) for dataset in REAL)
    query = {"bool": {"filter": [{"exists": {"field": "title"}}, {"exists": {"field": "artists"}}]}}
    held = ["artists", "title", "album", "source_file"]
    found = client.search(index=names, query=query, size=MOST, source_includes=held, sort=["dataset", "source_id"])
    hits = ((hit["_id"], hit["_source"]) for hit in found["hits"]["hits"])
    return [
        Track(identifier, tuple(source["artists"]), source["title"], source.get("album") or "")
        for identifier, source in hits
        if not source["source_file"].startswith("synthetic")
    ]


def write(labelled: Sequence[Labelled], folder: Path) -> Path:
    """Write the catalogue and, beside it, its labels; return the catalogue."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = folder / "catalogue.csv"
    with catalogue.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("artist", "title", "album"), *((r.artist, r.title, r.album) for r in labelled)])
    with (folder / "labels.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([[field.name for field in fields(Labelled)], *map(astuple, labelled)])
    return catalogue


def measure(labelled: Sequence[Labelled], answers: Sequence[dict[str, Any]]) -> Measured:
    """Compare the answers, a row each, with the labels."""
    counts, wrong = Counter[str](), []
    for label, answer in zip(labelled, answers, strict=True):
        verdict = answer["verdict"]
        told = verdict in ("found", "likely")
        right = label.id is not None and any(match["id"] == label.id for match in answer["matches"])
        counts["found"] += verdict == "found"
        counts["found_right"] += verdict == "found" and right
        counts["there"] += label.id is not None
        counts["there_found"] += verdict == "found" and right
        counts["there_told"] += told and right
        counts["absent"] += label.id is None
        counts["absent_likely"] += label.id is None and verdict == "likely"
        if (label.id is None and told) or (label.id is not None and not (told and right)):
            wrong.append((label, f"{verdict}: {answer['reason']}"))
    names = [field.name for field in fields(Measured) if field.name != "wrong"]
    return Measured(**{name: counts[name] for name in names}, wrong=tuple(wrong))


def _checked(catalogue: Path) -> tuple[list[dict[str, Any]], float]:
    began = time.monotonic()
    command = [sys.executable, "-m", "linernotes", "check", str(catalogue), "--json"]
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    seconds = time.monotonic() - began
    return [json.loads(line) for line in ran.stdout.splitlines()[:-1]], seconds


def main() -> None:
    """Read the command line, make the catalogue, check it, print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--prefix", default="linernotes")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--wrong", type=int, default=0, help="so many of the rows that were wrong are shown")
    given = parser.parse_args()
    os.environ |= {"LINERNOTES_URL": given.url, "LINERNOTES_PREFIX": given.prefix}
    with Elasticsearch(given.url, request_timeout=60) as client:
        labelled = rows(tracks(client, given.prefix), given.rows, given.seed)
        indexed = client.count(index=alias(given.prefix))["count"]
    answers, seconds = _checked(write(labelled, given.out))
    measured = measure(labelled, answers)
    print(
        f"index: {indexed:,} tracks; {len(labelled):,} rows in {seconds:.1f} s: {len(labelled) / seconds:,.0f} rows/s"
    )
    print(f"found is right: {measured.found_right} of {measured.found} ({measured.precision:.2%})")
    print(f"present, found or likely: {measured.there_told} of {measured.there} ({measured.recall:.2%})")
    print(f"present, found: {measured.there_found}; absent, likely: {measured.absent_likely} of {measured.absent}")
    print("\n| way | rows | wrong |\n|---|---|---|")
    wrong = Counter(label.kind for label, _ in measured.wrong)
    kinds: dict[str, int] = defaultdict(int)
    for label in labelled:
        kinds[label.kind] += 1
    for kind, number in kinds.items():
        print(f"| {kind} | {number} | {wrong[kind]} |")
    for label, why in measured.wrong[: given.wrong]:
        print(f"{label.kind}: {label.artist} | {label.title} | {label.album} | {label.id} -> {why}")


if __name__ == "__main__":
    main()
