"""The terminal: the consoles that are printed on, and text from anywhere made harmless."""

import sys
import unicodedata
from urllib.parse import urlsplit

from rich.console import Console, RenderableType
from rich.text import Text

_CONTROL_PICTURES = 0x2400
_REPLACEMENT = "\ufffd"


def console(*, stderr: bool = False) -> Console:
    """Return the console for an output: no markup, nothing coloured but by us, and no letter it can't print."""
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    return Console(stderr=stderr, markup=False, highlight=False, emoji=False)


def show(part: RenderableType, on: Console) -> None:
    """Print a line or table. Only a terminal breaks lines: a program that reads one gets it whole."""
    on.print(part, soft_wrap=isinstance(part, str | Text) and not on.is_terminal)


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
