"""The recording key: equal for the same recording in several sets.

First artist and title, folded, without guests and without what only a release adds (remastered, mono, bonus track,
official video). What makes another recording stays: live, remix, acoustic, demo, edit, cover.
"""

import polars as pl

from indexer.normalise.sparse import only_where
from mappings.spellings import words

_RELEASE = (
    r"(?:\d{4}\s+)?(?:digital(?:ly)?\s+)?re-?master(?:ed)?(?:\s+(?:version|edition|\d{4}))*"
    r"|(?:\d{4}\s+)?(?:mono|stereo)(?:\s+(?:version|mix))?|bonus\s+track|explicit|clean"
    r"|(?:album|single|original|lp)\s+version"
    r"|(?:official\s+)?(?:hd\s+)?(?:music\s+|lyrics?\s+)?(?:video|audio|visuali[sz]er)(?:\s+clip)?|hd|hq|4k|with\s+lyrics|lyrics"
)
_GUEST = r"(?:feat(?:uring)?|ft)(?:\.\s*|\s+)"
_BRACKETED = rf"\s*[(\[]\s*(?:{_RELEASE}|{_GUEST}[^)\]]*)\s*[)\]]"
_PARTS = rf"(?i){_BRACKETED}|\s[-–—]\s+(?:{_RELEASE})\s*$"
_GUESTS = rf"(?i)\s+{_GUEST}.*?(\s[-–—(\[]|$)"
_MAY_HAVE = r"(?i)[(\[]|\s[-–—]\s|\s(?:feat|ft)"

SEPARATOR = " / "


def recording_key(artist: pl.Expr, title: pl.Expr) -> pl.Expr:
    """Return the key, null where artist or title is missing.

    >>> frame = pl.DataFrame({"artist": ["Queen"], "title": ["Under Pressure (feat. David Bowie) - Remastered 2011"]})
    >>> frame.select(recording_key(pl.col("artist"), pl.col("title")).alias("key"))["key"].to_list()
    ['queen / under pressure']
    """
    return pl.concat_str(_named(artist), _named(_without_release(title)), separator=SEPARATOR)


def _named(name: pl.Expr) -> pl.Expr:
    # A name without words, such as !!!, is its own key.
    return pl.coalesce(words(name).replace("", None), name)


def _without_release(title: pl.Expr) -> pl.Expr:
    return only_where(title, lambda e: e.str.contains(_MAY_HAVE), _bare)


def _bare(title: pl.Expr) -> pl.Expr:
    bare = title.str.replace(_GUESTS, "${1}").str.replace_all(_PARTS, "")
    return pl.coalesce(bare.str.strip_chars().replace("", None), title)
