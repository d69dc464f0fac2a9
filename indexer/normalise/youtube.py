"""YouTube's video ids, wherever they are written."""

import polars as pl

from indexer.normalise.text import distinct

_ID = r"[A-Za-z0-9_-]{11}"
_WHOLE = rf"^{_ID}$"
_LINK = rf"(?:youtu\.be/|[?&]v=|/(?:embed|v|shorts|live)/|vi/)({_ID})(?:$|[^A-Za-z0-9_-])"


def video_id(written: pl.Expr) -> pl.Expr:
    """Return the id of a link (youtu.be/ID, watch?v=ID, embed/ID, shorts/ID) or of an id alone; null for others.

    >>> frame = pl.DataFrame({"a": ["https://youtu.be/hTWKbfoikeg?t=3", "hTWKbfoikeg", "https://vimeo.com/1"]})
    >>> frame.select(video_id(pl.col("a")))["a"].to_list()
    ['hTWKbfoikeg', 'hTWKbfoikeg', None]
    """
    text = written.str.strip_chars()
    return pl.coalesce(whole_id(text), text.str.extract(_LINK))


def whole_id(written: pl.Expr) -> pl.Expr:
    """Return what is a video id and nothing else, null for others."""
    return pl.when(written.str.contains(_WHOLE)).then(written)


def video_ids(links: pl.Expr) -> pl.Expr:
    """Return the distinct ids of a list of links, in order; null where there is none."""
    return distinct(links.list.eval(video_id(pl.element())))
