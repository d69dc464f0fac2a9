"""Lists that were written as Python literals: `['philly', "d'n'b"]`, `[76, 103]`, `[]`."""

import ast

_MOST_CHARACTERS = 100_000


def members(literal: str) -> list[str]:
    r"""Return the members of a written list as strings, without None; [] where it is no list.

    Read as Python reads it, not by swapping quotation marks: both kinds occur in one list.

    >>> members("['it\\'s', None, 7]") + members('["d\'n\'b", "x"]')
    ["it's", '7', "d'n'b", 'x']
    """
    return [str(member) for member in _parsed(literal) or () if isinstance(member, str | int | float)]


def readable(literal: str) -> bool:
    """Tell whether a text is a list, or blank."""
    return not literal.strip() or _parsed(literal) is not None


def _parsed(literal: str) -> list[object] | None:
    text = literal.strip()
    if text == "[]":
        return []
    if not text.startswith("[") or len(text) > _MOST_CHARACTERS:
        return None
    try:
        found = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, list) else None
