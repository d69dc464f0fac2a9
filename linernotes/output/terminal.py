"""Text from anywhere, made fit for a terminal; and the console that all reports are printed on."""

import sys
import unicodedata
from urllib.parse import urlsplit

from rich.console import Console, RenderableType
from rich.text import Text

LINE_EVERY_S = 15.0
"""Seconds from one line of progress to the next, where there is no terminal for a bar."""

_CONTROL_PICTURES = 0x2400
_REPLACEMENT = "\ufffd"


def console(width: int | None = None) -> Console:
    """Return the console for standard output: no markup, nothing coloured but by us, and no letter it can't print."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")
    return Console(markup=False, highlight=False, emoji=False, width=width)


def show(part: RenderableType, on: Console) -> None:
    """Print a line or table; a line is broken for people only: a program that reads it finds it whole."""
    on.print(part, soft_wrap=isinstance(part, Text) and not on.is_terminal)


def visible(text: object) -> str:
    r"""Return a text on one line, its control characters shown instead of obeyed.

    Escape sequences, line feeds and direction marks in a title could otherwise rewrite the screen.

    >>> visible("\x1b[31mred\n[bold]")
    '␛[31mred␊[bold]'
    """
    return "".join(map(_visible, str(text)))


def _visible(character: str) -> str:
    if character < " ":
        return chr(_CONTROL_PICTURES + ord(character))
    category = unicodedata.category(character)
    if category in ("Cc", "Cs", "Co", "Cn", "Zl", "Zp") or unicodedata.bidirectional(character) in _DIRECTING:
        return _REPLACEMENT
    return character


def web_address(url: object) -> str | None:
    """Return an address that may be clicked: of the web, and nothing else.

    >>> web_address("https://example.org/"), web_address("javascript:alert(1)"), web_address("https://")
    ('https://example.org/', None, None)
    """
    if not isinstance(url, str) or not url.startswith(("https://", "http://")):
        return None
    try:
        return url if urlsplit(url).hostname else None
    except ValueError:
        return None


_DIRECTING = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
