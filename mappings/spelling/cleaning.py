"""Cleans text as published: entities, markup, mojibake, invisible characters, blanks.

One cleaning serves the indexer (which applies it to columns, `indexer.normalise.text`), searches and catalogues. A
clean text is in NFC, has one blank between words, and cleaning it again changes nothing.
"""

import html
import re
import unicodedata
from collections.abc import Iterator

from mappings.spelling import mojibake

INVISIBLE = (
    "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2061\u2062\u2063\u2064"
    "\u2066\u2067\u2068\u2069\ufeff\ufff9\ufffa\ufffb"
)
"""Soft hyphen, zero-width space, direction marks, word joiner, byte order mark, annotation marks.

The zero-width joiner and non-joiner stay: Persian and emoji are written with them.
"""

ENTITY = r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});"
"""An HTML entity, for Polars and Python alike."""

MARKUP = r"</[A-Za-z][A-Za-z0-9]*>|<[bB][rR]\s*/?>|<[pP](?:\s[^<>]*)?>"
"""What only markup has: an end tag, a line break, a paragraph. `<3`, `<i>` alone and `<Unknown>` are text."""

BLANK = "\\s\x00-\x1f\x7f-\x9f"
"""White space and control characters, as the inside of a character class."""

_ENTITY = re.compile(ENTITY)
_NESTED_AMPERSAND = re.compile(r"&(?:(?:amp|AMP|#0*38|#[xX]0*26);)+")
_MARKUP = re.compile(MARKUP)
_TAG = re.compile(
    r"</?(?:a|b|big|blockquote|br|center|div|em|font|h[1-6]|i|img|li|ol|p|s|small|span|strong|sub|sup|tt|u|ul)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
_BLOCK_TAG = re.compile(r"<(?:br|p|div|li|h[1-6])\b", re.IGNORECASE)
_BLANKS = re.compile(f"[{BLANK}]+")
_WITHOUT_INVISIBLE = dict.fromkeys(map(ord, INVISIBLE))

MAX_LAYERS = 20
"""Layers of nested entities, tags or mojibake that are peeled off, so that a hostile text costs linear time."""


def clean(text: str) -> str:
    r"""Return the text as it is shown; empty if nothing is left.

    Repeats until nothing changes, since entities, tags and mojibake may be nested, but `MAX_LAYERS` times at most.

    >>> clean("  Rock &amp;amp;\tRoll\x00 "), clean("BeyoncÃ©"), clean("Angus &amp; &QUOT;Friends&quot;")
    ('Rock & Roll', 'Beyoncé', 'Angus & "Friends"')
    """
    if is_clean_ascii(text):
        return text
    for _ in range(MAX_LAYERS):
        before, text = text, _clean_once(text)
        if text == before:
            break
    return text


def is_clean_ascii(text: str) -> bool:
    """Tell quickly that a text is clean: printable ASCII, single blanks inside, nothing that begins entity or tag.

    >>> is_clean_ascii("Pink Moon"), is_clean_ascii("Pink  Moon"), is_clean_ascii("R&B")
    (True, False, False)
    """
    return (
        text.isascii()
        and text.isprintable()
        and "&" not in text
        and "<" not in text
        and "  " not in text
        and text == text.strip(" ")
    )


def _clean_once(text: str) -> str:
    resolved = _without_markup(_resolve_entities(_compose(text)))
    visible = _BLANKS.sub(" ", resolved.translate(_WITHOUT_INVISIBLE)).strip(" ")
    return unicodedata.normalize("NFC", visible.encode("utf-8", "replace").decode())


def _compose(text: str) -> str:
    # Before invisible characters and blanks are removed: some of them are half of a broken letter.
    return unicodedata.normalize("NFC", mojibake.repair(text))


def _resolve_entities(text: str) -> str:
    if "&" not in text:
        return text
    return _ENTITY.sub(lambda match: html.unescape(match[0]), _NESTED_AMPERSAND.sub("&amp;", text))


def _without_markup(text: str) -> str:
    return _TAG.sub(" " if _BLOCK_TAG.search(text) else "", text) if _MARKUP.search(text) else text


def reasons(text: str) -> list[str]:
    """Return the rules that change a text which `clean` changes; used to count changes by rule.

    >>> reasons("Rock &amp; BeyoncÃ©"), reasons(" Rock")
    (['text: entities resolved', 'text: mojibake repaired'], ['text: blanks and characters cleaned'])
    """
    return list(_reasons(text)) or [OTHER_REASON]


OTHER_REASON = "text: blanks and characters cleaned"


def _reasons(text: str) -> Iterator[str]:
    if _ENTITY.search(text):
        yield "text: entities resolved"
    if _MARKUP.search(html.unescape(text)):
        yield "text: markup removed"
    if mojibake.repair(text) != text:
        yield "text: mojibake repaired"


def not_composed() -> str:
    """Return a regular expression class of the characters that NFC may change: text without them is in NFC."""
    planes = (*range(0x00A0, 0xD800), *range(0xF900, 0x30000))
    changed = [point for point in planes if not unicodedata.is_normalized("NFC", chr(point))]
    ranges = [f"{chr(first)}-{chr(last)}" for first, last in _runs(changed)]
    jamo = "\u1161-\u1175\u11a8-\u11c2"
    return rf"[\p{{M}}{jamo}{''.join(ranges)}]"


def _runs(points: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for point in points:
        if runs and runs[-1][1] == point - 1:
            runs[-1] = (runs[-1][0], point)
        else:
            runs.append((point, point))
    return runs
