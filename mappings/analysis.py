"""Analyzers and the similarity of name fields.

Which tracks a text finds is decided by `all_words` and `whole_names`, whose terms are computed while indexing
(`mappings.spelling`); these analyzers serve ranking, phrases and a search inside one field. Names are not prose: no
stop words and no stemming. Each title is analyzed once more in its own language (`mappings.languages`).
"""

from typing import Any

from elasticsearch.dsl import analyzer, token_filter

# GreekLowerCaseFilter lower-cases every script and, for Greek, also drops the accents and the final sigma.
_LOWER = token_filter("lower", type="lowercase", language="greek")
_WITHOUT_APOSTROPHES = token_filter(
    "without_apostrophes", type="pattern_replace", pattern="['’‘ʼ`´′＇]", replacement=""
)

NAME = analyzer("name", tokenizer="standard", filter=["cjk_width", _LOWER, "asciifolding", _WITHOUT_APOSTROPHES])
"""Analyzer of names and titles: words, folded. O’Connor is oconnor."""

TERMS = analyzer("terms", tokenizer="whitespace")
"""Analyzer of text that is made of finished terms."""

LENGTH_ONLY = "length_only"
"""Similarity of names: the weight of the clause, a little less for each further word (`similarity`)."""


def similarity() -> dict[str, Any]:
    """Return the `similarity` part of the index settings.

    BM25 rates a term by how rare it is in its index, so that equal tracks of a small and a large data set score
    differently, and every document that comes or goes shifts the scores that a cursor carries. All words of a text have
    to match, so their rarity ranks nothing. Steps of 1/128 keep every sum exact in 32-bit floats.
    """
    source = "return query.boost * (128 - Math.min(doc.length, 32)) / 128.0"
    return {LENGTH_ONLY: {"type": "scripted", "script": {"source": source}}}
