"""How many letters two names are apart, as far as that may be a slip."""

import re

_DIGITS = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivx]+")

MOST = 2
"""Slips in a whole name at most."""

_LONGEST = 40
"""Letters of a word that is compared letter by letter."""


def slips(one: str, other: str) -> int | None:
    """Return the slips between two folded names, 0 for none, None where it is no slip but another name.

    Word by word: none in words of up to three letters, one from four, two from eight. Numbers, Roman ones and those in
    a word too, have to be equal: Part II is not Part III, Blink182 not Blink183.

    >>> slips("freeway song", "freway song"), slips("symphony 5", "symphony 6"), slips("love me", "love we")
    (1, None, None)
    """
    first, second = one.split(), other.split()
    if len(first) != len(second):
        return None
    total = 0
    for mine, theirs in zip(first, second, strict=True):
        if mine != theirs:
            apart = _apart(mine, theirs)
            if apart is None:
                return None
            total += apart
    return total if total <= MOST else None


def _apart(one: str, other: str) -> int | None:
    if _ROMAN.fullmatch(one) or _ROMAN.fullmatch(other) or _DIGITS.findall(one) != _DIGITS.findall(other):
        return None
    shorter = min(len(one), len(other))
    most = 0 if shorter < 3 or max(len(one), len(other)) < 4 else 1 if shorter < 7 else 2
    found = distance(one, other, most)
    return found if found <= most else None


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
