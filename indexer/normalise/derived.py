"""Which fields are made of others, the same way for all data sets: for the documentation, and a test holds it true."""

from collections.abc import Mapping
from dataclasses import dataclass

from indexer.normalise.canonical import DECLARED_LANGUAGE, WRITTEN_DATE
from mappings import fields


@dataclass(frozen=True)
class Derived:
    """What a field is made of, besides its own column if the data set has one, and how."""

    inputs: tuple[str, ...]
    how: str


DERIVED: Mapping[str, Derived] = {
    fields.YEAR: Derived((WRITTEN_DATE,), "from 1860 to the year after the set's release, else dropped"),
    fields.RELEASE_DATE: Derived((WRITTEN_DATE,), "a whole, plausible date"),
    fields.CONTRIBUTORS: Derived((fields.TITLE, fields.ARTISTS), 'and whom "feat." names in title or artist'),
    fields.LANGUAGE: Derived((DECLARED_LANGUAGE, fields.TITLE), "declared, by script, detected, or und"),
    fields.LANGUAGE_SOURCE: Derived((DECLARED_LANGUAGE, fields.TITLE), "which of these"),
    fields.RECORDING_KEY: Derived((fields.ARTISTS, fields.TITLE), "folded, without guests and release suffixes"),
}

CONSTANT = (fields.DATASET, fields.REVISION, fields.PLATFORM)
"""The same for all tracks of a file: from the data set's card."""

EVIDENCE = (fields.SOURCE_FILE, fields.SOURCE_ROW, fields.FINGERPRINT)
"""Added by the loader: the place of the record, and the hash of the finished track."""
