"""How right and how fast is `check`? A labelled catalogue made of the index's real tracks, checked and compared.

    python -m benchmarks.catalogue OUT --url http://127.0.0.1:9200 [--prefix linernotes] [--rows 2000] [--seed 1]
                                   [--others CSV] [--failures FILE] [--load TRACKS | --add]

OUT keeps catalogue.csv, labels.csv and answers.ndjson. The real tracks are those of the index whose source file isn't
synthetic: the names of synthetic rows are made of few words, so that a row that is meant to be none easily is one.
--others takes a CSV of further real tracks (title, author); those that aren't in the index are asked for too, as rows
that aren't there.

An index is asked as it is, unless told otherwise. --load writes and loads a corpus of so many tracks, real ones and
every second row of --others among them, under the prefix, which must be given. --add loads the real rows that the
project ships (FMA 682, Spotify 6,000) in place of what the index has of these two data sets: for an index that is all
synthetic.
"""

import argparse
import csv
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import orjson
from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan

from benchmarks import known_tracks
from benchmarks.labelled import Labelled, Other, rows
from benchmarks.misspelt import Track
from linernotes import samples
from mappings.index_names import alias

SYNTHETIC = "synthetic"
"""What the name of a source file begins with when its rows are."""

Answer = dict[str, Any]


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


@dataclass(frozen=True)
class Timed:
    """How long a check took in seconds, how long one of no rows takes, and the client's CPU seconds."""

    seconds: float
    starting: float
    cpu: float


def tracks(client: Elasticsearch, prefix: str) -> list[Track]:
    """Return the real tracks of the index that have an artist and a title, in the order of their ids."""
    there = {"bool": {"filter": [{"exists": {"field": name}} for name in ("title", "artists")]}}
    body = {"query": there, "_source": ["artists", "title", "album", "source_file"]}
    hits = scan(client, body, index=alias(prefix), size=5_000)
    typed = {(row["artist"], row["title"]): (row["artist_typed"], row["title_typed"]) for row in known_tracks.typed()}
    # The file's name is kept, but not indexed: what is synthetic is left out here.
    real = (hit for hit in hits if not hit["_source"]["source_file"].startswith(SYNTHETIC))
    found = [_track(hit["_id"], hit["_source"], typed) for hit in real]
    return sorted(found, key=lambda track: track.id)


def _track(identifier: str, source: Answer, typed: dict[tuple[str, str], tuple[str, str]]) -> Track:
    artists, title = tuple(source["artists"]), source["title"]
    written = typed.get((artists[0], title), ("", ""))
    return Track(identifier, artists, title, source.get("album") or "", written if all(written) else None)


def others(path: Path | None) -> list[Other]:
    """Return the tracks of a CSV with the columns title and author; none without a path."""
    if not path:
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return [Other(row["author"].strip(), row["title"].strip()) for row in csv.DictReader(stream)]


def write(labelled: Sequence[Labelled], folder: Path) -> Path:
    """Write the catalogue and, beside it, its labels; return the catalogue."""
    folder.mkdir(parents=True, exist_ok=True)
    catalogue = folder / "catalogue.csv"
    _csv(catalogue, [("artist", "title", "album"), *((row.artist, row.title, row.album) for row in labelled)])
    _csv(folder / "labels.csv", [tuple(field.name for field in fields(Labelled)), *map(astuple, labelled)])
    return catalogue


def _csv(path: Path, lines: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(lines)


def measure(labelled: Sequence[Labelled], answers: Sequence[Answer]) -> Measured:
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
        if told != (label.id is not None) or (told and not right):
            wrong.append((label, f"{verdict}: {answer['reason']}"))
    names = [field.name for field in fields(Measured) if field.name != "wrong"]
    return Measured(**{name: counts[name] for name in names}, wrong=tuple(wrong))


def checked(catalogue: Path) -> tuple[list[Answer], Timed]:
    """Run the command itself; return its answers, which it also leaves beside the catalogue, and its times."""
    none = catalogue.with_name("none.csv")
    none.write_text("artist,title\n", encoding="utf-8")
    _, starting, _ = _ran(none)
    none.unlink()
    out, seconds, cpu = _ran(catalogue)
    catalogue.with_name("answers.ndjson").write_bytes(out)
    return [orjson.loads(line) for line in out.splitlines()[:-1]], Timed(seconds, starting, cpu)


def _ran(catalogue: Path) -> tuple[bytes, float, float]:
    command = [sys.executable, "-m", "linernotes", "check", str(catalogue), "--json"]
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ran = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    seconds, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return ran.stdout, seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def load(number: int, folder: Path, url: str, prefix: str, further: Path | None) -> None:
    """Load a corpus of so many tracks, and every second row of the further real ones."""
    folder.mkdir(parents=True, exist_ok=True)
    half = folder / "half.csv" if further else None
    if further and half:
        with further.open(encoding="utf-8", newline="") as stream:
            header, *lines = csv.reader(stream)
        _csv(half, [header, *lines[::2]])
    known_tracks.write(folder / "corpus", number, half)
    known_tracks.load(folder / "corpus", url, prefix)


def add(folder: Path) -> None:
    """Load the real rows that the project ships in place of what the index has of their data sets."""
    files = samples.write(folder / "samples")
    for dataset in known_tracks.REAL_FILES:
        command = [sys.executable, "-m", "linernotes", "load", dataset, *map(str, files[dataset]), "--fresh"]
        subprocess.run([*command, "--force", "benchmark: real rows"], stdout=sys.stderr, check=True)


def show(labelled: Sequence[Labelled], measured: Measured, timed: Timed) -> None:
    """Print what the check came to."""
    number = len(labelled)
    steady = number / max(timed.seconds - timed.starting, 1e-9)
    print(f"{number:,} rows in {timed.seconds:.1f} s: {number / timed.seconds:,.0f} rows/s, starting included")
    print(f"starting takes {timed.starting:.1f} s, without it {steady:,.0f} rows/s")
    print(f"client's CPU: {1000 * timed.cpu / number:.2f} ms a row")
    print(f"found is right: {measured.found_right:,} of {measured.found:,} ({measured.precision:.2%}; at least 99 %)")
    told = f"{measured.there_told:,} of {measured.there:,} ({measured.recall:.2%}; at least 95 %)"
    print(f"present, found or likely: {told}; found: {measured.there_found:,}")
    print(f"absent, called likely: {measured.absent_likely:,} of {measured.absent:,}")
    print("\n| way | there | rows | wrong |\n|---|---|---|---|")
    wrong = Counter(label.kind for label, _ in measured.wrong)
    ways = Counter((label.kind, label.id is not None) for label in labelled)
    for (kind, there), rows_of in sorted(ways.items(), key=lambda way: (not way[0][1], way[0][0])):
        print(f"| {kind} | {'yes' if there else 'no'} | {rows_of} | {wrong[kind]} |")


def main() -> None:
    """Read the command line, make the catalogue, check it, print what it came to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--prefix")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--others", type=Path, help="CSV of further real tracks: title, author")
    parser.add_argument("--failures", type=Path, help="file for the rows that were wrong, tab-separated")
    loading = parser.add_mutually_exclusive_group()
    loading.add_argument("--load", type=int, metavar="TRACKS")
    loading.add_argument("--add", action="store_true")
    given = parser.parse_args()
    if (given.load or given.add) and not given.prefix:
        parser.error("--load and --add change an index: say which by --prefix.")
    prefix = given.prefix or "linernotes"
    os.environ |= {"LINERNOTES_URL": given.url, "LINERNOTES_PREFIX": prefix}
    if given.load:
        load(given.load, given.out, given.url, prefix, given.others)
    if given.add:
        add(given.out)
    with Elasticsearch(given.url, request_timeout=60) as client:
        real = tracks(client, prefix)
        indexed = client.count(index=alias(prefix))["count"]
    labelled = rows(real, given.rows, given.seed, others(given.others))
    answers, timed = checked(write(labelled, given.out))
    measured = measure(labelled, answers)
    print(f"index: {indexed:,} tracks, {len(real):,} of them real; seed {given.seed}")
    show(labelled, measured, timed)
    if given.failures:
        _failures(given.failures, measured)


def _failures(path: Path, measured: Measured) -> None:
    names = [field.name for field in fields(Labelled)]
    lines = [(*names, "answer"), *((*astuple(label), why) for label, why in measured.wrong)]
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, delimiter="\t").writerows(lines)


if __name__ == "__main__":
    main()
