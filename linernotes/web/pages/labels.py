"""Display labels of facets, values, matches and orders; numbers in words."""

from collections.abc import Mapping

from mappings.cards import CARDS
from mappings.languages import LANGUAGES, UNDETERMINED
from queries import Match, Total

FACETS: Mapping[str, str] = {
    "dataset": "Data set",
    "genre": "Genre",
    "year": "Year",
    "licence": "Licence",
    "commercial_use": "Commercial use",
    "language": "Language",
    "artist": "Artist",
    "platform": "Platform",
    "decade": "Decade",
    "duration": "Duration",
    "explicit": "Explicit",
    "genre_path": "Original genre",
    "licence_family": "Licence family",
    "derivatives": "Derivatives",
}
"""Facet to its label, in the order of the page."""

# Languages that Elasticsearch has no analyzer for, but that tracks are in.
_FURTHER = {
    "af": "Afrikaans", "az": "Azerbaijani", "be": "Belarusian", "bs": "Bosnian", "cy": "Welsh", "fil": "Filipino",
    "he": "Hebrew", "hr": "Croatian", "is": "Icelandic", "jv": "Javanese", "ka": "Georgian", "kk": "Kazakh",
    "km": "Khmer", "kn": "Kannada", "la": "Latin", "lb": "Luxembourgish", "lo": "Lao", "mk": "Macedonian",
    "ml": "Malayalam", "mn": "Mongolian", "mr": "Marathi", "ms": "Malay", "my": "Burmese", "nb": "Norwegian Bokmål",
    "ne": "Nepali", "nn": "Norwegian Nynorsk", "pa": "Punjabi", "pl": "Polish", "sk": "Slovak", "sl": "Slovenian",
    "sq": "Albanian", "sw": "Swahili", "ta": "Tamil", "te": "Telugu", "tl": "Tagalog", "uk": "Ukrainian",
    "ur": "Urdu", "uz": "Uzbek", "vi": "Vietnamese", "xh": "Xhosa", "yi": "Yiddish", "zu": "Zulu",
}  # fmt: skip

VALUES: Mapping[str, Mapping[str, str]] = {
    "dataset": {card.id: card.name for card in CARDS.values()},
    "language": {**_FURTHER, **{one.code: one.english_name for one in LANGUAGES}, UNDETERMINED: "undetermined"},
    "explicit": {"true": "explicit", "false": "not explicit"},
}
"""Facet to the labels of its values, where they differ from the values."""

MATCHES: Mapping[str, str] = {
    Match.EXACT: "exact name",
    Match.FOLDED: "same words",
    Match.JOINED: "spelled as one word or two",
    Match.SYMBOLS: "symbols read as letters",
    Match.TRANSLITERATED: "in another script",
    Match.STEMMED: "another form of a word",
    Match.FUZZY: "similar spelling",
}
"""Why a hit matched."""

NOT_STATED = "not stated"
"""Label of tracks without a value."""

SORTS: Mapping[str, str] = {"relevance": "Relevance", "plays": "Most played", "year": "Newest"}


def value(facet: str, written: object) -> str:
    """Return the label of a facet's value.

    >>> value("dataset", "free-music-archive"), value("language", "und"), value("genre", "rock")
    ('FMA', 'undetermined', 'rock')
    """
    text = str(written).lower() if isinstance(written, bool) else str(written)
    return VALUES.get(facet, {}).get(text, f"{text}s" if facet == "decade" and text.isdecimal() else text)


def number(value: float) -> str:
    """Return a number with thousands separators.

    >>> number(12320916)
    '12,320,916'
    """
    return f"{value:,}"


def tracks(count: int) -> str:
    """Return a number of tracks.

    >>> tracks(1), tracks(0)
    ('1 track', '0 tracks')
    """
    return "1 track" if count == 1 else f"{count:,} tracks"


def about(total: Total) -> str:
    """Return a number, marked where it isn't exact.

    >>> about(Total(1200, exact=False))
    'about 1,200'
    """
    return f"{'' if total.exact else 'about '}{total.value:,}"
