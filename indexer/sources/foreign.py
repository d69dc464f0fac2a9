"""Files of the wrong data set: told by their columns."""

from collections.abc import Collection, Mapping

from mappings.errors import InputError

SIGNS: Mapping[str, frozenset[str]] = {
    "laion-disco-12m": frozenset({"song_id", "artist_names", "album_id", "isExplicit", "views"}),
    "sleeping-disco-9m": frozenset({"song_id", "primary_artist", "song_url", "youtube_links", "lyricists"}),
    "free-music-archive": frozenset({"album", "artist", "set", "track"}),  # its first header row has the groups
    "spotify-tracks-dataset": frozenset({"track_id", "track_name", "popularity", "track_genre", "danceability"}),
}
"""Columns that together are only this data set's."""

_ENOUGH = 0.6


def check_columns(file: str, dataset: str, seen: Collection[str], required: Collection[str]) -> None:
    """Raise InputError when required columns are missing, or when columns look like another data set's."""
    missing = [name for name in required if name not in seen]
    other = looks_like(seen)
    if other not in (None, dataset):
        what = f"its columns look like those of {other}"
    elif missing:
        what = f"column {missing[0]} is missing"
    else:
        return
    raise InputError(f"{file} is no file of {dataset}: {what}.", "Check the data set's name and the file.")


def looks_like(seen: Collection[str]) -> str | None:
    """Return the data set that columns most look like, or None."""
    shares = {dataset: len(signs.intersection(seen)) / len(signs) for dataset, signs in SIGNS.items()}
    best = max(shares, key=lambda dataset: shares[dataset])
    return best if shares[best] >= _ENOUGH else None
