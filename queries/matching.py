"""Which tracks a text means, as a query: every word must be met, in one of several ways.

Words are met by name fields as written, by the spellings that the index holds, by other spellings of the query, or
by a title's stem; in the fuzzy stage also with a slip or two. Each way carries a name, `<way>:<number of the word>`,
by which a hit tells how it matched. Nothing here parses the text: it only ever is a value.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any

from elasticsearch.dsl.query import Bool, ConstantScore, DisMax, Exists, Match, MatchPhrase, MultiMatch, Query, Terms

from mappings import fields
from mappings.fields import COMPACT_SUBFIELD
from mappings.romanise import SOUND_MARK
from queries import parts, scripts, text, weights, whole
from queries.text import Text
from queries.variants import Variants


class Stage(StrEnum):
    """How far a search goes: `FUZZY` also takes words with slips, when `STRICT` finds little."""

    STRICT = "strict"
    FUZZY = "fuzzy"


LITTLE = 10
"""With fewer strict hits than this the fuzzy stage is asked: half a page of what was typed leaves room for what was
meant, and a name that is spelt right has rarely fewer."""

ARTICLES = frozenset(
    ("the", "a", "an", "le", "la", "les", "el", "los", "las", "il", "gli", "der", "die", "das", "os", "as")
)
"""Words that a name may carry or lack: the beatles, Beatles."""

GUESTS = frozenset(("feat", "feat.", "ft", "ft.", "featuring"))
"""Words between a title and its guest, who may stand in the title or among the contributors."""

LINKS = ARTICLES | GUESTS | {"by", "and"}
"""Words that in the fuzzy stage are no reason to miss a name."""

_SHORTEST_STEM = 4
"""Letters from which a word may have a stem; shorter ones cost as many look-ups, one for each language."""

_LONGEST_NAME = 5
"""An article looks for the artist's name in up to so many words after it."""

_ALONE, _AMONG_OTHERS = (5, 8), (4, 6)
"""Letters from which a word may have one slip, or two: alone, and where other words say what is meant too.
Elasticsearch's AUTO is (3, 6): then `mia` is also mja, mie, ria, and from four on `pink` is pine and sink, `muse` must:
another name, no slip. Of known items with a slip, 0.90 were found with (5, 8) alone, 400 items in a million tracks."""

_LONGEST_SLIP = 40
"""Letters of a word that may have slips; the automaton of a word of 300 takes Elasticsearch a second to build."""

_FUZZY_WORDS = 8
"""Only so many words may have slips: each is an automaton run over the term dictionary of four fields."""

_LONGEST_SPLIT = 20
"""Letters up to which a word is tried as two: 19 phrases in each of two fields."""

_SPLIT_FIELDS = (fields.TITLE, fields.ARTISTS)

_EXPANSIONS = 100
"""Terms that one word may stand for, the nearest first. 8 words x 4 fields x 100 leave room below the limit of clauses
(16,384 with a 1 GB heap) for words that are several to the analyzer."""


def terms(asked: Text) -> list[int]:
    """Return the numbers of the words that have to be met; signs alone make no term, unless there is nothing else."""
    return [number for number, word in enumerate(asked.words) if text.may_be_term(word)]


def may_slip(asked: Text) -> bool:
    """Say whether the fuzzy stage could find more than the strict one."""
    return any(_may_slip(word, asked) or word.lower() in LINKS for word in asked.words)


def needed(asked: Text, stage: Stage) -> list[int]:
    """Return the numbers of the words without which no track matches: with slips, articles and the like may lack."""
    words = terms(asked)
    if stage is Stage.STRICT:
        return words
    return [number for number in words if asked.words[number].lower() not in LINKS] or words


@lru_cache(maxsize=16)
def matching(asked: Text, variants: Variants, stage: Stage) -> Query:
    """Return what selects the tracks, with word weights; for counting, ask it in filter context.

    Hits and counts need it, so the last are kept: making it takes 2 ms.
    """
    met = [clause for _, clause in parts.wanted(asked.parts, variants.parts)]
    within, without = parts.within(asked.parts), parts.without(asked.parts)
    worded = [_worded(asked, variants, stage)] if asked.words else []
    if len(worded) == 1 and not (met or within or without):
        return worded[0]
    return Bool(must=[*worded, *met], filter=within, must_not=without)


def _worded(asked: Text, variants: Variants, stage: Stage) -> Query:
    words = needed(asked, stage)
    if not words:
        return whole.exactly(asked)
    strictly = Bool(must=[DisMax(queries=list(_ways(asked, variants, number, stage))) for number in words])
    together = {"joined:all": list(whole.compact(variants)), "spelled:all": list(whole.both(variants))}
    anyhow = [
        ConstantScore(filter=Bool(should=names), boost=weights.JOINED_ALL, _name=name)
        for name, names in together.items()
        if names
    ]
    return Bool(should=[strictly, *anyhow])


def ranked(asked: Text, variants: Variants, stage: Stage) -> Query:
    """Return the same tracks with whole names on top."""
    if not asked.words:
        return matching(asked, variants, stage)
    bonus: list[Query] = [whole.exactly(asked), whole.otherwise(variants), *_accents(asked, variants)]
    if stage is Stage.FUZZY:
        bonus.append(ConstantScore(filter=matching(asked, variants, Stage.STRICT), boost=weights.STRICT))
    return Bool(must=[matching(asked, variants, stage)], should=bonus)


def _ways(asked: Text, variants: Variants, number: int, stage: Stage) -> Iterator[Query]:
    """Yield every way in which the word of this number may be met, the worthiest first."""
    word = asked.words[number]
    yield _words(word, f"folded:{number}", 1.0, weights.WRITTEN)
    if not text.has_letters(word):
        yield from _neutral(asked, number)
        return
    yield _words(word, f"spelled:{number}", 1.0, weights.SPELLED)
    for way, spelling in variants.words[number]:
        # What a word sounds like stands among the spellings alone.
        sound = way == "transliterated" and spelling.startswith(SOUND_MARK)
        table = weights.SPELLED if sound else weights.ANY
        yield _words(spelling, f"{way}:{number}", weights.ASKED_OTHERWISE, table)
    yield from _linked(asked, number)
    if len(word) >= _SHORTEST_STEM and (codes := scripts.languages(word)):
        titles = [f"{fields.TITLE_BY_LANGUAGE}.{code}" for code in codes]
        stem = MultiMatch(query=word, type="best_fields", operator="and", fields=titles)
        yield ConstantScore(filter=stem, boost=weights.STEMMED, **_named(stage, f"stemmed:{number}"))
    if stage is Stage.FUZZY:
        yield from (_words(run, f"joined:{number}", weights.ASKED_OTHERWISE) for run in variants.runs[number])
    if stage is Stage.FUZZY and number in slippery(asked):
        yield _slips(asked, number)
        yield _split(word, number)


def _all(field: str, word: str) -> Query:
    # A typed word may be several to the analyzer (ac/dc): all of them are meant.
    return Match(field, {"query": word, "operator": "and"})


def _named(stage: Stage, name: str) -> dict[str, str]:
    # What has no name costs a page nothing, and one way can be told as the one that is left: in the strict stage the
    # stems, in the fuzzy stage the slips. Naming the stems took 3 of 11 ms.
    return {"_name": name} if stage is Stage.FUZZY else {}


def _neutral(asked: Text, number: int) -> Iterator[Query]:
    """Yield that a pictograph of which the analyzer makes no term is no reason to miss a name, if there are words."""
    if any(text.has_letters(other) for other in asked.words):
        anything = Match(fields.TITLE, {"query": asked.words[number], "zero_terms_query": "all"})
        yield ConstantScore(filter=anything, boost=0.0, _name=f"linked:{number}")


def _words(words: str, name: str, factor: float, table: Mapping[str, float] = weights.ANY) -> Query:
    # cross_fields: what the analyzer makes of one typed word (ac, dc of AC/DC) may stand in several fields.
    return MultiMatch(
        query=words,
        type="cross_fields",
        operator="and",
        fields=weights.weighted(table, factor),
        tie_breaker=weights.TWICE,
        _name=name,
    )


def _linked(asked: Text, number: int) -> Iterator[Query]:
    """Yield how an article or a guest's mark may be met without standing in the name.

    The words after an article may be an artist's whole name: the beatles finds Beatles. A guest may be marked with
    another word, or be a contributor.
    """
    word, found = asked.words[number].lower(), list[Query]()
    if word in ARTICLES:
        ends = range(number + 2, min(len(asked.words), number + 1 + _LONGEST_NAME) + 1)
        if names := [" ".join(asked.words[number + 1 : end]) for end in ends]:
            found.append(Terms(f"{fields.ARTISTS}.{COMPACT_SUBFIELD}", names))
    if word in GUESTS:
        found += [Match(fields.TITLE, {"query": " ".join(GUESTS)}), Exists(field=fields.CONTRIBUTORS)]
    if found:
        yield ConstantScore(filter=Bool(should=found), boost=weights.LINKED, _name=f"linked:{number}")


def _lengths(asked: Text) -> tuple[int, int]:
    return _AMONG_OTHERS if len(terms(asked)) > 1 else _ALONE


def _may_slip(word: str, asked: Text) -> bool:
    letters = sum(map(str.isalpha, word))
    return letters >= _lengths(asked)[0] and len(word) <= _LONGEST_SLIP and scripts.may_be_misspelt(word)


@lru_cache(maxsize=16)
def slippery(asked: Text) -> list[int]:
    """Return the numbers of the words that are also asked with slips."""
    return [number for number, word in enumerate(asked.words) if _may_slip(word, asked)][:_FUZZY_WORDS]


def slip(asked: Text, number: int) -> dict[str, Any]:
    """Return the options of a match of one word with a letter or two off; the first letter is taken as right."""
    one, two = _lengths(asked)
    return {
        "query": asked.words[number],
        "operator": "and",
        "fuzziness": f"AUTO:{one},{two}",
        "prefix_length": 1,
        "max_expansions": _EXPANSIONS,
    }


def _slips(asked: Text, number: int) -> Query:
    """Return the word with its slips in any field; nearer terms count more."""
    return MultiMatch(fields=weights.weighted(weights.SLIPPED), **slip(asked, number))


def _split(word: str, number: int) -> Query:
    """Return the word as two that stand side by side: smellslike teen spirit. Whole names are `whole.compact`'s."""
    cuts = range(1, min(len(word), _LONGEST_SPLIT))
    pairs = [f"{word[:cut]} {word[cut:]}" for cut in cuts]
    either: list[Query] = [MatchPhrase(field, {"query": pair}) for field in _SPLIT_FIELDS for pair in pairs]
    return ConstantScore(filter=Bool(should=either), boost=weights.SPLIT, _name=f"split:{number}")


def _accents(asked: Text, variants: Variants) -> Iterator[Query]:
    """Yield a small bonus for each word whose accents, as typed, are the name's too."""
    for number in variants.accented:
        same = [_all(field, asked.words[number]) for field in (fields.TITLE_ACCENTED, fields.ARTISTS_ACCENTED)]
        yield ConstantScore(filter=Bool(should=same), boost=weights.ACCENTS)
