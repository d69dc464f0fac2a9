"""Folding and spelling of whole Polars columns: the same as `folding` and `variants`, vectorised.

Expressions take and return String, null for null; names are expected clean (`cleaning`). The indexer writes two
search-only fields with them: every word of a track's names, and each name as one word (`search_fields`).
"""

from collections.abc import Callable

import polars as pl

from mappings import track
from mappings.spelling import folding, transliteration, variants
from mappings.spelling.folding import ACCENTED, APOSTROPHES, CJK

Spelling = Callable[[pl.Expr], pl.Expr]

_NO_WORD = r"[^\p{L}\p{M}\p{N}]+"
_FOLDS = folding.HALF_WIDTH_KANA | folding.FOLDS
_SIGNS = variants.SIGNS.replace("NO_WORD", r"[^\p{L}\p{N}]")
_BEFORE, _SIGN, _BEHIND = ("".join(f"${{{group}}}" for group in groups) for groups in variants.SIGNS_MARKED)
_SIGNS_MARKED = f"{_BEFORE}{variants.SIGN_MARK}{_SIGN}{_BEHIND}"
_MARKED_SIGNS = {variants.SIGN_MARK + sign: letter for sign, letter in variants.SIGN_AS_LETTER.items()}

_SEPARATOR_INSIDE = r"[\p{L}\p{M}\p{N}][^\p{L}\p{M}\p{N}\s]+[\p{L}\p{N}]"
_APOSTROPHE_INSIDE = rf"([\p{{L}}\p{{M}}\p{{N}}])[{APOSTROPHES}]([\p{{L}}\p{{M}}\p{{N}}])"
_OTHER_SCRIPT = r"[^\p{Latin}\p{Common}\p{Inherited}]"
_HANGUL_IN_WORDS = r"\p{Hangul}\s+\p{Hangul}"
"""Hangul in several words: Koreans set the blanks as they like."""

_LATIN = ("latin", "latin_without_yo", "latin_otherwise")
_SOUNDS = tuple(f"sound_{way}" for way in _LATIN)
_WITHOUT_BLANKS = rf"[{CJK}\p{{Thai}}\p{{Khmer}}\p{{Lao}}\p{{Myanmar}}]"
"""Scripts written without blanks: where words of their Latin spelling end is up to who types it."""
_WAYS = ("joined", "symbols", "closed", "apart", "written_out", *_LATIN, *_SOUNDS)

_NEEDS_SPELLING = "|".join((_SEPARATOR_INSIDE, variants.MAY_HAVE_SIGNS, _OTHER_SCRIPT, variants.UMLAUT))
"""What a name has that may have another spelling; a cheap test, as most have none."""


def fold(name: pl.Expr) -> pl.Expr:
    """Return `folding.fold` of each name."""
    return _collapsed(_characters(name).str.replace_many(folding.SPOKEN))


def words(name: pl.Expr) -> pl.Expr:
    """Return `folding.words` of each name."""
    spoken = _characters(name).str.replace_many(folding.SPOKEN)
    return spoken.str.replace_all(_NO_WORD, " ").str.strip_chars(" ")


def exact_form(name: pl.Expr) -> pl.Expr:
    """Return `folding.exact_form` of each name."""
    lower = name.str.to_lowercase().str.replace_many(folding.HALF_WIDTH_KANA)
    equal = lower.str.replace_many(folding.TYPOGRAPHY).str.replace_all(folding.DASH_BETWEEN_WORDS, " ")
    form = equal.str.replace_all(folding.GUEST_MARK, "${1}").str.replace_all(r"\s+", "")
    return pl.when(form == "").then(lower.str.replace_all(r"\s+", "")).otherwise(form)


def joined(name: pl.Expr) -> pl.Expr:
    """Return `variants.joined` of each name."""
    spoken = _characters(name).str.replace_many(variants.SPOKEN_ALONE)
    return _collapsed(spoken.str.replace_all(r"[^\p{L}\p{M}\p{N}\s$!@€]+", ""))


def symbols(name: pl.Expr) -> pl.Expr:
    """Return `variants.symbols` of each name."""
    read = _characters(name)
    for _ in range(2):  # once more, for letters that were between two signs: h3ll0w0rld
        read = read.str.replace_all(_SIGNS, _SIGNS_MARKED)
    read = read.str.replace_many(_MARKED_SIGNS).str.replace_all(variants.SIGN_MARK, "", literal=True)
    alike = read.str.contains(variants.LOOKALIKE)
    read = pl.when(alike).then(read.str.replace_many(variants.LOOKALIKES)).otherwise(read)
    return _collapsed(read.str.replace_many(folding.SPOKEN))


def latin(name: pl.Expr) -> pl.Expr:
    """Return `variants.latin` of each name."""
    return _read(name.str.normalize("NFKC"), transliteration.latin)


def written_out(name: pl.Expr) -> pl.Expr:
    """Return `variants.written_out` of each name."""
    return words(name.str.to_lowercase().str.replace_many(variants.WRITTEN_OUT))


def apart(name: pl.Expr) -> pl.Expr:
    """Return `variants.apart` of each name."""
    once = name.str.replace_all(_APOSTROPHE_INSIDE, "${1} ${2}")  # a single letter between two is met once
    return words(once.str.replace_all(_APOSTROPHE_INSIDE, "${1} ${2}"))


def _characters(name: pl.Expr) -> pl.Expr:
    return name.str.to_lowercase().str.replace_many(_FOLDS, leftmost=True)


def _collapsed(name: pl.Expr) -> pl.Expr:
    return name.str.replace_all(r"\s+", " ").str.strip_chars()


def _read(name: pl.Expr, read: Callable[[str], str]) -> pl.Expr:
    return _collapsed(name.map_batches(_by_line(read), return_dtype=pl.String, is_elementwise=True))


def _by_line(read: Callable[[str], str]) -> Callable[[pl.Series], pl.Series]:
    """Return what applies a function of many names, a line each, to a column of names."""

    def apply(names: pl.Series) -> pl.Series:
        given = names.drop_nulls().str.replace_all("\n", " ", literal=True)
        lines = read("\n".join(given)).split("\n") if given.len() else []
        if len(lines) != given.len():
            raise ValueError(f"{read.__name__} made {len(lines)} lines of {given.len()}")
        at = pl.when(names.is_not_null()).then(names.is_not_null().cum_sum() - 1)
        return pl.Series(lines, dtype=pl.String).gather(pl.select(at.cast(pl.UInt32)).to_series())

    return apply


_NAMED = (track.TITLE, track.ARTISTS, track.ALBUM, track.CONTRIBUTORS)
_ROLES = {track.TITLE: track.TITLE_ROLE, track.ARTISTS: track.ARTIST_ROLE}


def search_fields(tracks: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the search-only columns of canonical tracks: `all_words` (String) and `whole_names` (List of String).

    Needs title, artists, album and contributors. `title_by_language` is no column: it is written while encoding.
    """
    names = pl.concat([_names(tracks, field) for field in _NAMED])
    spellings = _spellings(names.filter(pl.col("name").str.contains(_NEEDS_SPELLING)))
    everything = [_own_words(tracks), *_other_words(names, spellings, tracks.height)]
    all_words = pl.select(pl.concat_str(everything, separator=" ", ignore_nulls=True).replace("", None)).to_series()
    return {track.ALL_WORDS: all_words, track.WHOLE_NAMES: _whole_names(names, spellings, tracks.height)}


def _names(tracks: pl.DataFrame, field: str) -> pl.DataFrame:
    """Return row, field and name of each name in a column, several of a row where it is a list."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
    named = tracks.select(row, pl.lit(field).alias("field"), pl.col(field).alias("name"))
    is_list = isinstance(named.schema["name"], pl.List)
    return (named.explode("name", empty_as_null=True) if is_list else named).drop_nulls("name")


def _own_words(tracks: pl.DataFrame) -> pl.Series:
    """Return the words of all names of each track, as they are searched, in one text."""
    artists, contributors = pl.col(track.ARTISTS), pl.col(track.CONTRIBUTORS)
    others = pl.when(contributors.ne_missing(artists)).then(contributors)  # an artist is mostly his own lyricist
    lists = (names.list.join("\n", ignore_nulls=True) for names in (artists, others))
    texts = pl.concat_str(track.TITLE, track.ALBUM, *lists, separator="\n", ignore_nulls=True)
    return tracks.select(_terms(words(texts))).to_series()


def _terms(folded: pl.Expr) -> pl.Expr:
    """Return folded words with CJK cut into pairs and single characters, as `folding.tokens` looks them up."""
    has_cjk = folded.str.contains(f"[{CJK}]")
    cut = pl.when(has_cjk).then(folded).map_batches(_by_line(_cut_cjk), return_dtype=pl.String, is_elementwise=True)
    return pl.when(has_cjk).then(cut.str.strip_chars(" ")).otherwise(folded)


def _cut_cjk(lines: str) -> str:
    return folding.split_cjk(lines, singles=True)


def _spellings(names: pl.DataFrame) -> pl.DataFrame:
    """Return row, field, way, value and new words of each further spelling of the names, none for most.

    All fields at once: each expression costs up to a millisecond before it looks at the first name.
    """
    name, value, way = pl.col("name"), pl.col("value"), pl.col("way")
    own_sounds = _read(pl.col("words"), transliteration.sounds).alias("own_sounds")
    known = pl.when(way.is_in(_SOUNDS)).then("own_sounds").otherwise("words")
    # Each name once: an album's tracks have the album and most of its artists in common.
    return (
        names.lazy()
        .select(name.unique())
        .with_columns(words=words(name), latin=_where(_OTHER_SCRIPT, latin))
        .with_columns(
            joined=joined(name),
            symbols=_where(variants.MAY_HAVE_SIGNS, symbols),
            closed=_where(_HANGUL_IN_WORDS, lambda e: words(e).str.replace_all(" ", "", literal=True)),
            apart=_where(_APOSTROPHE_INSIDE, apart),
            written_out=_where(variants.UMLAUT, written_out),
            # With ё read as е: alyona and alena are both written.
            latin_without_yo=_where("[ёЁ]", lambda e: latin(e.str.replace_many({"ё": "е", "Ё": "Е"}))),
            latin_otherwise=_where(variants.READ_IN_TWO_WAYS, _latin_otherwise),
        )
        .with_columns(**{f"sound_{way}": _read(pl.col(way), transliteration.sounds) for way in _LATIN})
        .with_columns(own_sounds)
        .unpivot(_WAYS, index=["name", "words", "own_sounds"], variable_name="way")
        .filter(value.is_not_null() & (value != ""))
        .with_columns(words(value).alias("value"))
        .filter(value != pl.col("words"))
        # Latin words of a name in another script are words of its own, and so is what they sound like.
        # Sorted: a set has no order, and a track's words must not depend on what else is in its batch.
        .with_columns(new=value.str.split(" ").list.set_difference(known.str.split(" ")).list.sort().list.join(" "))
        .join(names.lazy().with_row_index("place"), on="name")
        # Polars melts piece by piece: a track's list must not depend on where the pieces of its batch are cut.
        .sort("row", pl.col("way").cast(pl.Enum(_WAYS)), "place")
        .select("row", "field", "name", "words", "way", "value", "new")
        .unique(["row", "field", "value"], keep="first", maintain_order=True)
        .collect()
    )


def _latin_otherwise(name: pl.Expr) -> pl.Expr:
    return _read(name.str.normalize("NFKC"), transliteration.latin_otherwise)


def _where(test: str, spelling: Spelling) -> pl.Expr:
    name = pl.col("name")
    return spelling(pl.when(name.str.contains(test)).then(name))


def _other_words(names: pl.DataFrame, spellings: pl.DataFrame, height: int) -> list[pl.Series]:
    """Return the words of other spellings, and those words as they are written that folding changes."""
    is_accented = pl.col("name").str.contains(ACCENTED)
    accented = names.filter(is_accented).select(
        "row", pl.col("name").str.to_lowercase().str.extract_all(_ACCENTED_WORD)
    )
    spelled = spellings.filter(pl.col("new") != "").select("row", _terms(pl.col("new")).alias("name"))
    return [
        _by_row(spelled.group_by("row", maintain_order=True).agg(pl.col("name").str.join(" ")), height),
        _by_row(accented.group_by("row", maintain_order=True).agg(pl.col("name").list.join(" ").str.join(" ")), height),
    ]


_ACCENTED_WORD = rf"[\p{{L}}\p{{M}}\p{{N}}]*{ACCENTED}[\p{{L}}\p{{M}}\p{{N}}]*"


def _whole_names(names: pl.DataFrame, spellings: pl.DataFrame, height: int) -> pl.Series:
    """Return titles and artists as one word each: `t=` and `a=` as written, `t~` and `a~` spelled otherwise.

    What is written is equal to its own folded form for most names, which so have one term.
    """
    name, role = pl.col("name"), pl.col("field").replace_strict(_ROLES, return_dtype=pl.String)
    whole = names.lazy().filter(pl.col("field").is_in(list(_ROLES)))
    forms = whole.with_columns(exact=exact_form(name), compact=words(name).str.replace_all(" ", "", literal=True))
    otherwise = (pl.col("compact") != "") & (pl.col("compact") != pl.col("exact"))
    by_sound = pl.col("way").is_in(_SOUNDS) & ~name.str.contains(_WITHOUT_BLANKS)
    spelled = (
        spellings.lazy()
        .filter(pl.col("field").is_in(list(_ROLES)) & ~by_sound)
        .with_columns(
            form=pl.col("value").str.replace_all(" ", "", literal=True),
            compact=pl.col("words").str.replace_all(" ", "", literal=True),
        )
        .filter(pl.col("form") != pl.col("compact"))  # else it differs in nothing but where its words end
        .select("row", role.alias("role"), pl.lit("~").alias("kind"), "form")
    )
    terms = pl.concat(
        [
            forms.select("row", role.alias("role"), pl.lit("=").alias("kind"), pl.col("exact").alias("form")),
            forms.filter(otherwise).select("row", role.alias("role"), pl.lit("~").alias("kind"), form="compact"),
            spelled,
        ]
    )
    fits = (pl.col("form") != "") & (pl.col("form").str.len_chars() <= track.LONGEST_NAME)
    value = pl.concat_str("role", "kind", "form").alias("value")
    listed = terms.filter(fits).select("row", value).unique(maintain_order=True).collect()
    return _by_row(listed.group_by("row", maintain_order=True).agg("value"), height)


def _by_row(values: pl.DataFrame, height: int) -> pl.Series:
    """Return a value per row from a frame of row and value, null for the rows that it lacks."""
    rows, found = values.get_columns()
    at = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
    at = at.scatter(rows, pl.int_range(rows.len(), dtype=pl.UInt32, eager=True))
    return found.gather(at)
