"""The recording key: equal for the same recording in several sets.

First artist and title, folded, without guests and without what only a release adds (remastered, mono, bonus track,
official video, from a film). What makes another recording stays: live, remix, acoustic, demo, edit, cover. The rules
and what they are worth are measured on `tests/normalise/recording_pairs.tsv`, by `python -m benchmarks.recording`.
"""

import polars as pl

from indexer.normalise.expressions import extract_where, map_where
from mappings.spelling.columns import words

SEPARATOR = " / "

LONGEST = 500
"""Characters of a key; Elasticsearch refuses terms of more than 32,766 bytes, and a title may have more."""

NOBODY = ("various artists", "various", "va", "v a", "unknown artist", "unknown", "artist unknown", "n a", "no artist")
"""Names, folded, that stand for no artist: two intros by Various Artists are two recordings."""

# A segment is a release's if all its words are, and one of them alone says so: (2020), (New Version) are not.
_SAYS = (
    r"(?:re-?master(?:ed|ing)?|bonus\s+tracks?|explicit|clean|deluxe|expanded|official"
    r"|(?:mono|stereo|album|original|lp|standard)\s+(?:version|mix)|mono|stereo|\d+(?:st|nd|rd|th)\s+anniversary"
    r"|(?:with\s+)?lyrics?|videoclip|(?:music\s*)?video|audio|visuali[sz]er|m/?v|hd|hq|uhd|4k"
    r"|video\s+(?:musical\s+)?oficial|clip\s+officiel|offizielles\s+(?:musik)?video)"
)
_ADDS = (
    r"(?:\d{4}|digital(?:ly)?|\d+-bit|version|edition|album|mix|super|special|full|new|the|in|oficial|clip|high|quality"
    r"|resolution)"
)
_BETWEEN = r"[\s/,;:.|–—-]+"
_RELEASE = rf"(?:{_ADDS}{_BETWEEN})*{_SAYS}(?:{_BETWEEN}(?:{_SAYS}|{_ADDS}))*"

_GUEST = r"(?:feat(?:uring)?|ft)(?:\.\s*|\s+)"
_QUOTE = r"[\"“”„'‘’«]"
_FILM = rf"(?:(?:love\s+)?theme\s+)?from\s+(?:the\s+)?{_QUOTE}"
_SCORE = r"from\s[^)\]]*(?:soundtrack|motion\s+picture|musical|film|movie)"
_MADE_BY = r"prod(?:\.\s*|uced\s+|\s+)(?:by\s+)?|dir(?:\.\s*|ected\s+)by\s"
_WITH = r"(?-i:with\s+\p{Lu})"  # a guest, as Spotify writes it; (With Strings) is a version
_NAMING = rf"(?:{_GUEST}|{_FILM}|{_SCORE}|{_MADE_BY}|{_WITH})[^)\]]*"

_BRACKETED = rf"(?i)\s*[(\[]\s*(?:{_RELEASE}|{_NAMING})\s*[)\]]"
_INSIDE = rf"(?i)\s*[/;]\s*{_RELEASE}\s*([)\]]|$)"
_AT_END = rf"(?i)(?:\s[-–—|]\s+(?:{_RELEASE}|(?:{_FILM}|{_SCORE}).*)|\s+official\s+(?:{_SAYS}\s*)+|\s+m/v)+\s*$"
_NESTED = r"[)\]]\s*[)\]]"
_GUESTS = rf"(?i)\s+{_GUEST}.*?(\s[-–—(\[]|$)"
_CLUES = (
    "remaster", "re-master", "bonus", "explicit", "clean", "deluxe", "expanded", "official", "mono", "stereo",
    "version", "mix", "anniversary", "lyric", "video", "audio", "visuali", "m/v", " mv", "(mv", "[mv", "hd", "hq", "4k",
    "clip", "feat", " ft", "(ft", "[ft", "from ", "prod", "dir", "with ",
)  # fmt: skip
"""One of these is in every title that `bare` changes; a cheap test, as most titles have none."""
_HEADED = r"\s[-–—|]\s"
_HEAD = r"^(.+?)\s+[-–—|]\s"

_SEVERAL = r"(?i)\s*[,;]\s.*|\s+(?:&|\+|and|[x×]|vs\.?|versus|with|feat\.?|ft\.?|featuring)\s.*|\s-\stopic\s*$"
_OTHER_SCRIPT = r"\s*[(\[][^)\]]*[^\p{Latin}\p{Common}\p{Inherited}][^)\]]*[)\]]\s*$"
_MAY_BE_SEVERAL = r"(?i)[,;&+(/.]|\s(?:and|x|×|vs|versus|with|feat|ft|featuring|topic)"

_NOT_PLAIN = r"[^a-z0-9 ]|  |^ | $"
_INITIAL = r"\b(\p{L})\."
_HAS_INITIALS = r"\b\p{L}\.\p{L}\b"

_WRITTEN = r"\b(?:pts?|parts?|n|number|volume|ver|version)\b"
_ALIKE = {
    " pt ": " part ", " pts ": " part ", " parts ": " part ", " n ": " and ", " number ": " no ", " volume ": " vol ",
    " ver ": " version ", " live version ": " live ", " demo version ": " demo ", " acoustic version ": " acoustic ",
    " instrumental version ": " instrumental ", " karaoke version ": " karaoke ",
}  # fmt: skip
_NUMERALS = ("i one", "ii two", "iii three", "iv four", "v five", "vi six", "vii seven", "viii eight", "ix nine")
_NUMBERS = {
    f" part {written} ": f" part {number} "
    for number, both in enumerate(_NUMERALS, 1)
    for written in both.split()
}  # fmt: skip


_BOTH = pl.Struct({"title": pl.String, "artist": pl.String})


def recording_key(artist: pl.Expr, title: pl.Expr) -> pl.Expr:
    """Return the key, null where artist or title is missing or the artist is nobody.

    >>> frame = pl.DataFrame({"artist": ["Queen"], "title": ["Under Pressure (feat. David Bowie) - Remastered 2011"]})
    >>> frame.select(recording_key(pl.col("artist"), pl.col("title")).alias("key"))["key"].to_list()
    ['queen / under pressure']
    """
    somebody = artist_key(artist).replace(dict.fromkeys(NOBODY))
    key = pl.concat_str(somebody, title_key(artist, title), separator=SEPARATOR)
    return map_where(key, lambda e: e.str.len_bytes() > LONGEST, lambda e: e.str.head(LONGEST).str.strip_chars(" "))


def own_key(dataset: pl.Expr, source_id: pl.Expr) -> pl.Expr:
    """Return the key of a track that is its own recording, as it lacks artist or title; no other key looks like it."""
    return pl.concat_str(dataset, source_id, separator=":")


def artist_key(artist: pl.Expr) -> pl.Expr:
    """Return the first of the artists that a name joins, folded, without article.

    Sets list artists differently: Queen & David Bowie is Queen in another. So Simon & Garfunkel is simon everywhere.

    >>> names = pl.Series(["The Beatles", "Simon & Garfunkel", "Tyler, The Creator", "R.E.M.", "Adele - Topic", "!!!"])
    >>> names.to_frame("a").select(artist_key(pl.col("a")))["a"].to_list()
    ['beatles', 'simon', 'tyler', 'rem', 'adele', '!!!']
    """
    first = map_where(artist, lambda e: e.str.contains(_MAY_BE_SEVERAL), _first)
    return _folded(first).str.replace(r"^the ", "")


def title_key(artist: pl.Expr, title: pl.Expr) -> pl.Expr:
    """Return a title without what only names a guest, a release or a video, folded."""
    both = pl.struct(title.alias("title"), artist.alias("artist"))
    stripped = extract_where(both, lambda e: _may_change(e.struct.field("title")), _bare_of)
    folded = _folded(_initials(pl.coalesce(stripped, title)))
    return map_where(folded, lambda e: e.str.contains(_WRITTEN), _written_alike)


def _may_change(title: pl.Expr) -> pl.Expr:
    return title.str.contains_any(list(_CLUES), ascii_case_insensitive=True) | title.str.contains(_HEADED)


def bare(title: pl.Expr) -> pl.Expr:
    """Return a title without guests and what only a release adds, otherwise as written."""
    plain = title.str.replace_all(_GUESTS, "${1}")
    plain = map_where(plain, lambda e: e.str.contains(_NESTED), lambda e: e.str.replace_all(_BRACKETED, ""))
    plain = plain.str.replace_all(_BRACKETED, "").str.replace(_AT_END, "")
    plain = map_where(plain, lambda e: e.str.contains("[/;]"), lambda e: e.str.replace_all(_INSIDE, "${1}"))
    plain = plain.str.replace(_AT_END, "")
    return pl.coalesce(plain.str.strip_chars().replace("", None), title)


# Each expression is named once: Polars would run the functions of a repeated one again.
def _bare_of(both: pl.Expr) -> pl.Expr:
    plain = pl.struct(bare(both.struct.field("title")).alias("title"), both.struct.field("artist"))
    headed = map_where(plain, lambda e: e.struct.field("title").str.contains(_HEADED), _without_artist, _BOTH)
    return headed.struct.field("title")


def _without_artist(both: pl.Expr) -> pl.Expr:
    """Leave the artist out of a video's title: Adele - Hello."""
    title, artist = both.struct.field("title"), both.struct.field("artist")
    same = artist_key(title.str.extract(_HEAD)) == artist_key(artist)
    return pl.struct(pl.when(same).then(title.str.replace(_HEAD, "")).otherwise(title).alias("title"), artist)


def _first(artist: pl.Expr) -> pl.Expr:
    first = artist.str.replace(_OTHER_SCRIPT, "").str.replace(_SEVERAL, "").str.strip_chars()
    main = pl.coalesce(first.replace("", None), artist)
    # AC/DC and ACDC, R.E.M. and REM; but not A / B.
    return _initials(main).str.replace_all(r"(\S)/(\S)", "${1}${2}")


def _initials(name: pl.Expr) -> pl.Expr:
    return map_where(name, lambda e: e.str.contains(_HAS_INITIALS), lambda e: e.str.replace_all(_INITIAL, "${1}"))


def _written_alike(folded: pl.Expr) -> pl.Expr:
    padded = pl.concat_str(pl.lit(" "), folded, pl.lit(" "))
    return padded.str.replace_many(_ALIKE, leftmost=True).str.replace_many(_NUMBERS, leftmost=True).str.strip_chars(" ")


def _folded(name: pl.Expr) -> pl.Expr:
    """Return a name's words; what is plain letters, two names in three, has nothing to fold but case."""
    return map_where(name.str.to_lowercase(), lambda e: e.str.contains(_NOT_PLAIN), _words)


def _words(name: pl.Expr) -> pl.Expr:
    # A name without words, such as !!!, is its own key.
    return pl.coalesce(words(name).replace("", None), name)
