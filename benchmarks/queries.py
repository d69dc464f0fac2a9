"""How long a search with six facets takes; beside it SQLite FTS5 with Datasette's facets, and tantivy, same tracks.

    python -m benchmarks.queries --url URL [--prefix linernotes] [--queries 1000] [--seed 1] [--limit 10] [--json]
                                 [--peers sqlite,tantivy,tantivy-slips] [--peer-folder DIR]

Every text is asked once of each contestant, in one run, in an order that changes from text to text; so no cache helps
by a repeated question. Ours is `queries.Searcher.search` over HTTP, from the text to typed answers, with slips, other
spellings and exact facets. Peers run inside this process and are asked for all words as they are, which is less:
`tantivy-slips` asks once more with slips where that finds fewer than ten tracks, as ours does (it then finds any text
in which each word may be off). A question to SQLite is broken off after --limit seconds, and counts as that long.
Browsing is asked without text: cold after the caches of the prefix's indices are cleared, and repeated.
"""

import argparse
import json
import statistics
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from elasticsearch import Elasticsearch

import queries
from benchmarks import latency_peers
from linernotes.cli import search_benchmark
from linernotes.cli.search_benchmark import Spread, spread, timed
from linernotes.elastic import LeanSerializer
from mappings.index_names import alias

OURS = "linernotes"
WARM_UP = 50
"""Further texts that are asked before: a Java process that has just started is slow whatever it is asked."""

COLD, REPEATED = 5, 30
"""Browses of each kind."""

Ask = Callable[[str], int]


@dataclass(frozen=True)
class Asked:
    """One text: its kind, and of each contestant the seconds and the tracks found (-1: broken off)."""

    kind: str
    text: str
    seconds: Mapping[str, float]
    found: Mapping[str, int]


def ours(client: Elasticsearch, prefix: str) -> Ask:
    """Return what asks as a user does: everything between the text and the typed answer counts."""
    searcher = queries.Searcher(client, prefix)

    def ask(text: str) -> int:
        return searcher.search(queries.request(text, facet_names=queries.DEFAULT_FACETS)).total.value

    return ask


def run(contestants: Mapping[str, Ask], texts: Iterable[tuple[str, str]]) -> list[Asked]:
    """Ask every text of every contestant, who begins in turn."""
    names, done = list(contestants), list[Asked]()
    for number, (kind, text) in enumerate(texts):
        turn = number % len(names)
        took = {name: timed(contestants[name], text) for name in (*names[turn:], *names[:turn])}
        done.append(Asked(kind, text, {k: s for k, (s, _) in took.items()}, {k: n for k, (_, n) in took.items()}))
        if sys.stderr.isatty():
            print(f"\r{number + 1} texts", end="", file=sys.stderr, flush=True)
    return done


def browse(contestants: Mapping[str, Ask], client: Elasticsearch, prefix: str) -> dict[str, dict[str, Spread]]:
    """Ask for everything, cold and repeated; peers keep no answers, so their two differ by the system's cache alone."""
    cold: dict[str, list[float]] = {name: [] for name in contestants}
    again: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(COLD):
        client.indices.clear_cache(index=alias(prefix))
        for name, ask in contestants.items():
            cold[name].append(timed(ask, "")[0])
    for _ in range(REPEATED):
        again[OURS].append(timed(contestants[OURS], "")[0])
    for name in contestants.keys() - {OURS}:
        again[name] = [timed(contestants[name], "")[0] for _ in range(COLD)]
    return {
        "cold": {name: spread(times) for name, times in cold.items()},
        "repeated": {name: spread(times) for name, times in again.items()},
    }


def table(title: str, rows: Mapping[str, Spread]) -> None:
    """Print times, with ratios to ours."""
    print(f"\n| {title} | n | median | p95 | p99 | max | middle half | median, of ours | p95, of ours |")
    print("|---" * 9 + "|")
    base = rows[OURS]
    for name, of in rows.items():
        half = f"{of.quarter:,.1f} to {of.three_quarters:,.1f}"
        ratios = f"{of.median / base.median:.2f} | {of.p95 / base.p95:.2f}"
        times = " | ".join(f"{each:,.1f}" for each in (of.median, of.p95, of.p99, of.most))
        print(f"| {name} | {of.n} | {times} | {half} | {ratios} |")


def report(asked: list[Asked], browsed: Mapping[str, Mapping[str, Spread]]) -> None:
    """Print everything for people: Markdown, times in milliseconds."""
    names = list(asked[0].seconds)
    table("text search with six facets, ms", {name: spread(one.seconds[name] for one in asked) for name in names})
    for name in names[1:]:
        ahead = sum(one.seconds[OURS] < one.seconds[name] for one in asked)
        cut = sum(one.found[name] < 0 for one in asked)
        print(f"\n{OURS} is ahead of {name} in {ahead:,} of {len(asked):,} texts; broken off: {cut}.")
    for state, rows in browsed.items():
        table(f"browse with six facets, {state}, ms", rows)
    print(f"\n| {OURS} by kind of text, ms | n | median | p95 | max | tracks found, median |")
    print("|---" * 6 + "|")
    for kind in search_benchmark.SHARES:
        if own := [one for one in asked if one.kind == kind]:
            of, found = spread(one.seconds[OURS] for one in own), statistics.median(one.found[OURS] for one in own)
            print(f"| {kind} | {of.n} | {of.median:,.1f} | {of.p95:,.1f} | {of.most:,.1f} | {found:,.0f} |")
    print("\nslowest:")
    for one in sorted(asked, key=lambda one: -one.seconds[OURS])[:10]:
        print(f"- {1000 * one.seconds[OURS]:,.0f} ms, {one.found[OURS]:,} tracks, {one.kind}: {one.text}")


def as_json(asked: list[Asked], browsed: Mapping[str, Mapping[str, Spread]]) -> str:
    """Return everything for programs, every text with its times."""
    rows = {name: {key: asdict(of) for key, of in each.items()} for name, each in browsed.items()}
    search = {name: asdict(spread(one.seconds[name] for one in asked)) for name in asked[0].seconds}
    return json.dumps({"search": search, "browse": rows, "texts": [asdict(one) for one in asked]}, ensure_ascii=False)


def main() -> None:
    """Read the command line, build what is missing, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", required=True)
    parser.add_argument("--prefix", default="linernotes")
    parser.add_argument("--queries", type=int, default=1000)
    parser.add_argument("--peers", default="", help="with commas: sqlite, tantivy, tantivy-slips; without, only ours")
    parser.add_argument("--peer-folder", type=Path, default=Path("build/peers"), help="where peers are built and kept")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--limit", type=float, default=10.0, help="seconds after which a peer's question is broken off")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    with Elasticsearch(given.url, serializer=LeanSerializer(), max_retries=0, request_timeout=60) as client:
        contestants = {OURS: ours(client, given.prefix)}
        for name in filter(None, given.peers.split(",")):
            contestants[name] = latency_peers.opened(name, client, given.prefix, given.peer_folder, given.limit)
        tracks = search_benchmark.drawn(client, given.prefix, given.seed)
        texts = search_benchmark.texts(tracks, given.queries + WARM_UP, given.seed)
        if len(texts) <= WARM_UP:
            raise SystemExit("Too few tracks to make texts of.")
        run(contestants, texts[:WARM_UP])
        asked = run(contestants, texts[WARM_UP:])
        browsed = browse(contestants, client, given.prefix)
    if given.json:
        print(as_json(asked, browsed))
    else:
        report(asked, browsed)


if __name__ == "__main__":
    main()
