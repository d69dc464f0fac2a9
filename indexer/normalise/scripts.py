"""Which language a title's letters tell: by the Unicode block of each, then by letters that few languages have.

Called for the titles only that have a letter of another script than Latin, or one of Vietnamese: a plain function.
"""

from bisect import bisect_right
from collections.abc import Mapping

_BLOCKS: tuple[tuple[int, int, str], ...] = (
    # Blocks of letters, as Unicode names them, and the script (ISO 15924) that they are of.
    (0x0370, 0x03FF, "Grek"),
    (0x0400, 0x052F, "Cyrl"),
    (0x0530, 0x058F, "Armn"),
    (0x0590, 0x05FF, "Hebr"),
    (0x0600, 0x06FF, "Arab"),
    (0x0750, 0x077F, "Arab"),
    (0x08A0, 0x08FF, "Arab"),
    (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "Beng"),
    (0x0A00, 0x0A7F, "Guru"),
    (0x0A80, 0x0AFF, "Gujr"),
    (0x0B80, 0x0BFF, "Taml"),
    (0x0C00, 0x0C7F, "Telu"),
    (0x0C80, 0x0CFF, "Knda"),
    (0x0D00, 0x0D7F, "Mlym"),
    (0x0D80, 0x0DFF, "Sinh"),
    (0x0E00, 0x0E7F, "Thai"),
    (0x0E80, 0x0EFF, "Laoo"),
    (0x0F00, 0x0FFF, "Tibt"),
    (0x1000, 0x109F, "Mymr"),
    (0x10A0, 0x10FF, "Geor"),
    (0x1100, 0x11FF, "Hang"),
    (0x1200, 0x139F, "Ethi"),
    (0x1780, 0x17FF, "Khmr"),
    (0x1EA0, 0x1EF9, "Viet"),  # Latin letters with two marks: Vietnamese alone has them
    (0x1F00, 0x1FFF, "Grek"),
    (0x3005, 0x3007, "Hani"),
    (0x3041, 0x3096, "Kana"),
    (0x30A1, 0x30FA, "Kana"),
    (0x3131, 0x318E, "Hang"),
    (0x31F0, 0x31FF, "Kana"),
    (0x3400, 0x4DBF, "Hani"),
    (0x4E00, 0x9FFF, "Hani"),
    (0xAC00, 0xD7AF, "Hang"),
    (0xF900, 0xFAFF, "Hani"),
    (0xFB50, 0xFDFF, "Arab"),
    (0xFE70, 0xFEFC, "Arab"),
    (0xFF66, 0xFF9D, "Kana"),
    (0x20000, 0x3134F, "Hani"),
)
_STARTS = [first for first, _, _ in _BLOCKS]
_VIETNAMESE = frozenset("ƠơƯư")

CYRILLIC = "Cyrl"
"""Told for Cyrillic without a letter that tells: ISO 15924, for it is a script and no language."""

_DECIDES = ("Kana", "Hang", "Hani")
"""One letter of these decides: カ, 한 and 東 stand for words. The others need two, as Ω and Я are used as signs."""

_LANGUAGE: Mapping[str, str] = {
    "Armn": "hy", "Beng": "bn", "Deva": "hi", "Ethi": "am", "Geor": "ka", "Grek": "el", "Gujr": "gu", "Guru": "pa",
    "Hang": "ko", "Hani": "zh", "Hebr": "he", "Kana": "ja", "Khmr": "km", "Knda": "kn", "Laoo": "lo", "Mlym": "ml",
    "Mymr": "my", "Sinh": "si", "Taml": "ta", "Telu": "te", "Thai": "th", "Tibt": "bo", "Viet": "vi",
    "Cyrl": CYRILLIC, "Arab": "ar",
}  # fmt: skip
"""The language of a script where no letter tells more. Those that write Cyrillic are for `detect` to tell apart."""

_TELLING: Mapping[str, tuple[tuple[str, frozenset[str]], ...]] = {
    # The first language of which a letter is found; letters that two languages have come after those of one.
    "Cyrl": (
        ("uk", frozenset("ЄєЇїҐґ")),
        ("be", frozenset("Ўў")),
        ("kk", frozenset("ӘәҢңҰұҚқҒғ")),
        ("mk", frozenset("ЃѓЅѕЌќ")),
        ("sr", frozenset("ЂђЋћЏџЉљЊњЈј")),
        ("ru", frozenset("ЫыЭэЁё")),
        ("uk", frozenset("Іі")),
        ("bg", frozenset("Ъъ")),
    ),
    "Arab": (("ur", frozenset("ٹڈڑںھے")), ("fa", frozenset("پچژگ"))),
}


def told(title: str, context: str = "") -> str | None:
    """Return the language that the letters of a title tell, None where they don't.

    Cyrillic in which no letter tells is `CYRILLIC`. Han letters alone are Chinese, unless kana stand in `context`
    (the artist's name, the album).

    >>> [told(title) for title in ("Моя песня", "Мы", "東京", "東京の夜", "Song", "Ω", "Tuổi thơ")]
    ['Cyrl', 'ru', 'zh', 'ja', None, None, 'vi']
    >>> told("東京", context="東京スカパラダイスオーケストラ")
    'ja'
    """
    letters = [script for script in map(_SCRIPTS.__getitem__, title) if script]
    seen = dict.fromkeys(letters)
    for script in _DECIDES:
        if script in seen:
            japanese = script == "Hani" and "Kana" in map(_SCRIPTS.__getitem__, context)
            return _LANGUAGE["Kana" if japanese else script]
    # Of two that are as frequent the first: in the order of a set it would be another one in each process.
    script = max(seen, key=letters.count, default="")
    if not script or (script != "Viet" and letters.count(script) < 2):
        return None
    characters = set(title)
    telling = _TELLING.get(script, ())
    return next((language for language, few in telling if not few.isdisjoint(characters)), _LANGUAGE[script])


class _Scripts(dict[str, str]):
    """A character's script, looked up once; "" for Latin letters and for what is no letter."""

    def __missing__(self, character: str) -> str:
        self[character] = _script(character)
        return self[character]


def _script(character: str) -> str:
    if character in _VIETNAMESE:
        return "Viet"
    first, last, script = _BLOCKS[max(bisect_right(_STARTS, ord(character)) - 1, 0)]
    letter = character.isalpha() or character == "々"
    return script if letter and first <= ord(character) <= last else ""


_SCRIPTS = _Scripts()
