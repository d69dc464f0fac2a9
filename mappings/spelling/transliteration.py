"""Other scripts in Latin letters, as people type them: one reading, and a key that is equal for most of the others.

anyascii reads character by character, for every script there is. What takes more than one character is read here
before: Greek digraphs, small kana, the end of a Hangul syllable. People still write Цой as Tsoi, Tsoy, Coj; the
`sound` of all of them is one. All functions take many names at once, a line each: passes over one long string cost
less than a call for each name (0.5 µs a name).
"""

import re
from collections.abc import Mapping

from anyascii import anyascii

Table = Mapping[str, str]

_GREEK: Table = {
    "ου": "ou", "ού": "ou", "αυ": "av", "αύ": "av", "ευ": "ev", "εύ": "ev", "γγ": "ng", "γκ": "gk", "γχ": "nch",
    "χ": "ch", "ξ": "x", "β": "v",
}  # fmt: skip
_GREEK_OTHERWISE: Table = {
    **_GREEK, "χ": "h", "αυ": "af", "αύ": "af", "ευ": "ef", "εύ": "ef", "μπ": "b", "ντ": "d", "ει": "i", "εί": "i",
    "οι": "i", "οί": "i",
}  # fmt: skip

# Consonant of the kana in -i, with what it becomes before a small ya, yu, yo.
_BEFORE_SMALL_Y = {
    "き": "ky", "ぎ": "gy", "し": "sh", "じ": "j", "ち": "ch", "ぢ": "j", "に": "ny", "ひ": "hy", "び": "by",
    "ぴ": "py", "み": "my", "り": "ry",
}  # fmt: skip
_SMALL_Y = {"ゃ": "a", "ゅ": "u", "ょ": "o"}
# Kana before a small vowel, as loan words have it: フォ fo, ティ ti.
_BEFORE_SMALL_VOWEL = {
    "ふ": "f", "ゔ": "v", "て": "t", "で": "d", "と": "t", "ど": "d", "し": "sh", "じ": "j", "ち": "ch", "つ": "ts",
    "う": "w", "く": "kw",
}  # fmt: skip
_SMALL_VOWELS = {"ぁ": "a", "ぃ": "i", "ぅ": "u", "ぇ": "e", "ぉ": "o"}
_KATAKANA = str.maketrans({chr(point): chr(point - 0x60) for point in range(0x30A1, 0x30F7)})
_KATAKANA_RUN = re.compile("[\u30a1-\u30f6]+")
_DOUBLED = re.compile("っ([a-z])")
_AFTER_SMALL_TSU = re.compile("っ([^っ\n])")
_HAS_KANA = re.compile("[\u3041-\u3096\u30a1-\u30fa]")
_HAS_GREEK = re.compile("[\u0370-\u03ff\u1f00-\u1fff]")
_TOPIC = re.compile("(?<=[\u3041-\u3096\u30a1-\u30fa\u4e00-\u9fff])は")
"""Behind another letter は is mostly the particle, said wa; only a dictionary knows where it isn't."""
_HAN = re.compile("([\u3400-\u4dbf\u4e00-\u9fff])")
_LONG_VOWEL = re.compile("([ou])[ou]")


def _listed(letters: str) -> list[str]:
    return letters.split(",")


# Revised Romanization of Korean (2000), without assimilation between syllables.
_LEADING = _listed("g,kk,n,d,tt,r,m,b,pp,s,ss,,j,jj,ch,k,t,p,h")
_VOWELS = _listed("a,ae,ya,yae,eo,e,yeo,ye,o,wa,wae,oe,yo,u,wo,we,wi,yu,eu,ui,i")
_TRAILING = _listed(",k,k,k,n,n,n,t,l,k,m,l,l,l,p,l,m,p,p,t,t,ng,t,t,k,t,p,")
_FIRST_SYLLABLE, _LAST_SYLLABLE = 0xAC00, 0xD7A3

_READ_OTHERWISE = {"ー": "", "ё": "yo", "っ": "", "々": ""}
"""Where anyascii has something else: a long vowel isn't a hyphen (ゲーム is gemu), and ё isn't only e."""

_SOUNDS = (
    ("shch", "sh"), ("tsch", "ch"), ("sch", "sh"), ("kh", "h"), ("tz", "ts"), ("ch", "\x01"), ("c", "k"),
    ("\x01", "ch"), ("q", "k"), ("x", "ks"), ("w", "v"), ("ph", "f"), ("th", "t"), ("dh", "d"),
    ("gh", "g"), ("ou", "u"), ("oo", "u"), ("ee", "i"), ("j", "i"), ("y", "i"), ("ei", "i"), ("ii", "i"), ("ii", "i"),
    ("\nie", "\ne"),
)  # fmt: skip
"""What is written in several ways, with what stands for all of them; in this order."""
_TWICE = re.compile(r"([a-z])\1+")
_UNMARKED = re.compile(r"(?<!\S)(?=[a-z1-9])")
_NO_LETTER = re.compile(r"[^a-z0-9\s]+")

SOUND_MARK = "0"
"""Put before each word of a `sound`, so that it meets other sounds only: `kat` the sound isn't K.A.T. the name."""


def _kana() -> dict[str, str]:
    pairs = {
        kana + small: start + vowel for kana, start in _BEFORE_SMALL_Y.items() for small, vowel in _SMALL_Y.items()
    }
    vowels = _SMALL_VOWELS.items()
    pairs |= {kana + small: start + vowel for kana, start in _BEFORE_SMALL_VOWEL.items() for small, vowel in vowels}
    return pairs


_PAIRS_OF_KANA = _kana()
_PAIR_OF_KANA = re.compile("[{}][{}]".format(*("".join(sorted({*kana})) for kana in zip(*_PAIRS_OF_KANA, strict=True))))


class _Anyascii(dict[int, str]):
    """A character's Latin letters, asked for once."""

    def __missing__(self, character: int) -> str:
        self[character] = _syllable(character) or anyascii(chr(character)).replace("\n", " ")
        return self[character]


def _syllable(character: int) -> str:
    if not _FIRST_SYLLABLE <= character <= _LAST_SYLLABLE:
        return ""
    number = character - _FIRST_SYLLABLE
    return _LEADING[number // 588] + _VOWELS[number // 28 % 21] + _TRAILING[number % 28]


_ANYASCII = _Anyascii({ord("\n"): "\n"} | {ord(letter): read for letter, read in _READ_OTHERWISE.items()})


def latin(names: str) -> str:
    r"""Return names in NFKC, a line each, in lower-case Latin letters.

    >>> latin("Кино\n방탄소년단\nきゃりー\nΟι μάγισσες του νότου").split("\n")
    ['kino', 'bangtansonyeondan', 'kyari', 'oi magisses tou notou']
    """
    text = _kana_read(_replaced(names.lower(), _GREEK, _HAS_GREEK))
    return text.translate(_ANYASCII).lower()


def latin_otherwise(names: str) -> str:
    r"""Return the other usual reading, a line each: Han syllable by syllable, long vowels short, は wa, を wo, χ as h.

    >>> latin_otherwise("朋友\nとうきょう\nかぜをあつめて\nχαρις").split("\n")
    ['peng you', 'tokyo', 'kazewoatsumete', 'haris']
    """
    text = _TOPIC.sub("wa", _replaced(names.lower(), _GREEK_OTHERWISE, _HAS_GREEK)).replace("を", "wo")
    read = _HAN.sub(r" \1 ", _kana_read(text)).translate(_ANYASCII).lower()
    if _HAS_KANA.search(text):
        # Name by name: what becomes of one must not depend on those beside it.
        both = zip(text.split("\n"), read.split("\n"), strict=True)
        read = "\n".join(_LONG_VOWEL.sub(r"\1", now) if _HAS_KANA.search(name) else now for name, now in both)
    return re.sub("  +", " ", read.replace(" \n", "\n").replace("\n ", "\n")).strip(" ")


def sounds(names: str) -> str:
    r"""Return what Latin spellings sound like, a line each, every word marked; the same for its own result.

    >>> sounds("viktor tsoi\nviktor coj\nviktor tsoy").split("\n")
    ['0viktor 0tsoi', '0viktor 0koi', '0viktor 0tsoi']
    """
    # Each word once, as names have most of their words in common; a line's end is a word of its own.
    written = _NO_LETTER.sub("", names.lower()).replace("\n", " \n ").split(" ")
    words = list({*written} - {"\n"})
    sounding = dict(zip(words, _sounds("\n".join(words)).split("\n"), strict=True)) | {"\n": "\n"}
    return " ".join(map(sounding.__getitem__, written)).replace(" \n ", "\n")


def _sounds(words: str) -> str:
    text, before = f"\n{words}", ""
    while text != before:
        before = text
        for written, read in _SOUNDS:
            text = text.replace(written, read)
        text = _TWICE.sub(r"\1", text)
    return _UNMARKED.sub(SOUND_MARK, text[1:])


def _replaced(text: str, table: Table, test: "re.Pattern[str]") -> str:
    if not test.search(text):
        return text
    for written, read in table.items():
        text = text.replace(written, read)
    return text


def _kana_read(text: str) -> str:
    if not _HAS_KANA.search(text):
        return text
    text = _KATAKANA_RUN.sub(lambda match: match[0].translate(_KATAKANA), text)
    text = _PAIR_OF_KANA.sub(lambda match: _PAIRS_OF_KANA.get(match[0], match[0]), text)
    # A small tsu doubles the consonant behind it: its kana has to be read before.
    if "っ" in text:
        text = _DOUBLED.sub(r"\1\1", _AFTER_SMALL_TSU.sub(lambda match: "っ" + _ANYASCII[ord(match[1])], text))
    return text
