"""Other ways to spell a name: what a listener types, where it isn't what the label printed.

Each way is a vectorised expression, String in, String out, null for null; names are expected in NFC.
The indexer writes those that differ to search-only fields; queries apply them to a hit, to say why it matched.

    folded   Sigur Rós → sigur ros    Guns N’ Roses → guns n roses   what the analyzer `name` makes equal
    words    will.i.am → will i am    AC/DC → ac dc                  punctuation read as a blank
    joined   AC/DC → acdc             R.E.M. → rem                   punctuation inside a word left out
    symbols  P!nk → pink              deadmau5 → deadmaus            symbols and digits read as letters
    latin    Кино → kino              방탄소년단 → bangtansonyeondan  other scripts in Latin letters
    sounds   Цой → 0tsoi              tsoy, tsoj → 0tsoi             the same for most ways to write them so
    written_out  Die Ärzte → die aerzte   Røyksopp → roeyksopp       umlauts as two letters

A name of punctuation only (`!!!`, `+/-`) has no word to spell: it is found by its exact keyword, which keeps marks.
"""

import unicodedata
from collections.abc import Callable, Mapping

import polars as pl

from mappings import fields, romanise
from mappings.analysis import APOSTROPHES, HYPHENS

Way = Callable[[pl.Expr], pl.Expr]

_WIDTH = range(0xFF00, 0xFFF0)
_LETTERS = (
    range(0x00A0, 0x0250),  # Latin-1, Latin Extended-A and -B
    range(0x0370, 0x0400),  # Greek
    range(0x1E00, 0x2000),  # Latin Extended Additional, Greek Extended
    _WIDTH,
)
_UNDECOMPOSED = {
    "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ß": "ss", "æ": "ae", "œ": "oe", "ı": "i", "ŋ": "n", "ħ": "h",
    "ŧ": "t", "ĸ": "q", "ſ": "s", "ə": "a", "ǝ": "e", "ɐ": "a", "ƒ": "f", "ɓ": "b", "ɗ": "d", "ɛ": "e", "ɔ": "o",
    "ς": "σ", "ё": "е",
}  # fmt: skip
_COMBINING = range(0x0300, 0x0370)

_WRITTEN_OUT = {"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "å": "aa"}
"""Letters that are written as two where the keyboard lacks them; asciifolding makes one of each."""
_UMLAUT = "[äöüøåÄÖÜØÅ]"

_SIGN = "\ue000"
"""Put before a sign that is read as a letter; private use, so that no name has it."""

_SIGNS = (
    r"([a-z])([$!@€013457])([a-z])"
    r"|([a-z])(\$)"
    r"|(\$)([a-z])"
    r"|(^|\s)(!)([a-z])"
    r"|([a-z]{4})([013457])([^\p{L}\p{N}]|$)"
)
_SIGNED = f"${{1}}${{4}}${{8}}${{11}}{_SIGN}${{2}}${{5}}${{6}}${{9}}${{12}}${{3}}${{7}}${{10}}${{13}}"
"""What stands before a sign, the mark, the sign, what stands behind it; one expression, as each costs 0.3 ms."""

_READ_AS = {"$": "s", "!": "i", "@": "a", "€": "e", "0": "o", "1": "i", "3": "e", "4": "a", "5": "s", "7": "t"}
_SPOKEN = {"&": " and ", "+": " and "}
_SPOKEN_ALONE = {" & ": " and ", " + ": " and "}
_LOOKALIKES = {"я": "r", "и": "n", "д": "a", "ш": "w", "ц": "u", "λ": "a", "δ": "a", "σ": "e", "ξ": "e", "∆": "a"}
"""Letters of other scripts that stand for Latin ones next to such: KoЯn, CHΛNGE."""
_ALIKE = "[a-z][{0}]|[{0}][a-z]".format("".join(_LOOKALIKES))

_READ_AS_LETTERS = (
    r"[A-Za-zÀ-ɏ][$!@€013457][A-Za-zÀ-ɏ]|[A-Za-zÀ-ɏ]\$|\$[A-Za-zÀ-ɏ]|(?:^|\s)![A-Za-zÀ-ɏ]|[A-Za-zÀ-ɏ]{4}[013457]"
    r"|[a-zA-Z][ЯИДШЦяидшцΛΔΣΞλδσξ∆]|[ЯИДШЦяидшцΛΔΣΞλδσξ∆][a-zA-Z]"
)
"""What `symbols` changes, as a cheap test."""

_SEPARATOR_INSIDE = rf"[\p{{L}}\p{{M}}\p{{N}}][^\p{{L}}\p{{M}}\p{{N}}\s{APOSTROPHES}]+[\p{{L}}\p{{N}}]"
_OTHER_SCRIPT = r"[^\p{Latin}\p{Common}\p{Inherited}]"
_ACCENTED_LETTER = r"[À-ÖØ-öø-ɏḀ-ỿёЁ]"
_NOT_CUT = r"[\p{L}\p{N}][._:·][\p{L}\p{N}]|_|[ёЁ]"
"""Where the analyzer leaves words together that punctuation divides; and ё, which it doesn't fold."""

_READ_IN_TWO_WAYS = r"[χΧ\p{Han}\p{Hiragana}\p{Katakana}]|[αΑεΕ][υύΥ]|[μΜ][πΠ]|[νΝ][τΤ]|[εοΕΟ][ιίΙ]"
_OPEN_HANGUL = r"\p{Hangul}\s+\p{Hangul}"
"""Hangul in several words: Koreans set the blanks as they like."""

_SPELLED = ("words", "joined", "symbols", "closed", "written_out")
_LATIN = ("latin", "latin_folded", "latin_otherwise")
_WAYS = (*_SPELLED, *_LATIN, *(f"sound_{way}" for way in _LATIN))

_NEEDS_SPELLING = "|".join((_SEPARATOR_INSIDE, _READ_AS_LETTERS, _OTHER_SCRIPT, _UMLAUT))


def folded(name: pl.Expr) -> pl.Expr:
    """Return what the analyzer makes equal: case, accents, width, hyphens, apostrophes; & and + read as they are said.

    >>> pl.select(folded(pl.lit("Simon & Garfunkel’s ÆRØ, ｹﾞｰﾑ")).alias("")).item()
    'simon and garfunkels aero, ゲーム'
    """
    return _collapsed(_characters(name).str.replace_many(_SPOKEN))


def words(name: pl.Expr) -> pl.Expr:
    """Return the folded words only, one blank between them, punctuation read as a blank.

    >>> pl.select(words(pl.lit("will.i.am – #1 (Live)")).alias("")).item()
    'will i am 1 live'
    """
    spoken = _characters(name).str.replace_many(_SPOKEN)
    return spoken.str.replace_all(r"[^\p{L}\p{M}\p{N}]+", " ").str.strip_chars(" ")


def joined(name: pl.Expr) -> pl.Expr:
    """Return the folded words with punctuation left out, so that what it divides is one word.

    Marks that may be letters stay where they are: `symbols` reads them.

    >>> pl.select(joined(pl.lit("The Notorious B.I.G. & AC/DC")).alias("")).item()
    'the notorious big and acdc'
    """
    spoken = _characters(name).str.replace_many(_SPOKEN_ALONE)
    return _collapsed(spoken.str.replace_all(r"[^\p{L}\p{M}\p{N}\s$!@€]+", ""))


def symbols(name: pl.Expr) -> pl.Expr:
    """Return the folded name with symbols and digits read as the letters that they stand for.

    `$` is s beside a letter; `!` is i between letters or before a word; `@` is a and `€` is e between letters. A digit
    of 0 1 3 4 5 7 is a letter when it stands alone between letters, or alone after a word of four letters or more: so
    deadmau5 and S3RL are read, but blink182, U2, MP3, Sum 41, 50 Cent and 2Pac are left as they are.

    >>> names = pl.Series(["A$AP Rocky", "deadmau5", "!llmind", "KoЯn", "Wham!", "MP3 by U2"])
    >>> names.to_frame("name").select(symbols(pl.col("name")))["name"].to_list()
    ['asap rocky', 'deadmaus', 'illmind', 'korn', 'wham!', 'mp3 by u2']
    """
    read = _characters(name)
    for _ in range(2):  # once more, for letters that were between two signs: h3ll0w0rld
        read = read.str.replace_all(_SIGNS, _SIGNED)
    read = read.str.replace_many({_SIGN + sign: letter for sign, letter in _READ_AS.items()})
    read = read.str.replace_all(_SIGN, "", literal=True)
    alike = read.str.contains(_ALIKE)
    return _collapsed(pl.when(alike).then(read.str.replace_many(_LOOKALIKES)).otherwise(read).str.replace_many(_SPOKEN))


def latin(name: pl.Expr) -> pl.Expr:
    """Return the name in lower-case Latin letters, whatever its script (`mappings.romanise`).

    >>> pl.select(latin(pl.lit("東京事変 Кино")).alias("")).item()
    'dongjingshibian kino'
    """
    return _read(name.str.normalize("NFKC"), romanise.latin)


def _read(name: pl.Expr, read: Callable[[str], str]) -> pl.Expr:
    return _collapsed(name.map_batches(_lines(read), return_dtype=pl.String, is_elementwise=True))


def written_out(name: pl.Expr) -> pl.Expr:
    """Return the folded words with umlauts and the like written as two letters.

    >>> pl.select(written_out(pl.lit("Die Ärzte")).alias("")).item()
    'die aerzte'
    """
    return words(name.str.to_lowercase().str.replace_many(_WRITTEN_OUT))


WAYS: Mapping[str, Way] = {
    "folded": words,
    "joined": joined,
    "symbols": symbols,
    "transliterated": latin,
    "written_out": written_out,
}
"""Why a hit may match, in the order in which to ask."""


def with_search_fields(frame: pl.DataFrame) -> pl.DataFrame:
    """Return canonical tracks with the search-only columns of the field table added, in its order and types.

    Needs title, artists and album. A spelling is written only where it differs from the name's own words: lists are
    null where there is none. `title_by_language` is no column: it is written while encoding, for one language only.
    """
    names = {field: _rows(frame, field) for field in (fields.TITLE, fields.ARTISTS, fields.ALBUM)}
    spelled = _spellings(names)
    artists = names[fields.ARTISTS]
    title, accented = pl.col(fields.TITLE), pl.col("name").str.contains(_ACCENTED_LETTER)
    added: dict[str, pl.Expr | pl.Series] = {
        fields.TITLE_ACCENTED: pl.when(title.str.contains(_ACCENTED_LETTER)).then(title),
        fields.ARTISTS_ACCENTED: _by_row(artists.filter(accented), frame.height),
        fields.TITLE_SPELLINGS: _by_row(spelled[fields.TITLE], frame.height),
        fields.ARTISTS_SPELLINGS: _by_row(spelled[fields.ARTISTS], frame.height),
        fields.ALBUM_SPELLINGS: _by_row(spelled[fields.ALBUM], frame.height),
    }
    return frame.with_columns(**added)


def _characters(name: pl.Expr) -> pl.Expr:
    """Fold each character: case, accents, width, hyphens; drop apostrophes."""
    return name.str.to_lowercase().str.replace_many(_FOLDS, leftmost=True)


def _collapsed(name: pl.Expr) -> pl.Expr:
    return name.str.replace_all(r"\s+", " ").str.strip_chars()


def _rows(frame: pl.DataFrame, field: str) -> pl.DataFrame:
    """Return row and name of each name in a column, several of a row where it is a list."""
    named = frame.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"), pl.col(field).alias("name"))
    return named.explode("name", empty_as_null=True) if isinstance(named["name"].dtype, pl.List) else named


def _spellings(names: Mapping[str, pl.DataFrame]) -> dict[str, pl.DataFrame]:
    """Return row and name of each further spelling, none for most, for the names of each field.

    All fields at once: each expression costs up to a millisecond before it looks at the first name.
    """
    needs = pl.col("name").str.contains(_NEEDS_SPELLING)
    needy = pl.concat([named.filter(needs).with_columns(field=pl.lit(field)) for field, named in names.items()])
    needy = needy.with_row_index("place")
    name = pl.col("name")
    # Each name once: an album's tracks have the album and most of its artists in common.
    spelled = (
        needy.lazy()
        .select(name.unique())
        .with_columns(words=words(name), latin=_only(_OTHER_SCRIPT, latin))
        .with_columns(
            pl.when(name.str.contains(_NOT_CUT)).then("words"),
            joined=joined(name),
            symbols=_only(_READ_AS_LETTERS, symbols),
            # With ё read as е: alyona and alena are both written.
            latin_folded=_only("[ёЁ]", lambda e: latin(folded(e))),
            latin_otherwise=_only(
                _READ_IN_TWO_WAYS, lambda e: _read(e.str.normalize("NFKC"), romanise.latin_otherwise)
            ),
            closed=_only(_OPEN_HANGUL, lambda e: words(e).str.replace_all(" ", "", literal=True)),
            written_out=_only(_UMLAUT, written_out),
            plain="words",
        )
        .with_columns(**{f"sound_{way}": _read(pl.col(way), romanise.sounds) for way in _LATIN})
        .unpivot(_WAYS, index=["name", "plain"])
        .filter(pl.col("value").is_not_null() & ~_adds_nothing())
        .join(needy.lazy(), on="name")
        # Polars melts piece by piece: a track's list must not depend on where the pieces of its batch are cut.
        .sort("row", pl.col("variable").cast(pl.Enum(_WAYS)), "place")
        .select("field", "row", name="value")
        .unique(keep="first", maintain_order=True)
        .collect()
    )
    return {field: spelled.filter(pl.col("field") == field) for field in names}


def _adds_nothing() -> pl.Expr:
    value, variable = pl.col("value"), pl.col("variable")
    # The analyzer cuts nothing at a full stop between letters: there the words alone are news.
    return (value == "") | ((variable != "words") & (words(value) == pl.col("plain")))


def _only(test: str, way: Way) -> pl.Expr:
    name = pl.col("name")
    return way(pl.when(name.str.contains(test)).then(name))


def _by_row(names: pl.DataFrame, height: int) -> pl.Series:
    """Return a list of names per row, null for rows that have none."""
    lists = names.group_by("row", maintain_order=True).agg("name")
    at = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
    at = at.scatter(lists["row"], pl.int_range(lists.height, dtype=pl.UInt32, eager=True))
    return lists["name"].gather(at)


def _lines(read: Callable[[str], str]) -> Callable[[pl.Series], pl.Series]:
    """Return what applies a function of many lines to a column of names."""

    def apply(names: pl.Series) -> pl.Series:
        given = names.drop_nulls().str.replace_all("\n", " ", literal=True)
        found = pl.Series(read("\n".join(given)).split("\n") if given.len() else [], dtype=pl.String)
        at = pl.when(names.is_not_null()).then(names.is_not_null().cum_sum() - 1)
        return found.gather(pl.select(at.cast(pl.UInt32)).to_series())

    return apply


def _folds() -> dict[str, str]:
    """Return each character, lower-cased, that is folded, with what it becomes."""
    table: dict[str, str] = {}
    for kana in map(chr, range(0xFF66, 0xFF9E)):  # half-width kana and their voicing are two characters, matched first
        for mark in "ﾞﾟ":
            table[kana + mark] = unicodedata.normalize("NFKC", kana + mark)
    table |= {chr(point): "" for point in _COMBINING}
    for block in _LETTERS:
        for character in map(chr, block):
            base = unicodedata.normalize("NFKD", character)
            base = "".join(mark for mark in base if not unicodedata.combining(mark)).lower()
            if unicodedata.category(character)[0] in "LNP" or ord(character) >= _WIDTH.start:
                table.setdefault(character.lower(), "".join(_UNDECOMPOSED.get(letter, letter) for letter in base))
    table |= _UNDECOMPOSED | dict.fromkeys(HYPHENS, "-") | dict.fromkeys(APOSTROPHES, "") | {"ﾞ": "゛", "ﾟ": "゜"}
    return {character: base for character, base in table.items() if character != base}


_FOLDS = _folds()
