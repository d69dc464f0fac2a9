"""What facets, values and matches are called on a page."""

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
    "genre_path": "Own genre terms",
    "licence_family": "Licence family",
    "derivatives": "Derivatives",
}
"""Facet to its heading, in the order of the page."""

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
"""Facet to its values that aren't called what they are written."""

MATCHES: Mapping[str, str] = {
    Match.EXACT: "exactly this name",
    Match.FOLDED: "words as written",
    Match.JOINED: "written in one word or two",
    Match.SYMBOLS: "signs read as letters",
    Match.TRANSLITERATED: "in another script",
    Match.STEMMED: "another form of a word",
    Match.FUZZY: "with a slip in the spelling",
}
"""Why a hit matched, in words."""

NOT_STATED = "not stated"
"""What a track has in a facet that its data set says nothing of."""

SORTS: Mapping[str, str] = {"relevance": "Relevance", "plays": "Most played", "year": "Newest"}


def value(facet: str, written: object) -> str:
    """Return what a value of a facet is called.

    >>> value("dataset", "free-music-archive"), value("language", "und"), value("genre", "rock")
    ('FMA', 'undetermined', 'rock')
    """
    text = str(written).lower() if isinstance(written, bool) else str(written)
    return VALUES.get(facet, {}).get(text, f"{text}s" if facet == "decade" and text.isdecimal() else text)


def number(value: float) -> str:
    """Return a number with its thousands apart.

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
    """Return a number that says so where it isn't exact.

    >>> about(Total(1200, exact=False))
    'about 1,200'
    """
    return f"{'' if total.exact else 'about '}{total.value:,}"
