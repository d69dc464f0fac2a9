"""What a user typed, made fit to be searched: any bytes become a bounded list of words, and clauses.

The text is cleaned as the indexer cleans names (`mappings.spelling.cleaning`). It is only ever a value, never syntax
that may be wrong.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from mappings.spelling.cleaning import clean
from queries.search import query_syntax
from queries.search.query_syntax import Clause

MAX_CHARS = 300
"""Longest text that is searched. The longest FMA title has 247 characters."""

MAX_WORDS = 24
"""Most words that are searched."""

MAX_WORDS_CUT = 12
"""Up to so many words, each place where artist may end and title begin is tried."""

_NO_TEXT = re.compile("[\ud800-\udfff\ufffe\uffff]")


@dataclass(frozen=True)
class Text:
    """The plain words of a text, as typed but for cleaning, and what else it says (`query_syntax`).

    `truncated` says that more was typed than is searched.
    """

    words: tuple[str, ...]
    truncated: bool = False
    clauses: tuple[Clause, ...] = ()

    def __bool__(self) -> bool:
        """Tell whether it searches for anything at all."""
        return bool(self.words or self.clauses)

    @property
    def whole(self) -> str:
        """Return the plain words as one name."""
        return " ".join(self.words)

    @property
    def phrases(self) -> tuple[Clause, ...]:
        """Return the phrases that some name has to hold."""
        return tuple(clause for clause in self.clauses if clause.phrase and clause.is_anywhere)

    @property
    def without_phrases(self) -> "Text":
        """Return the text with its phrases read as plain words, if it has others: a phrase alone is meant as one.

        >>> parse('gang wizard "mens restrooc"').without_phrases.words
        ('gang', 'wizard', 'mens', 'restrooc')
        """
        if not (self.words and self.phrases):
            return self
        words = (*self.words, *(word for clause in self.phrases for word in clause.words.split()))
        return replace(self, words=words[:MAX_WORDS], clauses=tuple(c for c in self.clauses if c not in self.phrases))


def parse(typed: str) -> Text:
    r"""Return the words and clauses of what was typed, however odd; never raises.

    What exceeds `MAX_CHARS` or `MAX_WORDS` is left out.

    >>> parse("  guns\x00n’ \udcff roses &amp; ")
    Text(words=('guns', 'n’', 'roses', '&'), truncated=False, clauses=())
    >>> parse("la " * 30).truncated
    True
    """
    cleaned, truncated = clean_typed(typed)
    words, clauses = query_syntax.parse(cleaned)
    return Text(tuple(words[:MAX_WORDS]), truncated or len(words) > MAX_WORDS, clauses)


def clean_typed(typed: str) -> tuple[str, bool]:
    r"""Return what was typed, cleaned and cut to `MAX_CHARS`, and whether it was longer.

    >>> clean_typed(" Sigur\x00 \udcff Ró")
    ('Sigur Ró', False)
    """
    # Four times the bound is cleaned: cleaning mostly shortens, and 100 kB must not cost 100 kB of work.
    cleaned = clean(_NO_TEXT.sub(" ", typed[: 4 * MAX_CHARS]))
    return cleaned[:MAX_CHARS], len(cleaned) > MAX_CHARS or bool(typed[4 * MAX_CHARS :].strip())


def cuts(words: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield what is before and behind each place where one name may end and another begin.

    Signs on their own between the two belong to neither. A text of more than `MAX_WORDS_CUT` words is one name.

    >>> list(cuts(("kino", "-", "gruppa")))
    [('kino', '- gruppa'), ('kino', 'gruppa')]
    """
    for cut in range(1, len(words) if len(words) <= MAX_WORDS_CUT else 0):
        before = words[: cut - 1] if cut > 1 and not has_letters(words[cut - 1]) else words[:cut]
        yield " ".join(before), " ".join(words[cut:])


def has_letters(text: str) -> bool:
    """Tell whether a text has a letter or digit.

    >>> has_letters("!!!"), has_letters("2Pac")
    (False, True)
    """
    return any(character.isalpha() or character.isdecimal() for character in text)
