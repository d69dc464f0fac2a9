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

_NO_WORD = r"[^\p{L}\p{M}\p{N} ][^\p{L}\p{M}\p{N}]*| [^\p{L}\p{M}\p{N}]+"
"""What stands between words; a single blank, which may stay, is left out, as each match costs."""
_NO_BLANK = r"[^\S ]\s*| \s+"
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
_SOUNDS = tuple(f"sound_{spelling}" for spelling in _LATIN)
_WITHOUT_BLANKS = rf"[{CJK}\p{{Thai}}\p{{Khmer}}\p{{Lao}}\p{{Myanmar}}]"
"""Scripts written without blanks: where words of their Latin spelling end is up to who types it."""
_SPELLINGS = ("joined", "symbols", "closed", "apart", "written_out", *_LATIN, *_SOUNDS)
"""Other spellings of a name, in the order in which they are written."""

_NEEDS_SPELLING = "|".join((_SEPARATOR_INSIDE, variants.MAY_HAVE_SIGNS, _OTHER_SCRIPT, variants.UMLAUT))
"""What a name has that may have another spelling; a cheap test, as most have none."""
_MAY_BE_JOINED = r"[\p{L}\p{M}\p{N}][^\p{L}\p{M}\p{N}\s]+[\p{L}\p{M}\p{N}]|[&+]"
"""What folded characters have wherever `joined` has other words than the name."""
_ODD = r"[^a-z0-9 ]|^ | $|  |[a-z][013457]"
"""What a lower-case name has, unless it is its own words and is spelled in no other way."""
_BLANKS_AND_DASHES = r"\s+-\s|\s+"
_HAS_DASHES = r"\s-\s|[^\S ]"
_ACCENTED_WORD = rf"[\p{{L}}\p{{M}}\p{{N}}]*{ACCENTED}[\p{{L}}\p{{M}}\p{{N}}]*"

_NAMED = (track.TITLE, track.ARTISTS, track.ALBUM, track.CONTRIBUTORS)
"""Fields that hold names; the first two are those whose names can be looked up whole."""
_TITLE, _ARTISTS, _ALBUM, _CONTRIBUTORS = range(len(_NAMED))


def fold(name: pl.Expr) -> pl.Expr:
    """Return `folding.fold` of each name."""
    return _collapsed(_characters(name).str.replace_many(folding.SPOKEN))


def words(name: pl.Expr) -> pl.Expr:
    """Return `folding.words` of each name."""
    return _words(_characters(name))


def exact_form(name: pl.Expr) -> pl.Expr:
    """Return `folding.exact_form` of each name."""
    return name.str.to_lowercase().map_batches(_exact_forms, return_dtype=pl.String, is_elementwise=True)


def joined(name: pl.Expr) -> pl.Expr:
    """Return `variants.joined` of each name."""
    return _joined(_characters(name))


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
    return _folded(name.str.to_lowercase())


def _folded(lower: pl.Expr) -> pl.Expr:
    return lower.str.replace_many(_FOLDS, leftmost=True)


def _words(characters: pl.Expr) -> pl.Expr:
    return characters.str.replace_many(folding.SPOKEN).str.replace_all(_NO_WORD, " ").str.strip_chars(" ")


def _joined(characters: pl.Expr) -> pl.Expr:
    spoken = characters.str.replace_many(variants.SPOKEN_ALONE)
    return _collapsed(spoken.str.replace_all(r"[^\p{L}\p{M}\p{N}\s$!@€]+", ""))


def _exact_forms(lower: pl.Series) -> pl.Series:
    # Step by step: what an expression names twice is computed twice.
    lower = lower.str.replace_many(folding.HALF_WIDTH_KANA)
    equal = lower.str.replace_many(folding.TYPOGRAPHY)
    guests = equal.str.contains_any(["feat.", "ft."]).arg_true()
    equal = equal.scatter(guests, equal.gather(guests).str.replace_all(folding.GUEST_MARK, "${1}"))
    dashes = equal.str.contains(_HAS_DASHES).arg_true()
    form = equal.str.replace_all(" ", "", literal=True)
    form = form.scatter(dashes, equal.gather(dashes).str.replace_all(_BLANKS_AND_DASHES, ""))
    nothing = (form == "").arg_true()
    return form.scatter(nothing, lower.gather(nothing).str.replace_all(r"\s+", ""))


def _collapsed(name: pl.Expr) -> pl.Expr:
    return name.str.replace_all(_NO_BLANK, " ").str.strip_chars()


def _compact(words: pl.Expr) -> pl.Expr:
    return words.str.replace_all(" ", "", literal=True)


def _read(name: pl.Expr, read: Callable[[str], str]) -> pl.Expr:
    return _collapsed(_by_line(name, read))


def _by_line(name: pl.Expr, read: Callable[[str], str]) -> pl.Expr:
    """Apply a function of many names, a line each, to a column of names."""

    def apply(names: pl.Series) -> pl.Series:
        at = names.is_not_null().arg_true()
        result = pl.repeat(None, names.len(), dtype=pl.String, eager=True)
        if not at.len():
            return result
        lines = read(names.gather(at).str.replace_all("\n", " ", literal=True).str.join("\n").item()).split("\n")
        if len(lines) != at.len():
            raise ValueError(f"{read.__name__} made {len(lines)} lines of {at.len()}")
        return result.scatter(at, pl.Series(lines, dtype=pl.String))

    return name.map_batches(apply, return_dtype=pl.String, is_elementwise=True)


def search_fields(tracks: pl.DataFrame) -> dict[str, pl.Series]:
    """Return the search-only columns of canonical tracks: `all_words` (String) and `whole_names` (List of String).

    Needs title, artists, album and contributors. `title_by_language` is no column: it is written while encoding.
    A plain name, as most are, is put in lower case; any other one is folded and spelled once for all tracks that
    have it.
    """
    names = pl.concat([_names(tracks, field) for field in range(len(_NAMED))]).with_row_index("place")
    lower = names["name"].str.to_lowercase()
    at = lower.str.contains(_ODD).arg_true()
    forms = _forms(names["name"].gather(at).unique())
    odd = names[at].join(forms, on="name", how="left", maintain_order="left")
    spelled = _spelled(odd.select("place", "row", "field", "form"), _spellings(forms))
    own = names.select("row", "field", lower.scatter(at, odd["terms"]).alias("terms"))
    by_row = [_own_words(tracks, own), *_other_words(odd, spelled, tracks.height)]
    all_words = pl.select(pl.concat_str(by_row, separator=" ", ignore_nulls=True).replace("", None)).to_series()
    compact = lower.str.replace_all(" ", "", literal=True)
    exact = names.select("row", "field", compact.scatter(at, odd["exact"]).alias("name"))
    return {track.ALL_WORDS: all_words, track.WHOLE_NAMES: _whole_names(exact, odd, spelled, tracks.height)}


def _names(tracks: pl.DataFrame, field: int) -> pl.DataFrame:
    """Return row, field and name of each name in a column, several of a row where it is a list."""
    row = pl.int_range(pl.len(), dtype=pl.UInt32).alias("row")
    named = tracks.select(row, pl.lit(field, pl.UInt8).alias("field"), pl.col(_NAMED[field]).alias("name"))
    is_list = isinstance(named.schema["name"], pl.List)
    return (named.explode("name", empty_as_null=True) if is_list else named).drop_nulls("name")


def _forms(names: pl.Series) -> pl.DataFrame:
    """Return what names are folded to: their words, these as they are searched, the exact form, accented words.

    `wide` is the name again, null for one in ASCII: it spares those the tests for letters that none of them has.
    """
    name, folded = pl.col("name"), pl.col("words")
    wide = pl.when(name.str.len_bytes() > name.str.len_chars()).then(name).alias("wide")
    accented = (
        pl.when(wide.str.contains(ACCENTED))
        .then(name)
        .str.to_lowercase()
        .str.extract_all(_ACCENTED_WORD)
        .list.join(" ")
    )
    return (
        names.to_frame("name")
        .with_row_index("form")
        .with_columns(wide, characters=_characters(name), exact=exact_form(name), accented=accented)
        .with_columns(words=_words(pl.col("characters")))
        .with_columns(terms=_terms(folded), compact=_compact(folded))
    )


def _terms(folded: pl.Expr) -> pl.Expr:
    """Return folded words with CJK cut into pairs and single characters, as `folding.tokens` looks them up."""
    cut = _by_line(pl.when(folded.str.contains(f"[{CJK}]")).then(folded), _cut_cjk)
    return pl.coalesce(cut.str.strip_chars(" "), folded)


def _cut_cjk(lines: str) -> str:
    return folding.split_cjk(lines, singles=True)


def _spellings(forms: pl.DataFrame) -> pl.DataFrame:
    """Return form, kind, terms and whole name of each further spelling of names, none for most.

    The terms are those words of a spelling that the name lacks; the whole name is null where it is the name's own.
    """
    name, characters, value = pl.col("name"), pl.col("characters"), pl.col("value")
    return (
        forms.filter(name.str.contains(_NEEDS_SPELLING))
        .with_columns(
            joined=_words(_joined(pl.when(characters.str.contains(_MAY_BE_JOINED)).then(characters))),
            symbols=words(_where(variants.MAY_HAVE_SIGNS, symbols)),
            closed=_compact(pl.when(pl.col("wide").str.contains(_HANGUL_IN_WORDS)).then("words")),
            apart=_where(_APOSTROPHE_INSIDE, apart),
            written_out=_where(variants.UMLAUT, written_out, "wide"),
            latin=_where(_OTHER_SCRIPT, latin, "wide"),
            # With ё read as е: alyona and alena are both written.
            latin_without_yo=_where("[ёЁ]", lambda e: latin(e.str.replace_many({"ё": "е", "Ё": "Е"})), "wide"),
            latin_otherwise=_where(variants.READ_IN_TWO_WAYS, _latin_otherwise, "wide"),
        )
        .with_columns(**{f"sound_{spelling}": _read(pl.col(spelling), transliteration.sounds) for spelling in _LATIN})
        .with_columns(words(pl.col(spelling)) for spelling in _LATIN)
        .with_columns(own_sounds=_own_sounds())
        .unpivot(_SPELLINGS, index=["form", "name", "words", "compact", "own_sounds"], variable_name="spelling")
        .filter((value != "") & (value != pl.col("words")))
        .unique(["form", "value"], keep="first", maintain_order=True)
        .with_columns(whole=_compact(value), is_sound=pl.col("spelling").is_in(_SOUNDS))
        .with_columns(_new_words().alias("terms"), _whole_name())
        .with_columns(_terms(pl.col("terms").replace("", None)), pl.col("spelling").cast(pl.Enum(_SPELLINGS)))
        .select("form", "spelling", "value", "terms", "whole")
    )


def _own_sounds() -> pl.Expr:
    # Words in another script alone, as most are that sound like anything, sound like nothing in Latin letters.
    own = pl.coalesce(_LATIN).is_not_null() & pl.col("words").str.contains("[a-z0-9]")
    return _read(pl.when(own).then("words"), transliteration.sounds).fill_null("")


def _new_words() -> pl.Expr:
    # Latin words of a name in another script are words of its own, and so is what they sound like.
    known = pl.when("is_sound").then("own_sounds").otherwise("words").str.split(" ")
    # Sorted: a set has no order, and a track's words must not depend on what else is in its batch.
    return pl.col("value").str.split(" ").list.set_difference(known).list.eval(pl.element().sort()).list.join(" ")


def _whole_name() -> pl.Expr:
    whole = pl.col("whole")
    # A sound is looked up word by word, but where the words' ends aren't known.
    needed = ~pl.col("is_sound") | pl.col("name").str.contains(_WITHOUT_BLANKS)
    return pl.when((whole != pl.col("compact")) & needed).then(whole)


def _latin_otherwise(name: pl.Expr) -> pl.Expr:
    return _read(name.str.normalize("NFKC"), transliteration.latin_otherwise)


def _where(test: str, spelling: Spelling, column: str = "name") -> pl.Expr:
    name = pl.col(column)
    return spelling(pl.when(name.str.contains(test)).then(name))


def _spelled(names: pl.DataFrame, spellings: pl.DataFrame) -> pl.DataFrame:
    """Return row, field, terms and whole name of each further spelling in a field of a track, each once."""
    return (
        names.join(spellings, on="form")
        .sort("row", "spelling", "place")
        .unique(["row", "field", "value"], keep="first", maintain_order=True)
    )


def _own_words(tracks: pl.DataFrame, names: pl.DataFrame) -> pl.Series:
    """Return the words of all names of each track, as they are searched, in one text."""
    row, field, height = pl.col("row"), pl.col("field"), tracks.height
    worded = names.filter(pl.col("terms") != "")
    artists, contributors = pl.col(track.ARTISTS), pl.col(track.CONTRIBUTORS)
    others = tracks.select(contributors.ne_missing(artists)).to_series().arg_true().implode()  # mostly the artist
    parts = [
        _by_row(worded.filter(field == _TITLE).select("row", "terms"), height),
        _by_row(worded.filter(field == _ALBUM).select("row", "terms"), height),
        _joined_by_row(worded.filter(field == _ARTISTS).select("row", "terms"), height),
        _joined_by_row(worded.filter((field == _CONTRIBUTORS) & row.is_in(others)).select("row", "terms"), height),
    ]
    return pl.select(pl.concat_str(parts, separator=" ", ignore_nulls=True)).to_series()


def _other_words(names: pl.DataFrame, spelled: pl.DataFrame, height: int) -> list[pl.Series]:
    """Return the words of other spellings, and those words as they are written that folding changes."""
    return [
        _joined_by_row(frame.select("row", word).drop_nulls(word), height)
        for frame, word in ((spelled, "terms"), (names, "accented"))
    ]


def _whole_names(exact: pl.DataFrame, names: pl.DataFrame, spelled: pl.DataFrame, height: int) -> pl.Series:
    """Return titles and artists as one word each: `t=` and `a=` as written, `t~` and `a~` spelled otherwise.

    What is written is equal to its own folded form for most names, which so have one term.
    """
    name, is_title = pl.col("name"), pl.col("field") == _TITLE
    otherwise = names.filter(pl.col("compact") != pl.col("exact")).select("row", "field", name="compact")
    terms = [
        frame.filter(
            (pl.col("field") <= _ARTISTS) & (name != "") & (name.str.len_chars() <= track.LONGEST_NAME)
        ).select(
            "row",
            value=pl.concat_str(
                pl.when(is_title)
                .then(pl.lit(f"{track.TITLE_ROLE}{kind}"))
                .otherwise(pl.lit(f"{track.ARTIST_ROLE}{kind}")),
                name,
            ),
        )
        for frame, kind in ((exact, "="), (otherwise, "~"), (spelled.select("row", "field", name="whole"), "~"))
    ]
    listed = pl.concat(terms).unique(maintain_order=True)
    return _by_row(listed.group_by("row", maintain_order=True).agg("value"), height)


def _joined_by_row(words: pl.DataFrame, height: int) -> pl.Series:
    """Return the words of each row in one text; only rows that have several values are grouped."""
    row, word = words.columns
    several = words[row].is_duplicated()
    grouped = words.filter(several).group_by(row, maintain_order=True).agg(pl.col(word).str.join(" "))
    return _by_row(pl.concat([words.filter(~several), grouped]), height)


def _by_row(values: pl.DataFrame, height: int) -> pl.Series:
    """Return a value per row from a frame of row and value, null for the rows that it lacks."""
    rows, texts = values.get_columns()
    at = pl.repeat(None, height, dtype=pl.UInt32, eager=True)
    at = at.scatter(rows, pl.int_range(rows.len(), dtype=pl.UInt32, eager=True))
    return texts.gather(at)
