"""The terms of a text: the spellings of each word, and of the text as a name.

The index holds other spellings of names; a typed word is spelled otherwise here, since either side may be the odd one.
All of it is pure and cheap: plain Latin words have one spelling.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from mappings.spelling import scripts, variants, whole_names
from mappings.spelling.folding import compact, exact_form, tokens
from mappings.spelling.transliteration import sounds
from mappings.track import ARTIST_ROLE, LONGEST_NAME, TITLE_ROLE
from queries.model import Match, Stage
from queries.text import Text, cuts, has_letters

ARTICLES = frozenset(
    ("the", "a", "an", "le", "la", "les", "el", "los", "las", "il", "gli", "der", "die", "das", "os", "as")
)
"""Words that a name may carry or lack: the beatles, Beatles."""

GUEST_MARKS = frozenset(("feat", "feat.", "ft", "ft.", "featuring"))
"""Words between a title and its guest, written in several ways or not at all: never needed beside other words."""

OPTIONAL_WORDS = ARTICLES | GUEST_MARKS | {"by", "and"}
"""Words that in the fuzzy stage are no reason to miss a name."""

_LONGEST_ARTIST = 5
"""An article looks for the artist's name in up to so many words after it."""

_THE = "the"
_ALONE, _AMONG_OTHERS = 5, 3
"""Letters from which a word may be misspelt: alone, and beside other words. Of shorter words alone
each slip makes another name: pink, pine, sink."""

_ENOUGH_TELLING = 2
"""Words of three letters or more beside which shorter ones may be missing in the fuzzy stage."""

_TWO_SLIPS_ALONE, _TWO_SLIPS_AMONG_OTHERS = 7, 5
"""Letters from which a word that the index doesn't know may have two slips; one that it knows has one at most."""

_SHORTEST_STEM = 4
_LONGEST_MISSPELT = 40
_SHORTEST_CUT, _LONGEST_CUT = 5, 20

Tokens = tuple[str, ...]


@dataclass(frozen=True)
class Word:
    """One typed word: the tokens that a name has to have for it, in one of several spellings, the first as typed.

    `sounds` is what it sounds like, empty for what isn't Latin letters. `accented` is the word in lower case where its
    accents were typed. `artist_terms` are whole names of an artist that an article stands before.
    """

    typed: str
    spellings: tuple[tuple[Match, Tokens], ...]
    sounds: str = ""
    accented: str = ""
    artist_terms: tuple[str, ...] = ()

    @property
    def tokens(self) -> Tokens:
        """Return the tokens of the word as typed."""
        return self.spellings[0][1] if self.spellings else ()

    @property
    def is_telling(self) -> bool:
        """Tell whether the word says enough to be needed beside others: a number, or of three letters or more."""
        return len(self.typed) >= _AMONG_OTHERS or any(map(str.isnumeric, self.typed))

    @property
    def single(self) -> str:
        """Return the word as one token, as which the index holds it too: blink182. Empty if it has no such spelling."""
        return next((tokens[0] for _, tokens in self.spellings if len(tokens) == 1), "")


@dataclass(frozen=True)
class Terms:
    """The words of a text that make tokens, and the text as a whole name: terms of `whole_names`.

    `pairs` are for each place where one name may end and another begin the terms of what is before and behind it.
    """

    words: tuple[Word, ...]
    typed: str
    name_terms: tuple[str, ...]
    exact: tuple[str, str]
    pairs: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]

    def required(self, stage: Stage) -> list[int]:
        """Return the numbers of the words without which no track matches."""
        always = [number for number, word in enumerate(self.words) if word.typed.lower() not in GUEST_MARKS]
        if stage is Stage.FUZZY:
            always = [number for number in always if self.words[number].typed.lower() not in OPTIONAL_WORDS] or always
            # One letter of two may be wrong, and then only the other words tell.
            telling = [number for number in always if self.words[number].is_telling]
            always = telling if len(telling) >= _ENOUGH_TELLING else always
        return always or list(range(len(self.words)))

    def misspelt(self) -> list[int]:
        """Return the numbers of the words that may be misspelt."""
        least = _AMONG_OTHERS if len(self.words) > 1 else _ALONE
        return [number for number, word in enumerate(self.words) if _may_be_misspelt(word.typed, least)]

    def slips(self, number: int, *, known: bool) -> int:
        """Return how many slips a word may have; `known` says that some name in the index has it."""
        least = _TWO_SLIPS_AMONG_OTHERS if len(self.words) > 1 else _TWO_SLIPS_ALONE
        return 2 if not known and len(self.words[number].typed) >= least else 1

    @property
    def has_fuzzy_stage(self) -> bool:
        """Tell whether the fuzzy stage could find more than the strict one."""
        optional = any(word.typed.lower() in OPTIONAL_WORDS for word in self.words)
        stems = any(stem_languages(word) for word in self.words)
        return optional or stems or bool(self.misspelt()) or len(self.words) > 1


def stem_languages(word: Word) -> tuple[str, ...]:
    """Return the codes of the languages whose analyzers may stem a word; short words have no stems."""
    return scripts.languages(word.typed) if len(word.typed) >= _SHORTEST_STEM else ()


def _may_be_misspelt(word: str, least: int) -> bool:
    letters = sum(map(str.isalpha, word))
    return letters >= least and len(word) <= _LONGEST_MISSPELT and scripts.may_be_misspelt(word)


@lru_cache(maxsize=1024)
def terms_of(text: Text) -> Terms:
    """Return the terms of a text. Pages and facets of one text come in a row, so the last are cached.

    >>> from queries.text import parse
    >>> [word.spellings[0][1] for word in terms_of(parse("AC/DC live")).words]
    [('ac', 'dc'), ('live',)]
    >>> terms_of(parse("p!nk")).words[0].spellings[1]
    (<Match.SYMBOLS: 'symbols'>, ('pink',))
    """
    words = (_word(text.words, number) for number in range(len(text.words)))
    pairs = ([whole_names.terms(compact_forms(name, article=False)) for name in names] for names in cuts(text.words))
    return Terms(
        words=tuple(word for word in words if word.spellings),
        typed=text.name,
        name_terms=tuple(whole_names.terms(compact_forms(text.name))),
        exact=(whole_names.written_term(text.name, ARTIST_ROLE), whole_names.written_term(text.name, TITLE_ROLE)),
        pairs=tuple((tuple(before), tuple(behind)) for before, behind in pairs if before and behind),
    )


def _word(words: Sequence[str], number: int) -> Word:
    typed = words[number]
    spellings: dict[Tokens, Match] = {}
    for match, spelling in _spellings(typed):
        spellings.setdefault(tuple(tokens(spelling)), match)
    # What an article may stand before: the beatles finds Beatles.
    ends = range(number + 2, min(len(words), number + 1 + _LONGEST_ARTIST) + 1) if typed.lower() in ARTICLES else ()
    artists = (compact(" ".join(words[number + 1 : end])) for end in ends)
    return Word(
        typed=typed,
        spellings=tuple((match, spelled) for spelled, match in spellings.items() if spelled),
        sounds=sounds(" ".join(tokens(typed))).strip() if typed.isascii() and has_letters(typed) else "",
        accented=typed.lower() if typed.isalpha() and compact(typed) != typed.lower() else "",
        artist_terms=tuple(term for artist in artists for term in whole_names.terms([artist], [ARTIST_ROLE])),
    )


def _spellings(typed: str) -> Iterator[tuple[Match, str]]:
    yield Match.FOLDED, typed
    if variants.is_plain(typed):
        return
    yield Match.JOINED, variants.joined(typed)
    yield Match.JOINED, variants.apart(typed)
    if variants.may_have_signs(typed):
        yield Match.SYMBOLS, variants.symbols(typed)
    if not typed.isascii():
        yield Match.TRANSLITERATED, variants.latin(typed)
        yield Match.TRANSLITERATED, variants.written_out(typed)


def compact_forms(name: str, *, article: bool = True) -> list[str]:
    """Return a name as one word, in each spelling in which the index may hold it.

    Its own article is left out, too; one that it may lack is added if `article` says so.

    >>> compact_forms("The Beatles"), compact_forms("!!!"), compact_forms("A$AP")
    (['thebeatles', 'beatles'], ['!!!'], ['a$ap', 'aap', 'asap', 'theaap'])
    """
    written, folded = exact_form(name), compact(name)
    if not folded:
        return [written] if written and len(written) <= LONGEST_NAME else []
    spellings = [written, folded]
    if not variants.is_plain(name):
        spellings += [compact(spelling) for _, spelling in _spellings(name)]
    if name.lower().startswith("the "):
        spellings.append(folded.removeprefix(_THE))
    elif article:
        spellings.append(_THE + folded)
    return list(dict.fromkeys(filter(None, spellings)))


def neighbours(terms: Terms) -> dict[int, list[str]]:
    """Return for each word the words beside it closed up with it: radio head is radiohead.

    >>> from queries.text import parse
    >>> neighbours(terms_of(parse("radio head karma")))[1]
    ['radiohead', 'headkarma']
    """
    typed = [compact(word.typed) for word in terms.words]
    closed = [one + other for one, other in pairwise(typed)]
    return {number: closed[max(number - 1, 0) : number + 1] for number in range(len(typed))}


def word_halves(word: Word) -> list[tuple[str, str]]:
    """Return each cut of a word in two: ladygaga is lady gaga. None for a short word, or one of several tokens.

    >>> from queries.text import parse
    >>> word_halves(terms_of(parse("u2live")).words[0])
    [('u2', 'live'), ('u2l', 'ive'), ('u2li', 've')]
    """
    if len(word.tokens) != 1 or not scripts.may_be_misspelt(word.typed):
        return []
    (token,) = word.tokens
    if not _SHORTEST_CUT <= len(token) <= _LONGEST_CUT:
        return []
    return [(token[:at], token[at:]) for at in range(2, len(token) - 1)]
