"""Known-item search: how often, and how high, the track that was meant is found, beside SQLite FTS5 and tantivy.

    python -m benchmarks.relevance OUT --url http://127.0.0.1:9200 [--tracks N] [--items N] [--peers] [--loaded]
                                       [--more CSV] [--kind NAME ...] [--failures FILE]

OUT keeps the corpus, the tracks as they were read back, the peers' indices, and result.json. With --loaded nothing is
written or loaded: the index of an earlier run is asked. --more takes a CSV of further real rows (title, author).
"""

import argparse
import json
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import polars as pl
from elasticsearch import Elasticsearch

import queries
from benchmarks import known_items, known_kinds, known_tracks
from benchmarks.known_items import Query
from benchmarks.peers import SIZE, Peer, fts5, tantivy_index
from queries import Searcher

SEED = 20261121
AT_ONCE = 2
"""Queries in flight: the machine has so many cores."""

OURS, OVERALL = "linernotes", "overall"
Table = dict[str, dict[str, dict[str, float]]]
"""Kind, contestant, measure."""


@dataclass(frozen=True)
class Answer:
    """One query, the rank of its track (0: not among the first ten), and how long it took, in seconds."""

    query: Query
    rank: int
    seconds: float
    found: tuple[str, ...]


def rank(found: Iterable[str], right: frozenset[str]) -> int:
    """Return at which place, counted from 1, the first right track is; 0 if it isn't there.

    >>> rank(["a", "b"], frozenset("b")), rank([], frozenset("b"))
    (2, 0)
    """
    return next((place for place, identifier in enumerate(found, 1) if identifier in right), 0)


def asked(contestant: Peer, query: Query) -> Answer:
    """Ask one query."""
    began = time.perf_counter()
    found = contestant(query.text)
    return Answer(query, rank(found, query.right), time.perf_counter() - began, tuple(found))


def linernotes(searcher: Searcher, text: str) -> list[str]:
    """Return what our search returns, as the command line asks it."""
    return [hit.id for hit in searcher.search(queries.request(text, size=SIZE)).hits]


def measures(answers: list[Answer]) -> dict[str, float]:
    """Return queries, MRR@10, recall@10 and median milliseconds."""
    ranks = [answer.rank for answer in answers]
    return {
        "queries": len(ranks),
        "mrr": sum(1 / place for place in ranks if place) / len(ranks),
        "recall": sum(place > 0 for place in ranks) / len(ranks),
        "median_ms": statistics.median(answer.seconds for answer in answers) * 1000,
    }


def tabled(answers: Mapping[str, list[Answer]]) -> Table:
    """Return the measures by kind, in the order of kinds, and overall."""
    table: Table = {}
    for name, given in answers.items():
        by_kind: dict[str, list[Answer]] = defaultdict(list)
        for answer in given:
            by_kind[answer.query.kind].append(answer)
        for kind in (*known_kinds.KINDS, OVERALL):
            if chosen := given if kind == OVERALL else by_kind[kind]:
                table.setdefault(kind, {})[name] = measures(chosen)
    return table


def printed(table: Table) -> None:
    """Print MRR@10 and recall@10 side by side."""
    names = list(table[OVERALL])
    print("| kind | queries | " + " | ".join(f"{name}: MRR@10, recall@10" for name in names) + " |")
    print("|---" * (len(names) + 2) + "|")
    for kind, row in table.items():
        cells = (f"{row[name]['mrr']:.3f}, {row[name]['recall']:.3f}" for name in names)
        print(f"| {kind} | {row[names[0]]['queries']:,.0f} | {' | '.join(cells)} |")
    times = ", ".join(f"{name} {table[OVERALL][name]['median_ms']:.1f} ms" for name in names)
    print(f"\nMedian time a query, {AT_ONCE} of ours at once: {times}")


def write_failures(path: Path, answers: list[Answer], tracks: pl.DataFrame) -> None:
    """Write each query of ours that was missed: kind, rank, text, what was meant, what came first instead."""
    names = {row[0]: f"{row[1]} / {', '.join(row[2])}" for row in tracks.select("id", "title", "artists").iter_rows()}
    lines = ["kind\trank\tasked\tmeant\tfirst"]
    for answer in sorted(answers, key=lambda answer: (answer.query.kind, answer.rank)):
        if answer.rank != 1:
            first = names[answer.found[0]] if answer.found else ""
            meant = names[min(answer.query.right)]
            lines.append(f"{answer.query.kind}\t{answer.rank}\t{answer.query.text}\t{meant}\t{first}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def peers(tracks: pl.DataFrame, folder: Path) -> dict[str, Callable[[], Peer]]:
    """Return the peers by name, each still to be built."""
    return {
        "FTS5 unicode61": partial(fts5.build, tracks, fts5.UNICODE61, folder / "unicode61.db"),
        "FTS5 trigram": partial(fts5.build, tracks, fts5.TRIGRAM, folder / "trigram.db"),
        "tantivy": partial(tantivy_index.build, tracks, folder / "tantivy"),
    }


def items(tracks: pl.DataFrame, number: int) -> list[Query]:
    """Return the queries of so many items."""
    drawn = known_items.draw(tracks, number, SEED)
    typed = {(row["artist"], row["title"]): (row["artist_typed"], row["title_typed"]) for row in known_tracks.typed()}
    found = known_items.queries(drawn, known_items.shelf(tracks), typed, SEED)
    origins = {origin: sum(item.origin == origin for item in drawn) for origin in ("real", "compiled", "synthetic")}
    print(f"{tracks.height:,} tracks; {len(drawn):,} items ({origins}), {len(found):,} queries\n", flush=True)
    return found


def main() -> None:
    """Read the command line, load, ask, print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--url", required=True)
    parser.add_argument("--prefix", default="rel")
    parser.add_argument("--tracks", type=int, default=1_050_000)
    parser.add_argument("--items", type=int, default=2_000)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--loaded", action="store_true")
    parser.add_argument("--more", type=Path)
    parser.add_argument("--kind", action="append", choices=list(known_kinds.KINDS))
    parser.add_argument("--failures", type=Path)
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    cache = given.out / "tracks.parquet"
    if not given.loaded:
        cache.unlink(missing_ok=True)
        known_tracks.write(given.out / "corpus", given.tracks, given.more)
        known_tracks.load(given.out / "corpus", given.url, given.prefix)
    with Elasticsearch(given.url, request_timeout=120, max_retries=0) as client:
        tracks = known_tracks.read_back(client, given.prefix, cache)
        wanted = [query for query in items(tracks, given.items) if not given.kind or query.kind in given.kind]
        ours = partial(linernotes, Searcher(client, given.prefix))
        with ThreadPoolExecutor(AT_ONCE) as pool:
            answers = {OURS: list(pool.map(partial(asked, ours), wanted))}
    if given.failures:
        write_failures(given.failures, answers[OURS], tracks)
    for name, build in peers(tracks, given.out).items() if given.peers else ():
        contestant = build()
        answers[name] = [asked(contestant, query) for query in wanted]
        print(f"{name}: {measures(answers[name])}", flush=True)
    table = tabled(answers)
    (given.out / "result.json").write_text(json.dumps({"tracks": tracks.height, "kinds": table}, indent=1))
    printed(table)


if __name__ == "__main__":
    main()
