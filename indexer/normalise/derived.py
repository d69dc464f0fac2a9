"""Which fields are made of others, the same way for all data sets: for the documentation, and a test holds it true."""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.normalise.canonical import DECLARED_LANGUAGE, WRITTEN_DATE
from mappings.track import (
    ARTISTS,
    CONTRIBUTORS,
    DATASET,
    FINGERPRINT,
    LANGUAGE,
    LANGUAGE_SOURCE,
    PLATFORM,
    RECORDING_KEY,
    RELEASE_DATE,
    REVISION,
    SOURCE_FILE,
    SOURCE_ROW,
    TITLE,
    YEAR,
)


@dataclass(frozen=True)
class Derived:
    """What a field is made of, besides its own column if the data set has one, and how."""

    inputs: tuple[str, ...]
    how: str


DERIVED: Mapping[str, Derived] = {
    YEAR: Derived((WRITTEN_DATE,), "from 1860 to the year after the set's release, else dropped"),
    RELEASE_DATE: Derived((WRITTEN_DATE,), "a whole, plausible date"),
    CONTRIBUTORS: Derived((TITLE, ARTISTS), 'and whom "feat." names in title or artist'),
    LANGUAGE: Derived((DECLARED_LANGUAGE, TITLE), "declared, by script, detected, or und"),
    LANGUAGE_SOURCE: Derived((DECLARED_LANGUAGE, TITLE), "which of these"),
    RECORDING_KEY: Derived((ARTISTS, TITLE), "folded, without guests and release suffixes"),
}

CONSTANT = (DATASET, REVISION, PLATFORM)
"""The same for all tracks of a file: from the data set's card."""

EVIDENCE = (SOURCE_FILE, SOURCE_ROW, FINGERPRINT)
"""Added by the loader: the place of the record, and the hash of the finished track."""
