"""tantivy with facets: its own aggregations (terms over fast fields) beside a ranked search, in this process.

The binding has no way to collect hits and aggregations in one pass, so a question is two: the best twenty with the
total, and all six facets together. Values are kept raw, years as integers.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

import queries
from benchmarks.peers import LITTLE
from queries.facets.table import FACETS, Kind

FIELDS = ("title", "artists", "album", "contributors")
SIZE = 21
VALUES = 50
_ANALYZER = "folded"
_SHORTEST_SLIP, _LONG = 4, 8
"""Letters from which one slip is allowed, and two: as `tantivy_index`."""

_MEMORY = 300_000_000
_FACETS = queries.DEFAULT_FACETS
_YEARS = tuple(name for name in _FACETS if FACETS[name].kind is Kind.YEARS)
_AGGREGATIONS = {name: {"terms": {"field": name, "size": 1000 if name in _YEARS else VALUES}} for name in _FACETS}


def build(blocks: Iterator[pl.DataFrame], folder: Path) -> None:
    """Index the tracks, flushing whenever the writer's memory is full."""
    index = _index(folder)
    writer = index.writer(_MEMORY, num_threads=1)
    document, names = _tantivy().Document, (*FIELDS, *_FACETS)
    for block in blocks:
        for row in block.select("id", *names).iter_rows(named=True):
            made = {name: value if isinstance(value, list) else [value] for name, value in row.items()}
            writer.add_document(document(**{name: each for name, each in made.items() if each not in ([], [None])}))
    writer.commit()
    writer.wait_merging_threads()


def opened(folder: Path, limit_s: float) -> Callable[[str], int]:  # noqa: ARG001 - it can't be broken off
    """Return what asks the index for all words as they are."""
    return partial(_ask, _open(folder), (_anywhere,))


def opened_with_slips(folder: Path, limit_s: float) -> Callable[[str], int]:  # noqa: ARG001
    """Return what asks like that and, with fewer than ten tracks, once more with slips, as ours does."""
    return partial(_ask, _open(folder), (_anywhere, _nearly))


@dataclass(frozen=True)
class _Opened:
    """An index that is open for reading."""

    tantivy: Any
    schema: Any
    searcher: Any
    analyzer: Any


def _open(folder: Path) -> _Opened:
    tantivy, index = _tantivy(), _index(folder)
    index.reload()
    return _Opened(tantivy, index.schema, index.searcher(), _analyzer(tantivy))


def _tantivy() -> Any:
    try:
        return import_module("tantivy")
    except ImportError:
        raise SystemExit("The peer tantivy is missing: pip install tantivy, or leave it out of --peers.") from None


def _analyzer(tantivy: Any) -> Any:
    filters = tantivy.Filter
    folded = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple()).filter(filters.remove_long(40))
    return folded.filter(filters.lowercase()).filter(filters.ascii_fold()).build()


def _index(folder: Path) -> Any:
    """Return the index of a folder, made if it is empty."""
    tantivy = _tantivy()
    builder = tantivy.SchemaBuilder().add_text_field("id", stored=True, tokenizer_name="raw")
    for field in FIELDS:
        builder = builder.add_text_field(field, stored=True, tokenizer_name=_ANALYZER)
    for name in _FACETS:
        if name in _YEARS:
            builder = builder.add_integer_field(name, stored=True, fast=True)
        else:
            builder = builder.add_text_field(name, stored=True, fast=True, tokenizer_name="raw", index_option="basic")
    index = tantivy.Index(builder.build(), path=str(folder), reuse=True)
    index.register_tokenizer(_ANALYZER, _analyzer(tantivy))
    return index


def _ask(on: _Opened, ways: Sequence[Callable[[_Opened, str], Any]], text: str) -> int:
    words = list(dict.fromkeys(on.analyzer.analyze(text)))
    if not words:
        return 0 if text else _answered(on, on.tantivy.Query.all_query())
    count = 0
    for way in ways:
        must = [(on.tantivy.Occur.Must, way(on, word)) for word in words]
        count = _answered(on, on.tantivy.Query.boolean_query(must))
        if count >= LITTLE:
            break
    return count


def _answered(on: _Opened, query: Any) -> int:
    found = on.searcher.search(query, SIZE, count=True)
    for _, address in found.hits:
        on.searcher.doc(address).to_dict()
    on.searcher.aggregate(query, _AGGREGATIONS)
    return int(found.count)


def _anywhere(on: _Opened, word: str) -> Any:
    query = on.tantivy.Query
    return query.disjunction_max_query([query.term_query(on.schema, field, word) for field in FIELDS])


def _nearly(on: _Opened, word: str) -> Any:
    if len(word) < _SHORTEST_SLIP:
        return _anywhere(on, word)
    query, slips = on.tantivy.Query, 2 if len(word) >= _LONG else 1
    near = [query.fuzzy_term_query(on.schema, field, word, slips) for field in FIELDS]
    return query.disjunction_max_query([*near, _anywhere(on, word)])
