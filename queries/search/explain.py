"""Explains hits: why each matched, in one word, and which parts of its names did.

Worked out from the names of the page's own hits, by the functions that made the index's terms. Only stems are told by
Elasticsearch, whose analyzers alone know them. A word counts by the best of its spellings, a hit by its worst word.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mappings.spelling import folding, variants
from mappings.spelling.edit_distance import distance
from mappings.spelling.folding import compact, split_cjk, tokens, words
from mappings.track import ALBUM, ARTISTS, CONTRIBUTORS, TITLE
from queries import text
from queries.search import clause_query
from queries.search import terms as text_terms
from queries.search.query_syntax import Clause, Field
from queries.search.terms import OPTIONAL_WORDS, Terms, Word
from queries.text import Text
from queries.types import MATCH_RANK, Highlights, Match, Span

_SPELLINGS: tuple[tuple[Match, str], ...] = (
    (Match.JOINED, "joined"),
    (Match.JOINED, "apart"),
    (Match.SYMBOLS, "symbols"),
    (Match.TRANSLITERATED, "latin"),
    (Match.TRANSLITERATED, "latin_otherwise"),
    (Match.TRANSLITERATED, "written_out"),
)
"""Spellings of a name that the index holds, with the label of what they explain, in the order in which to ask."""


@dataclass(frozen=True)
class Explanation:
    """Why a hit matched (None without a text), and the parts of its names that did."""

    match: Match | None
    highlights: Highlights


_NOTHING = Explanation(None, {})


class _Name:
    """One name of a hit, with the tokens that the index holds for it; spelled only when it is asked for."""

    def __init__(self, field: str, name: str) -> None:
        self.field, self.name = field, name

    @cached_property
    def folded(self) -> str:
        return words(self.name)

    @cached_property
    def tokens(self) -> frozenset[str]:
        return _indexed(self.folded)

    @cached_property
    def compact(self) -> str:
        return self.folded.replace(" ", "")

    @cached_property
    def typographic(self) -> str:
        return typographic(self.name)

    @cached_property
    def spellings(self) -> tuple[tuple[Match, str], ...]:
        if variants.is_plain(self.name):
            return ()
        found = {spelling: words(getattr(variants, spelling)(self.name)) for _, spelling in _SPELLINGS}
        return tuple((match, found[way]) for match, way in _SPELLINGS if found[way] not in ("", self.folded))


def _indexed(folded: str) -> frozenset[str]:
    return frozenset((folded if folded.isascii() else split_cjk(folded, singles=True)).split())


def typographic(name: str) -> str:
    """Return a name with only case, width and typography made equal.

    >>> typographic("Guns N’  Roses"), typographic("BLINK‐182")
    ("guns n' roses", 'blink-182')
    """
    return " ".join(folding.lower(name).translate(_TYPOGRAPHY).split())


_TYPOGRAPHY = str.maketrans({mark: equal for mark, equal in folding.TYPOGRAPHY.items() if equal})


def names_of(track: Mapping[str, Any]) -> list[str]:
    """Return the names of a track by which a text finds it."""
    return [name.name for name in _names(track)]


def _names(track: Mapping[str, Any]) -> list[_Name]:
    single = [_Name(field, track[field]) for field in (TITLE, ALBUM) if track.get(field)]
    return single + [_Name(field, name) for field in (ARTISTS, CONTRIBUTORS) for name in track.get(field) or () if name]


def hits(asked: Text, page: Iterable[Mapping[str, Any]], *, highlight: bool) -> list[Explanation]:
    """Return the explanation of each hit, as Elasticsearch returned it.

    >>> hit = {"_source": {"title": "Svefn-g-englar", "artists": ["Sigur Rós"]}}
    >>> hits(text.parse("sigur ros"), [hit], highlight=True)[0].highlights
    {'artists': {'Sigur Rós': ((0, 5), (6, 9))}}
    """
    if not asked:
        return [_NOTHING for _ in page]
    terms = text_terms.of(asked)
    return [_explain(asked, terms, hit, highlight) for hit in page]


def _explain(asked: Text, terms: Terms, hit: Mapping[str, Any], highlight: bool) -> Explanation:
    names = _names(hit["_source"])
    stemmed = {int(name.partition(":")[2]) for name in hit.get("matched_queries", ())}
    labels = [_of_clause(clause, names) for clause in clause_query.named(asked.clauses)]
    by_word: dict[int, Match] = {}
    if asked.words:
        by_word = _of_words(terms, names, stemmed)
        labels.append(Match.EXACT if _is_exact(asked.words, names) else _worst(by_word.values()))
    marked = _highlights(asked, terms, by_word, names) if highlight else {}
    return Explanation(_worst(labels) if labels else None, marked)


def _worst(labels: Iterable[Match]) -> Match:
    return max(labels, key=MATCH_RANK.__getitem__, default=Match.FOLDED)


def _is_exact(typed: tuple[str, ...], names: Sequence[_Name]) -> bool:
    """Tell whether the text is the title, an artist, or one after the other, but for case and typography."""
    titles = {name.typographic for name in names if name.field == TITLE}
    artists = {name.typographic for name in names if name.field == ARTISTS}
    whole = typographic(" ".join(typed))
    if whole in titles or whole in artists:
        return True
    for before, behind in text.cuts(typed):
        first, second = typographic(before), typographic(behind)
        if (first in artists and second in titles) or (first in titles and second in artists):
            return True
    return False


def _of_words(terms: Terms, names: Sequence[_Name], stemmed: set[int]) -> dict[int, Match]:
    """Return why each word matched; an article or the like that is missing has no label."""
    found = {n: _of_word(word, names) or _of_article(word, names) for n, word in enumerate(terms.words)}
    if None in found.values() and (whole := _of_whole(terms, names)):
        found = {number: match or whole for number, match in found.items()}
    closed = text_terms.neighbours(terms)
    labels: dict[int, Match] = {}
    for number, match in found.items():
        word = terms.words[number]
        match = match or _nearly(word, closed[number], names)
        if match is None and number in stemmed:
            match = Match.STEMMED
        if match is None and word.typed.lower() in OPTIONAL_WORDS:
            continue
        labels[number] = match or Match.FUZZY
    return labels


def _of_word(word: Word, names: Sequence[_Name]) -> Match | None:
    """Return the best way in which the names hold a word, None if they don't."""
    held = frozenset[str]().union(*(name.tokens for name in names))
    for match, spelled in word.spellings:
        if held.issuperset(spelled):
            return match
    for match, spelled in word.spellings:
        for name in names:
            for way, spelling in name.spellings:
                if _indexed(spelling).issuperset(spelled):
                    return _worst((match, way))
    # Parts of one word may be held by different spellings (ac and dc by two names).
    everything = held.union(*(_indexed(spelling) for name in names for _, spelling in name.spellings))
    return next((Match.JOINED for _, spelled in word.spellings if everything.issuperset(spelled)), None)


def _of_whole(terms: Terms, names: Sequence[_Name]) -> Match | None:
    """Return how the text is a whole name, or artist and title, with its blanks elsewhere."""
    forms = {form: match for name in names if name.field in (TITLE, ARTISTS) for match, form in _forms(name)}
    whole = [term[2:] for term in terms.whole]
    if found := [forms[form] for form in whole if form in forms]:
        return min(found, key=MATCH_RANK.__getitem__)
    for before, behind in terms.pairs:
        first = [forms[term[2:]] for term in before if term[2:] in forms]
        second = [forms[term[2:]] for term in behind if term[2:] in forms]
        if first and second:
            return _worst((min(first, key=MATCH_RANK.__getitem__), min(second, key=MATCH_RANK.__getitem__)))
    return None


def _forms(name: _Name) -> Iterator[tuple[Match, str]]:
    """Yield the name as one word, the surest spelling last so that it is what remains in a table."""
    for match, spelling in reversed(name.spellings):
        yield _worst((match, Match.JOINED)), spelling.replace(" ", "")
    yield Match.JOINED, name.compact


def _of_article(word: Word, names: Sequence[_Name]) -> Match | None:
    artists = {name.compact for name in names if name.field == ARTISTS}
    return Match.FOLDED if any(term[2:] in artists for term in word.artist_terms) else None


def _nearly(word: Word, closed: Sequence[str], names: Sequence[_Name]) -> Match | None:
    """Return how a word is met closed up with its neighbour, cut in two, or by its sound."""
    held = frozenset[str]().union(*(name.tokens for name in names))
    if any(each in held for each in closed):
        return Match.JOINED
    if any(f" {' '.join(halves)} " in f" {name.folded} " for halves in text_terms.halves(word) for name in names):
        return Match.JOINED
    sounds = (sound for name in names for whole in variants.sounds(name.name) for sound in whole.split())
    if word.sounds and variants.may_sound_alike(word.typed) and word.sounds in {*sounds}:
        foreign = any(variants.is_foreign(name.name) for name in names)
        return Match.TRANSLITERATED if foreign else None
    return None


def _of_clause(clause: Clause, names: Sequence[_Name]) -> Match:
    """Return how a phrase or the words of one name are met."""
    own = [name for name in names if name.field in clause_query.NAMES[clause.field]]
    written, folded = typographic(clause.words), words(clause.words)
    if any(name.typographic == written for name in own if name.field in (TITLE, ARTISTS)):
        return Match.EXACT
    if any(f" {folded} " in f" {name.folded} " for name in own) or _holds(clause, own):
        return Match.FOLDED
    forms = {form: match for name in own for match, form in _forms(name)}
    found = [forms[form] for form in text_terms.forms(clause.words) if form in forms]
    return min(found, key=MATCH_RANK.__getitem__, default=Match.FOLDED)


def _holds(clause: Clause, names: Sequence[_Name]) -> bool:
    wanted = frozenset(tokens(clause.words))
    return not clause.phrase and clause.field is not Field.YEAR and any(wanted <= name.tokens for name in names)


_WORD = re.compile(r"\w+(?:['’]\w+)*")
_SHORTEST_BEGINNING, _LONGEST_ENDING = 3, 3
"""Letters that a word and its stem's other form have in common at least, and those that may differ at the end."""


def _highlights(asked: Text, terms: Terms, by_word: Mapping[int, Match], names: Sequence[_Name]) -> Highlights:
    typed = {token for word in terms.words for _, spelled in word.spellings for token in spelled}
    typed |= {token for clause in clause_query.named(asked.clauses) for token in tokens(clause.words)}
    near = [(compact(terms.words[n].typed), match) for n, match in by_word.items() if match in _IS_NEAR]
    otherwise = {n for n, match in by_word.items() if match not in (Match.EXACT, Match.FOLDED)}
    spelled = {token for n in otherwise for _, each in terms.words[n].spellings for token in each}
    found: dict[str, dict[str, tuple[Span, ...]]] = {}
    for name in names:
        spans = tuple(sorted(_spans(name.name, typed, near)))
        if not spans and spelled and any(spelled & _indexed(spelling) for _, spelling in name.spellings):
            spans = ((0, len(name.name)),)  # a spelling can't be placed in the name
        if spans:
            found.setdefault(name.field, {})[name.name] = spans
    return found


def _spans(name: str, typed: set[str], near: Sequence[tuple[str, Match]]) -> Iterator[Span]:
    for word in _WORD.finditer(name):
        own = tokens(word[0])
        if own and (typed.issuperset(own) or any(_IS_NEAR[match](compact(word[0]), other) for other, match in near)):
            yield word.span()
        elif not word[0].isascii():
            yield from _cjk_spans(word, typed)


def _cjk_spans(word: "re.Match[str]", typed: set[str]) -> Iterator[Span]:
    """Yield the parts of a run of CJK that were typed, pair by pair."""
    for token in typed:
        if not token.isascii() and token in word[0]:
            start = word.start() + word[0].index(token)
            yield (start, start + len(token))


def _begins_alike(word: str, other: str) -> bool:
    """Tell whether two words may be forms of one stem.

    >>> _begins_alike("chanson", "chansons"), _begins_alike("lied", "leben")
    (True, False)
    """
    shortest = max(_SHORTEST_BEGINNING, min(len(word), len(other)) - _LONGEST_ENDING + 1)
    return word[:shortest] == other[:shortest]


def _is_misspelt(word: str, other: str) -> bool:
    return distance(word, other, _MAX_SLIPS) <= _MAX_SLIPS


_MAX_SLIPS = 2
_IS_NEAR: Mapping[Match, Callable[[str, str], bool]] = {Match.STEMMED: _begins_alike, Match.FUZZY: _is_misspelt}
"""How a word of a name is compared with a typed one, to be marked."""
