"""tantivy: its default tokenizer with accents folded, all words, then all with slips, then any."""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import Any

import polars as pl

from benchmarks.peers import SIZE, Peer, looser

FIELDS = ("title", "artists", "album", "contributors")
_ANALYZER = "folded"
_LONG = 8
"""Letters from which two slips are allowed, one from four: as Elasticsearch's AUTO:4,8, which is what we ask."""

_SHORTEST_SLIP = 4
_MEMORY = 500_000_000


def build(tracks: pl.DataFrame, folder: Path) -> Peer:
    """Index title, artists, album and contributors, and return what asks them.

    Raises SystemExit, in one sentence, when the package is missing: peers are no dependencies of the project.
    """
    try:
        tantivy = import_module("tantivy")
    except ImportError:
        raise SystemExit("The peer tantivy is missing: pip install tantivy, or leave out --peers.") from None
    # simple and lowercase are the default tokenizer, which also drops words of 40 bytes or more; ascii_fold is added.
    analyzer = (
        tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.simple())
        .filter(tantivy.Filter.remove_long(40))
        .filter(tantivy.Filter.lowercase())
        .filter(tantivy.Filter.ascii_fold())
        .build()
    )
    builder = tantivy.SchemaBuilder().add_integer_field("number", stored=True)
    for field in FIELDS:
        builder = builder.add_text_field(field, stored=False, tokenizer_name=_ANALYZER)
    schema = builder.build()
    folder.mkdir(parents=True, exist_ok=True)
    index = tantivy.Index(schema, path=str(folder), reuse=False)
    index.register_tokenizer(_ANALYZER, analyzer)
    writer = index.writer(_MEMORY, num_threads=1)
    for number, (title, artists, album, guests) in enumerate(tracks.select(*FIELDS).iter_rows()):
        values = {"title": [title or ""], "artists": artists, "album": [album or ""], "contributors": guests}
        writer.add_document(tantivy.Document(number=number, **values))
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return partial(_ask, tantivy, schema, index.searcher(), analyzer, tracks["id"])


def _ask(tantivy: Any, schema: Any, searcher: Any, analyzer: Any, ids: pl.Series, text: str) -> list[str]:
    words = list(dict.fromkeys(analyzer.analyze(text)))
    if not words:
        return []
    exact, slipped = (partial(kind, tantivy, schema) for kind in (_term, _slipped))
    ways = [(exact, tantivy.Occur.Must), (slipped, tantivy.Occur.Must), (exact, tantivy.Occur.Should)]

    def ask(kind: Callable[[str], Any], occur: Any) -> list[str]:
        query = tantivy.Query.boolean_query([(occur, kind(word)) for word in words])
        hits = searcher.search(query, SIZE, count=False).hits
        return [ids[searcher.doc(address)["number"][0]] for _, address in hits]

    return looser([partial(ask, *way) for way in ways])


def _term(tantivy: Any, schema: Any, word: str) -> Any:
    return tantivy.Query.disjunction_max_query([tantivy.Query.term_query(schema, field, word) for field in FIELDS])


def _slipped(tantivy: Any, schema: Any, word: str) -> Any:
    if len(word) < _SHORTEST_SLIP:
        return _term(tantivy, schema, word)
    slips = 2 if len(word) >= _LONG else 1
    near = [tantivy.Query.fuzzy_term_query(schema, field, word, slips) for field in FIELDS]
    return tantivy.Query.disjunction_max_query([*near, _term(tantivy, schema, word)])
