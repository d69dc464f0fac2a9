"""Names of files that are downloaded."""

import re

from anyascii import anyascii

LONGEST = 60
_OTHER = re.compile(r"[^a-z0-9]+")


def plain(text: str) -> str:
    """Return what is left of a text in a name that every system takes.

    >>> plain('Sigur Rós: "Ágætis byrjun" / 01'), plain("Кино"), plain("../..")
    ('sigur-ros-agaetis-byrjun-01', 'kino', '')
    """
    return _OTHER.sub("-", anyascii(text[: 4 * LONGEST]).lower())[:LONGEST].strip("-")


def attachment(name: str, suffix: str) -> str:
    """Return the header by which a browser saves a file instead of showing it.

    >>> attachment("linernotes-", "csv")
    'attachment; filename="linernotes.csv"'
    """
    return f'attachment; filename="{name.strip("-")}.{suffix}"'
