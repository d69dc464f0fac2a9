import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from elasticsearch import Elasticsearch

from queries import Searcher
from tests.queries import made, people
from tests.queries.tracks import forget, load


@dataclass(frozen=True)
class Collection:
    """Tracks, and a searcher over the index that holds them."""

    tracks: list[dict[str, Any]]
    searcher: Searcher
    prefix: str


@pytest.fixture(scope="package")
def collection(client: Elasticsearch) -> Iterator[Collection]:
    """Return 3,000 made-up tracks in four data sets of two shards each; read only."""
    prefix, tracks = f"t{uuid.uuid4().hex[:10]}", made.tracks(3_000, seed=1)
    try:
        load(client, prefix, tracks, shards=2)
        yield Collection(tracks, Searcher(client, prefix), prefix)
    finally:
        forget(client, prefix)


@pytest.fixture(scope="package")
def crowd(client: Elasticsearch) -> Iterator[Collection]:
    """Return 2,000 made-up tracks with shared keys and videos, namesakes, and artists of odd names; read only."""
    prefix, tracks = f"t{uuid.uuid4().hex[:10]}", people.tracks(2_000, seed=3)
    try:
        load(client, prefix, tracks, shards=2)
        yield Collection(tracks, Searcher(client, prefix), prefix)
    finally:
        forget(client, prefix)
