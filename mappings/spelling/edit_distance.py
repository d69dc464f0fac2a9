"""How many letters two names are apart, as far as that may be a slip of the pen and not another name."""

import re

_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivx]+")

MAX_SLIPS = 3
"""Slips in a whole name at most: one in each of several words."""

_LONGEST = 40
"""Letters of a word that is compared letter by letter."""

_OTHERS_OF_SHORT_WORD = 5
"""Letters that are right in the other words of a name one of whose words of three letters has a slip."""

_SHORTEST_CLOSED, _LONG_CLOSED = 6, 12
"""Letters from which two names with other blanks may differ by a slip, and by two."""


def count_slips(one: str, other: str) -> int | None:
    """Return the slips between two folded names, 0 for none, None where it is no slip but another name.

    Word by word: none in words of up to two letters, one from four (from three beside other words that are right), two
    from seven. Numbers, Roman ones and those in a word too, have to be equal: Part II is not Part III, Blink182 not
    Blink183. Where blanks are set otherwise, the names closed up are compared.

    >>> count_slips("freeway song", "freway song"), count_slips("symphony 5", "symphony 6"), count_slips("me", "we")
    (1, None, None)
    >>> count_slips("rolling stines", "rollin gstones"), count_slips("the boy is mine", "the bay is mine")
    (1, 1)
    """
    first, second = one.split(), other.split()
    if _numbers(first) != _numbers(second):
        return None
    if len(first) != len(second):
        return _closed(one, other)
    total = 0
    for mine, theirs in zip(first, second, strict=True):
        if mine != theirs:
            others = sum(len(word) for word, their in zip(first, second, strict=True) if word == their)
            apart = _slips_of_word(mine, theirs, others)
            if apart is None:
                return _closed(one, other)
            total += apart
    return total if total <= MAX_SLIPS else None


def _numbers(words: list[str]) -> tuple[list[str], list[str]]:
    """Return the digits and the Roman numerals of a name."""
    return [number for word in words for number in _DIGITS.findall(word)], [w for w in words if _ROMAN.fullmatch(w)]


def _slips_of_word(one: str, other: str, others: int) -> int | None:
    shorter, longer = sorted((len(one), len(other)))
    most = 2 if shorter >= 7 else 1 if shorter >= 3 and (longer >= 4 or others >= _OTHERS_OF_SHORT_WORD) else 0
    slips = distance(one, other, most)
    return slips if slips <= most else None


def _closed(one: str, other: str) -> int | None:
    first, second = one.replace(" ", ""), other.replace(" ", "")
    shorter = min(len(first), len(second))
    most = 2 if shorter >= _LONG_CLOSED else 1 if shorter >= _SHORTEST_CLOSED else 0
    slips = distance(first, second, most)
    return max(slips, 1) if most and slips <= most else None


def distance(one: str, other: str, most: int) -> int:
    """Return insertions, deletions, replacements and swaps of neighbours; any number above `most` means more.

    >>> distance("metalica", "metallica", 2), distance("tow", "two", 1), distance("abc", "xyz", 1) > 1
    (1, 1, True)
    """
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    end = 0
    while end < min(len(one), len(other)) - start and one[-1 - end] == other[-1 - end]:
        end += 1
    one, other = one[start : len(one) - end], other[start : len(other) - end]
    if abs(len(one) - len(other)) > most or len(one) > _LONGEST:
        return most + 1
    return _table(one, other)


def _table(one: str, other: str) -> int:
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, letter in enumerate(one, 1):
        last, row, earlier = row, [i], before
        for j, against in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (letter != against))
            if i > 1 and j > 1 and letter == other[j - 2] and one[i - 2] == against:
                cost = min(cost, earlier[j - 2] + 1)
            row.append(cost)
        before = last
    return row[-1]
