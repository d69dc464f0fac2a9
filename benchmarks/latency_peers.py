"""The peers of the latency benchmark: built once from the index's own tracks into a folder, and asked the same texts.

Tracks come as the export reads them, block by block from one point in time, so that memory is bounded however many
there are. A peer is built again when the number of tracks or their generations are others than when it was built.
"""

import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl
from elasticsearch import Elasticsearch

import queries
from benchmarks.peers import fts5_faceted, tantivy_faceted
from queries.export import Scan, open_scan

COLUMNS = ("id", "title", "artists", "album", "contributors", *queries.DEFAULT_FACETS)

Ask = Callable[[str], int]
"""Text (empty: all tracks) to the number of tracks that match, after hits and facets were read too."""


@dataclass(frozen=True)
class Peer:
    """A peer: in which folder it is kept, what builds it in an empty one, and what opens it.

    What is opened asks; a question that takes longer than the seconds it is given may be broken off.
    """

    kept: str
    build: Callable[[Iterator[pl.DataFrame], Path], None]
    open: Callable[[Path, float], Ask]


PEERS: Mapping[str, Peer] = {
    "sqlite": Peer("sqlite", fts5_faceted.build, fts5_faceted.opened),
    "tantivy": Peer("tantivy", tantivy_faceted.build, tantivy_faceted.opened),
    "tantivy-slips": Peer("tantivy", tantivy_faceted.build, tantivy_faceted.opened_with_slips),
}


def opened(name: str, client: Elasticsearch, prefix: str, folder: Path, limit_s: float) -> Ask:
    """Return what asks a peer, built if it isn't there yet; raises SystemExit for one that isn't known."""
    if name not in PEERS:
        raise SystemExit(f"There is no peer {name!r}. Known: {', '.join(PEERS)}.")
    peer = PEERS[name]
    place, made_of = folder / peer.kept, folder / f"{peer.kept}.json"
    searcher = queries.Searcher(client, prefix)
    with open_scan(searcher, queries.request(facet_names=())) as tracks:
        state = {"rows": tracks.count.rows, "generations": dict(tracks.count.generations)}
        if not (made_of.exists() and json.loads(made_of.read_text()) == state):
            shutil.rmtree(place, ignore_errors=True)
            made_of.unlink(missing_ok=True)
            place.mkdir(parents=True)
            began = time.monotonic()
            peer.build(_blocks(name, tracks), place)
            made_of.write_text(json.dumps(state))
            print(f"{name}: built in {time.monotonic() - began:,.0f} s", file=sys.stderr)
    return peer.open(place, limit_s)


def _blocks(name: str, tracks: Scan) -> Iterator[pl.DataFrame]:
    done, told = 0, time.monotonic()
    for frame in tracks.frames():
        yield frame.select(COLUMNS)
        done += frame.height
        if time.monotonic() - told > 10:
            told = time.monotonic()
            print(f"{name}: {done:,} of {tracks.count.rows:,} tracks", file=sys.stderr)
