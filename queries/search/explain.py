"""Explains hits: why each matched, in one word, and which parts of its names did.

Worked out from the names of the page's own hits, by the functions that made the index's terms. Only stems come
from Elasticsearch, whose analyzers alone know them. A word counts by its best spelling, a hit by its worst word.
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
from queries.model import MATCH_RANK, Highlights, Match, Span
from queries.search.terms import OPTIONAL_WORDS, Terms, Word, compact_forms, neighbours, terms_of, word_halves
from queries.text import Clause, Text, cuts

_SPELLINGS: tuple[tuple[Match, str], ...] = (
    (Match.JOINED, "joined"),
    (Match.JOINED, "apart"),
    (Match.SYMBOLS, "symbols"),
    (Match.TRANSLITERATED, "latin"),
    (Match.TRANSLITERATED, "latin_otherwise"),
    (Match.TRANSLITERATED, "written_out"),
)
"""Spellings of a name that the index has, with the label of what they explain, in the order in which to look."""

_TYPOGRAPHY = str.maketrans({mark: equal for mark, equal in folding.TYPOGRAPHY.items() if equal})

_MAX_SLIPS = 2
_SHORTEST_BEGINNING, _LONGEST_ENDING = 3, 3
"""Letters that a word and its stem's other form have in common at least, and those that may differ at the end."""


@dataclass(frozen=True)
class Explanation:
    """Why a hit matched (None without a text), and the parts of its names that did."""

    match: Match | None
    highlights: Highlights


class _Name:
    """One name of a hit, with the tokens that the index has for it; each spelling is made when it is needed."""

    def __init__(self, field: str, name: str) -> None:
        self.field, self.name = field, name

    @cached_property
    def folded(self) -> str:
        return words(self.name)

    @cached_property
    def tokens(self) -> frozenset[str]:
        return _tokens(self.folded)

    @cached_property
    def typographic(self) -> str:
        return typographic(self.name)

    @cached_property
    def spellings(self) -> tuple[tuple[Match, str], ...]:
        if variants.is_plain(self.name):
            return ()
        spelled = [(match, words(getattr(variants, spelling)(self.name))) for match, spelling in _SPELLINGS]
        return tuple((match, spelling) for match, spelling in spelled if spelling not in ("", self.folded))

    @cached_property
    def forms(self) -> dict[str, Match]:
        """Return the name as one word, in each spelling, with the label of the surest that makes it."""
        spelled = {spelling.replace(" ", ""): _worst((match, Match.JOINED)) for match, spelling in self.spellings[::-1]}
        return spelled | {self.folded.replace(" ", ""): Match.JOINED}


def _tokens(folded: str) -> frozenset[str]:
    return frozenset((folded if folded.isascii() else split_cjk(folded, singles=True)).split())


def typographic(name: str) -> str:
    """Return a name with only case, width and typography made equal.

    >>> typographic("Guns N’  Roses"), typographic("BLINK‐182")
    ("guns n' roses", 'blink-182')
    """
    return " ".join(folding.lower(name).translate(_TYPOGRAPHY).split())


def names_of(track: Mapping[str, Any]) -> list[str]:
    """Return the names of a track by which a text finds it."""
    return [name.name for name in _names(track)]


def _names(track: Mapping[str, Any]) -> list[_Name]:
    single = [_Name(field, track[field]) for field in (TITLE, ALBUM) if track.get(field)]
    return single + [_Name(field, name) for field in (ARTISTS, CONTRIBUTORS) for name in track.get(field) or () if name]


def explain(text: Text, hits: Iterable[Mapping[str, Any]], *, highlight: bool) -> list[Explanation]:
    """Return the explanation of each hit, as Elasticsearch returned it.

    >>> from queries.text import parse
    >>> hit = {"_source": {"title": "Svefn-g-englar", "artists": ["Sigur Rós"]}}
    >>> explain(parse("sigur ros"), [hit], highlight=True)[0].highlights
    {'artists': {'Sigur Rós': ((0, 5), (6, 9))}}
    """
    if not text:
        return [Explanation(None, {}) for _ in hits]
    terms = terms_of(text)
    return [_explain(text, terms, hit, highlight) for hit in hits]


def _explain(text: Text, terms: Terms, hit: Mapping[str, Any], highlight: bool) -> Explanation:
    names = _names(hit["_source"])
    labels = [_label_of_clause(clause, names) for clause in text.required_clauses]
    by_word: dict[int, Match] = {}
    if text.words:
        stemmed = {int(name.partition(":")[2]) for name in hit.get("matched_queries", ())}
        by_word = _labels_by_word(terms, names, stemmed)
        labels.append(Match.EXACT if _is_exact(text.words, names) else _worst(by_word.values()))
    highlights = _highlights(text, terms, by_word, names) if highlight else {}
    return Explanation(_worst(labels) if labels else None, highlights)


def _worst(labels: Iterable[Match]) -> Match:
    return max(labels, key=MATCH_RANK.__getitem__, default=Match.FOLDED)


def _best(forms: Mapping[str, Match], some: Iterable[str]) -> Match | None:
    return min((forms[form] for form in some if form in forms), key=MATCH_RANK.__getitem__, default=None)


def _is_exact(typed: tuple[str, ...], names: Sequence[_Name]) -> bool:
    """Tell whether the text is the title, an artist, or one after the other, but for case and typography."""
    titles = {name.typographic for name in names if name.field == TITLE}
    artists = {name.typographic for name in names if name.field == ARTISTS}
    if typographic(" ".join(typed)) in titles | artists:
        return True
    for both in cuts(typed):
        before, behind = map(typographic, both)
        if (before in artists and behind in titles) or (before in titles and behind in artists):
            return True
    return False


def _labels_by_word(terms: Terms, names: Sequence[_Name], stemmed: set[int]) -> dict[int, Match]:
    """Return why each word matched; an article or the like that is missing has no label."""
    artists = {name.folded.replace(" ", "") for name in names if name.field == ARTISTS}
    labels: dict[int, Match] = {}
    for number, word in enumerate(terms.words):
        if match := _label_of_word(word, names):
            labels[number] = match
        elif any(term[2:] in artists for term in word.artist_terms):
            labels[number] = Match.FOLDED
    if len(labels) < len(terms.words) and (match := _label_of_name(terms, names)):
        labels = dict.fromkeys(range(len(terms.words)), match) | labels
    closed = neighbours(terms)
    for number, word in enumerate(terms.words):
        if number in labels:
            continue
        if match := _label_of_near(word, closed[number], names):
            labels[number] = match
        elif number in stemmed:
            labels[number] = Match.STEMMED
        elif word.typed.lower() not in OPTIONAL_WORDS:
            labels[number] = Match.FUZZY
    return labels


def _label_of_word(word: Word, names: Sequence[_Name]) -> Match | None:
    """Return the best match of a word with the tokens of the names, None if there is none."""
    indexed = frozenset[str]().union(*(name.tokens for name in names))
    for match, spelled in word.spellings:
        if indexed.issuperset(spelled):
            return match
    for match, spelled in word.spellings:
        for name in names:
            for other, spelling in name.spellings:
                if _tokens(spelling).issuperset(spelled):
                    return _worst((match, other))
    # Parts of one word may be in different spellings (ac and dc in two names).
    everything = indexed.union(*(_tokens(spelling) for name in names for _, spelling in name.spellings))
    return next((Match.JOINED for _, spelled in word.spellings if everything.issuperset(spelled)), None)


def _label_of_name(terms: Terms, names: Sequence[_Name]) -> Match | None:
    """Return how the text is a whole name, or artist and title, with its blanks elsewhere."""
    forms = {form: match for name in names if name.field in (TITLE, ARTISTS) for form, match in name.forms.items()}
    if match := _best(forms, (term[2:] for term in terms.name_terms)):
        return match
    for both in terms.pairs:
        before, behind = (_best(forms, (term[2:] for term in some)) for some in both)
        if before and behind:
            return _worst((before, behind))
    return None


def _label_of_near(word: Word, closed: Sequence[str], names: Sequence[_Name]) -> Match | None:
    """Return how a word matches closed up with its neighbour, cut in two, or by its sound."""
    if any(each in name.tokens for each in closed for name in names):
        return Match.JOINED
    if any(f" {' '.join(halves)} " in f" {name.folded} " for halves in word_halves(word) for name in names):
        return Match.JOINED
    if word.sounds and variants.may_sound_alike(word.typed) and any(variants.is_foreign(name.name) for name in names):
        sounds = {each for name in names for sound in variants.sounds(name.name) for each in sound.split()}
        return Match.TRANSLITERATED if word.sounds in sounds else None
    return None


def _label_of_clause(clause: Clause, names: Sequence[_Name]) -> Match:
    """Return how a phrase or the words of one name match."""
    own = [name for name in names if name.field in clause.fields]
    written, folded = typographic(clause.words), f" {words(clause.words)} "
    if any(name.typographic == written for name in own if name.field in (TITLE, ARTISTS)):
        return Match.EXACT
    if any(folded in f" {name.folded} " for name in own):
        return Match.FOLDED
    if not clause.phrase and any(name.tokens.issuperset(tokens(clause.words)) for name in own):
        return Match.FOLDED
    forms = {form: match for name in own for form, match in name.forms.items()}
    return _best(forms, compact_forms(clause.words)) or Match.FOLDED


_WORD = re.compile(r"\w+(?:['’]\w+)*")


def _highlights(text: Text, terms: Terms, by_word: Mapping[int, Match], names: Sequence[_Name]) -> Highlights:
    typed = {token for word in terms.words for _, spelled in word.spellings for token in spelled}
    typed |= {token for clause in text.required_clauses for token in tokens(clause.words)}
    near = [(compact(terms.words[n].typed), match) for n, match in by_word.items() if match in _IS_NEAR]
    otherwise = {n for n, match in by_word.items() if match not in (Match.EXACT, Match.FOLDED)}
    spelled = {token for n in otherwise for _, each in terms.words[n].spellings for token in each}
    highlights: dict[str, dict[str, tuple[Span, ...]]] = {}
    for name in names:
        spans = tuple(sorted(_spans(name.name, typed, near)))
        if not spans and spelled and any(spelled & _tokens(spelling) for _, spelling in name.spellings):
            spans = ((0, len(name.name)),)  # a spelling can't be placed in the name
        if spans:
            highlights.setdefault(name.field, {})[name.name] = spans
    return highlights


def _spans(name: str, typed: set[str], near: Sequence[tuple[str, Match]]) -> Iterator[Span]:
    for word in _WORD.finditer(name):
        own = tokens(word[0])
        if own and (typed.issuperset(own) or any(_IS_NEAR[match](compact(word[0]), other) for other, match in near)):
            yield word.span()
        elif not word[0].isascii():  # the parts of a run of CJK that were typed, pair by pair
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


_IS_NEAR: Mapping[Match, Callable[[str, str], bool]] = {
    Match.STEMMED: _begins_alike,
    Match.FUZZY: lambda word, other: distance(word, other, _MAX_SLIPS) <= _MAX_SLIPS,
}
"""How a word of a name is compared with a typed one, to be highlighted."""
