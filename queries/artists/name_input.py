"""A request for an artist, and names as they are typed: cleaned, bounded, and spelled as the index may have them."""

from dataclasses import dataclass
from functools import cached_property

from mappings.errors import InputError
from mappings.spelling import variants, whole_names
from mappings.spelling.folding import compact, exact_form, tokens
from mappings.spelling.transliteration import SOUND_MARK
from mappings.track import LONGEST_NAME
from queries.facets.table import is_storable
from queries.search.terms import Tokens, Word, compact_forms, terms_of
from queries.text import MAX_WORDS, Text, clean_typed, has_letters

MAX_CANDIDATES = 100
"""Candidates at most; also the rows of each list in a profile."""

LONGEST_ID = 200
"""Characters of an artist's id."""

_SHORTEST_BEGINNING = 3
"""Latin letters with which few enough words begin; `a` begins a word of every third name."""

_LONGEST_PREFIX = 900
"""Bytes of a prefix; Elasticsearch refuses more than about 1,000."""

_THE = "the"


@dataclass(frozen=True)
class NameInput:
    """The words of a name, the last maybe unfinished; `truncated` says that more was typed than is searched."""

    words: tuple[str, ...]
    truncated: bool = False

    @property
    def written(self) -> str:
        """Return the name as it was typed."""
        return " ".join(self.words)

    @cached_property
    def forms(self) -> tuple[str, ...]:
        """Return the name as one word, in each spelling in which the index may have it, with and without `the`.

        A name of signs alone is looked up as it is written only: `+` isn't And.
        """
        return tuple(compact_forms(self.written)) if has_letters(self.written) else (exact_form(self.written),)

    @property
    def without_article(self) -> str:
        """Return the name as one word without the article that was typed, empty where none was."""
        has_article = len(self.words) > 1 and self.words[0].lower() == _THE
        return compact(self.written).removeprefix(_THE) if has_article else ""

    @cached_property
    def begun_forms(self) -> tuple[str, ...]:
        """Return the forms by which to look for names that begin so: not those by which too many do.

        >>> parse_name("the bea").begun_forms, parse_name("the b").begun_forms
        (('thebea', 'bea'), ('theb',))
        """
        if self._is_one_letter:
            return self.forms[:1]
        return tuple(form for form in self.forms if form != self.without_article or is_distinct(form))

    @cached_property
    def sounds(self) -> tuple[str, ...]:
        """Return what a name in Latin letters sounds like, as one word: it may be one of another script."""
        sounds = variants.sounds(self.written) if variants.may_sound_alike(self.written) else ()
        return tuple(sound.replace(" ", "") for sound in sounds)

    @cached_property
    def spelled_words(self) -> tuple[Word, ...]:
        """Return the words that make tokens, with their spellings."""
        return terms_of(Text(self.words)).words

    def terms(self, role: str) -> list[str]:
        """Return the terms of `whole_names` of which a name in this role that is the one typed has one.

        >>> parse_name("Kino").terms("a")
        ['a=kino', 'a~kino', 'a=thekino', 'a~thekino', 'a~0kino']
        """
        return whole_names.terms(self.forms, [role]) + self._sound_terms(role)

    def beginnings(self, role: str) -> list[str]:
        """Return beginnings of terms of `whole_names`: a name in this role that begins as was typed has one of them."""
        sounds = [] if self._is_one_letter else self._sound_terms(role)
        return [term for term in whole_names.terms(self.begun_forms, [role]) + sounds if may_be_prefix(term)]

    def _sound_terms(self, role: str) -> list[str]:
        return [f"{role}{whole_names.OTHERWISE}{sound}" for sound in self.sounds if len(sound) <= LONGEST_NAME]

    @property
    def _is_one_letter(self) -> bool:
        # It begins so many names that further spellings would double the work, and find little.
        return len(self.written) == 1 and self.written.isascii()

    @property
    def may_be_inside(self) -> bool:
        """Tell whether the words may stand inside a name, the last of them at the beginning of any word."""
        last = self.words[-1]
        is_word = has_letters(last) and bool(tokens(last)) and may_be_prefix(last)
        return is_word and (len(self.words) > 1 or is_distinct(last))


def is_distinct(beginning: str) -> bool:
    """Tell whether few enough words begin so that they can be looked for anywhere in a name; one Han character will do.

    >>> is_distinct("pi"), is_distinct("pin"), is_distinct("0pi"), is_distinct("東")
    (False, True, False, True)
    """
    return len(beginning.lstrip(SOUND_MARK)) >= _SHORTEST_BEGINNING or not beginning.isascii()


def may_be_prefix(beginning: str) -> bool:
    """Tell whether Elasticsearch takes a text as a prefix: longer ones make too large an automaton."""
    return len(beginning.encode()) <= _LONGEST_PREFIX


def spellings(word: Word) -> list[Tokens]:
    """Return the tokens of a word in each of its spellings, and of its sound, as `all_words` may have them.

    >>> spellings(parse_name("P!nk").spelled_words[0])
    [('p', 'nk'), ('pink',), ('0p', '0nk')]
    """
    known = [spelling for _, spelling in word.spellings] + ([tuple(word.sounds.split())] if word.sounds else [])
    return [spelling for spelling in known if all(len(token) <= LONGEST_NAME for token in spelling)]


def parse_name(typed: str) -> NameInput:
    r"""Return a name, however odd; raises InputError if nothing is left of it.

    >>> parse_name(" Sigur\x00 Ró").written
    'Sigur Ró'
    """
    cleaned, truncated = clean_typed(typed)
    words = cleaned.split()
    if not words:
        raise InputError("There is no name to look for.", "Write some of its letters.")
    return NameInput(tuple(words[:MAX_WORDS]), truncated or len(words) > MAX_WORDS)


@dataclass(frozen=True)
class ArtistRequest:
    """An artist's name, or an id, or both; `size` is how long lists get. Make it with `artist_request`."""

    name: NameInput | None
    id: str | None
    size: int

    @property
    def written(self) -> str:
        """Return the name as it was typed, empty without one."""
        return self.name.written if self.name else ""


def artist_request(name: str = "", *, artist_id: str | None = None, size: int = 10) -> ArtistRequest:
    """Return a checked request; raises InputError where neither a name nor an id is given, or a size can't be.

    >>> artist_request("noah", artist_id="UC-one").written
    'noah'
    """
    if not 1 <= size <= MAX_CANDIDATES:
        raise InputError(f"A list can't have {size} rows.", f"Ask for 1 to {MAX_CANDIDATES}.")
    if artist_id is not None and not (0 < len(artist_id) <= LONGEST_ID and is_storable(artist_id)):
        raise InputError(f"{artist_id[:80]!r} can't be an artist's id.", "Copy it from the candidates.")
    return ArtistRequest(parse_name(name) if artist_id is None or name.strip() else None, artist_id, size)
