"""A universe of synthetic tracks: a number stands for a track, and the same number gives the same track everywhere.

All columns are computed from the number alone, vectorised, so that any data set at any scale is made of the same
tracks, and two data sets that share numbers share recordings.
"""

import polars as pl

from benchmarks.words import BAND_SHAPES, SHARES, SUFFIXES, SYLLABLES, WORDS

ARTISTS = 900_000
_MIX = 0x9E3779B97F4A7C15
_OTHER = 0xBF58476D1CE4E5B9
_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

_LANGUAGE_OF = pl.Series([code for code, share in SHARES.items() for _ in range(share)])
_VOCABULARY = {code: pl.Series(words.split()) for code, words in WORDS.items()}
_FLAT = pl.concat(list(_VOCABULARY.values()))
_STARTS = pl.Series([0, *[len(words) for words in _VOCABULARY.values()]]).cum_sum().head(len(_VOCABULARY))
_SIZES = pl.Series([len(words) for words in _VOCABULARY.values()])
_OTHER_SCRIPTS = [list(WORDS).index(code) for code in ("ru", "el", "ja", "ko", "zh", "th", "ar", "he", "hi")]
_CODE_NUMBER = pl.Series([list(WORDS).index(code) for code in _LANGUAGE_OF])


def mixed(number: pl.Series, seed: int) -> pl.Series:
    """Return 64 well-mixed bits for each number: two rounds of multiply and fold, the same on every machine."""
    bits = (number.cast(pl.UInt64) + seed * 7919 + 1) * pl.Series([_MIX], dtype=pl.UInt64)
    bits = bits ^ (bits // 2**31)
    bits = bits * pl.Series([_OTHER], dtype=pl.UInt64)
    return bits ^ (bits // 2**29)


def below(number: pl.Series, seed: int, bound: int) -> pl.Series:
    """Return a number from 0 to `bound` - 1 for each number."""
    return ((mixed(number, seed) // 2**11) % bound).cast(pl.UInt32)


def share(number: pl.Series, seed: int, one_in: int) -> pl.Series:
    """Return True for one in `one_in` numbers."""
    return below(number, seed, one_in) == 0


def pick(table: pl.Series, number: pl.Series, seed: int) -> pl.Series:
    """Return an entry of a table for each number."""
    return table.gather(below(number, seed, len(table)))


def words(number: pl.Series, language: pl.Series, seed: int) -> pl.Series:
    """Return a word in the given language (its place in `WORDS`) for each number."""
    places = mixed(number, seed) // 2**11 % _SIZES.gather(language).cast(pl.UInt64)
    return _FLAT.gather((_STARTS.gather(language).cast(pl.UInt64) + places).cast(pl.UInt32))


def name(number: pl.Series, seed: int, syllables: int = 3) -> pl.Series:
    """Return a made-up name for each number: 3 of 90 syllables are 730,000 names."""
    table = pl.Series(SYLLABLES)
    parts = [pick(table, number, seed + part).alias(str(part)) for part in range(syllables)]
    return pl.DataFrame(parts).select(pl.concat_str(pl.all()).str.to_titlecase()).to_series()


def artist_numbers(track: pl.Series) -> pl.Series:
    """Return the number of each track's artist: a long tail, the cube of a uniform number."""
    uniform = (mixed(track, 1) // 2**11).cast(pl.Float64) / 2**53
    return (uniform**3 * ARTISTS).cast(pl.UInt64)


def artist(number: pl.Series) -> pl.Series:
    """Return the name of each artist; half of those who don't sing in Latin letters write their name likewise."""
    frame = pl.DataFrame(
        {
            "a": name(number, 10),
            "b": name(number, 20, 2),
            "shape": below(number, 30, len(BAND_SHAPES)),
            "native": native_words(number),
        }
    )
    shaped = [
        pl.when(pl.col("shape") == place).then(pl.format(text, *["a", "b"][: text.count("{}")]))
        for place, text in enumerate(BAND_SHAPES)
    ]
    return frame.select(pl.coalesce("native", *shaped)).to_series()


def native_words(number: pl.Series) -> pl.Series:
    """Return a name of two words in the artist's own script, or null."""
    language = pick(_CODE_NUMBER, number, 2)
    frame = pl.DataFrame(
        {
            "name": words(number, language, 70) + " " + words(number, language, 71),
            "is_native": share(number, 72, 2) & language.is_in(_OTHER_SCRIPTS),
        }
    )
    return frame.select(pl.when("is_native").then(pl.col("name").str.to_titlecase())).to_series()


def languages(track: pl.Series) -> pl.Series:
    """Return the place in `WORDS` of each track's language; an artist sings in one."""
    return pick(_CODE_NUMBER, artist_numbers(track), 2).cast(pl.UInt32)


def language_codes(track: pl.Series) -> pl.Series:
    """Return the code of each track's language."""
    return pl.Series(list(WORDS)).gather(languages(track))


def title(track: pl.Series) -> pl.Series:
    """Return each track's title: 1 to 4 words of its language, at times a made-up word, a guest or a suffix."""
    language = languages(track)
    count = below(track, 3, 4) + 1
    frame = pl.DataFrame(
        {
            **{f"w{place}": words(track, language, 40 + place) for place in range(4)},
            "made": name(track, 50),
            "is_made": share(track, 51, 5),
            "count": count,
            "suffix": pick(pl.Series(SUFFIXES), track, 52),
            "guest": artist(below(track, 53, ARTISTS).cast(pl.UInt64)),
            "has_guest": share(track, 54, 12),
        }
    )
    some = [pl.when(pl.col("count") > place).then(f"w{place}") for place in range(4)]
    made = pl.when("is_made").then("made")
    guest = pl.when("has_guest").then(pl.format(" (feat. {})", "guest")).otherwise(pl.lit(""))
    base = pl.concat_str([*some, made], separator=" ", ignore_nulls=True).str.to_titlecase()
    return frame.select(pl.concat_str(base, guest, "suffix")).to_series()


def album(track: pl.Series) -> pl.Series:
    """Return each track's album: one of a few of its artist."""
    number = artist_numbers(track) * 16 + below(track, 4, 8)
    return words(number, languages(track), 60).str.to_titlecase() + " " + name(number, 61, 2)


def video_id(track: pl.Series) -> pl.Series:
    """Return 11 characters of YouTube's alphabet; the track's number can be read back from no two of them alike."""
    letters = pl.Series(list(_ALPHABET))
    bits = mixed(track, 5)
    places = [(bits // 64**place % 64).cast(pl.UInt32) for place in range(10)]
    parts = [letters.gather(place).alias(str(number)) for number, place in enumerate(places)]
    last = letters.gather(((bits // 2**60) * 4 % 64).cast(pl.UInt32)).alias("last")
    return pl.DataFrame([*parts, last]).select(pl.concat_str(pl.all())).to_series()
