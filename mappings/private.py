"""What is never indexed, stored or shown: lyrics and private contact data, told by a column's name or its values."""

import re
from collections.abc import Iterable

LYRICS_KEYS = "lyrics|genius_annotation|qna"
"""Keys of the built-in data sets whose values are never stored, as a pattern."""

EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")

_PARTS = "lyrics songtext liedtext genius_annotation qna email e_mail paypal whatsapp telephone telefon phone_number"
_WORDS = """
lyric letra letras paroles testi mail mails mailto phone phones phonenumber tel mobile mobil cellphone fax contact
contacts contactinfo kontakt postal postcode postleitzahl plz zipcode address addresses adresse adressen anschrift
street strasse straße
"""

PRIVATE_PARTS = tuple(_PARTS.split())
"""What says it wherever it stands in a name in small letters; `_WORDS` do as words only: a saxophone is no phone."""

_PRIVATE = re.compile("|".join([*PRIVATE_PARTS, *(rf"(?<![^_]){word}(?![^_])" for word in _WORDS.split())]))
_HARMLESS = re.compile(r"(?<![^_])(?:street_date|web_address)(?![^_])")
_CAPITALS = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_SOME = 0.2


def is_private(column: str) -> bool:
    """Tell whether a column's name says that it holds lyrics or contact data.

    >>> [is_private(name) for name in ("artist.contactEmail", "E.Mail", "lyricist", "street_date", "saxophone")]
    [True, True, False, False, False]
    """
    words = "_".join(re.findall(r"[^\W\d_]+", _CAPITALS.sub("_", column).lower()))
    return _PRIVATE.search(_HARMLESS.sub("", words)) is not None


def holds_addresses(values: Iterable[object]) -> bool:
    """Tell whether many of a column's values have an e-mail address in them.

    >>> holds_addresses(["joe@example.org", "Ann, 5 Main St, ann@example.org"]), holds_addresses(["N@ked", "M.I.A."])
    (True, False)
    """
    texts = [str(value) for value in values if value is not None]
    return sum(EMAIL.search(text) is not None for text in texts) > _SOME * len(texts)


def without_addresses(text: str) -> str:
    """Return a text without e-mail addresses.

    >>> without_addresses('{"id": "", "by": "joe@example.org"}')
    '{"id": "", "by": "…"}'
    """
    return EMAIL.sub("…", text)
