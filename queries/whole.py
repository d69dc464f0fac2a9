"""Whole names: when a text is not only made of a name's words, but is that name."""

from collections.abc import Iterator

from elasticsearch.dsl.query import Bool, ConstantScore, DisMax, Query, Term, Terms

from mappings import fields
from mappings.fields import COMPACT_SUBFIELD, EXACT_SUBFIELD
from queries import text, weights
from queries.text import Text
from queries.variants import Variants


def exactly(asked: Text) -> Query:
    """Return that the text is an artist, a title, or both one after the other, but for case and typography."""
    pairs = list(_pairs(asked))
    either: list[Query] = [
        ConstantScore(filter=_is(fields.ARTISTS, asked.whole), boost=weights.EXACT_ARTIST),
        ConstantScore(filter=_is(fields.TITLE, asked.whole), boost=weights.EXACT_TITLE),
    ]
    if pairs:
        either.append(ConstantScore(filter=Bool(should=pairs), boost=weights.EXACT_BOTH))
    return DisMax(queries=either, _name="exact")


def _pairs(asked: Text) -> Iterator[Query]:
    """Yield each way to split the text into artist and title, or title and artist."""
    for before, behind in text.cuts(asked.words):
        yield Bool(filter=[_is(fields.ARTISTS, before), _is(fields.TITLE, behind)])
        yield Bool(filter=[_is(fields.TITLE, before), _is(fields.ARTISTS, behind)])


def _is(field: str, name: str) -> Query:
    return Term(f"{field}.{EXACT_SUBFIELD}", {"value": name})


def otherwise(variants: Variants) -> Query:
    """Return that the text is a whole name, or artist and title, but for accents, article, sign, joint or script."""
    spelled = (fields.ARTISTS_SPELLINGS, fields.TITLE_SPELLINGS)
    anywhere: list[Query] = [
        *compact(variants),
        *both(variants),
        *(Terms(f"{field}.{EXACT_SUBFIELD}", list(variants.whole)) for field in spelled),
    ]
    return ConstantScore(filter=Bool(should=anywhere), boost=weights.WHOLE, _name="whole")


def compact(variants: Variants) -> Iterator[Query]:
    """Yield that the text, folded and without blanks and punctuation, is an artist or a title: gunsnroses."""
    if names := [name for name in variants.whole if text.has_letters(name)]:
        for field in (fields.ARTISTS, fields.TITLE):
            yield Terms(f"{field}.{COMPACT_SUBFIELD}", names)


def both(variants: Variants) -> Iterator[Query]:
    """Yield each cut at which the text is artist and title, or title and artist, however spelt."""
    for before, behind in variants.halves:
        yield Bool(filter=[_spelt(fields.ARTISTS, before), _spelt(fields.TITLE, behind)])
        yield Bool(filter=[_spelt(fields.TITLE, before), _spelt(fields.ARTISTS, behind)])


_SPELLINGS = {fields.ARTISTS: fields.ARTISTS_SPELLINGS, fields.TITLE: fields.TITLE_SPELLINGS}


def _spelt(field: str, names: tuple[str, ...]) -> Query:
    compact, exact = f"{field}.{COMPACT_SUBFIELD}", f"{_SPELLINGS[field]}.{EXACT_SUBFIELD}"
    return Bool(should=[Terms(compact, list(names)), Terms(exact, list(names))])
