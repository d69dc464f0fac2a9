"""What tidying changed, counted by rule: only the texts that changed are looked at one by one."""

from collections import Counter
from collections.abc import Iterable

import polars as pl

from mappings.spelling.cleaning import OTHER_REASON, clean, reasons


def of_texts(before: pl.DataFrame, after: pl.DataFrame, columns: Iterable[str]) -> dict[str, int]:
    """Return how many texts each rule changed, of columns of texts or of lists of texts.

    A blank text is none, so it doesn't count; neither does a name that a list had twice.
    """
    counted: Counter[str] = Counter()
    for name in columns:
        if name in before.columns:
            lists = isinstance(before[name].dtype, pl.List)
            counted.update((_of_lists if lists else _of_strings)(before[name], after[name]))
    return dict(counted)


def _of_strings(before: pl.Series, after: pl.Series) -> Counter[str]:
    differ = before.ne_missing(after)
    if not differ.any():
        return Counter()
    written, left = before.filter(differ), after.filter(differ)
    trimmed = written.str.strip_chars()
    only_blanks = trimmed.eq_missing(left)  # the usual case, which needs no look at each
    looked_at = written.filter(~only_blanks & (trimmed != ""))
    counted = Counter(rule for text in looked_at for rule in reasons(text))
    counted[OTHER_REASON] += int(only_blanks.sum())
    return +counted


def _of_lists(before: pl.Series, after: pl.Series) -> Counter[str]:
    # Lists are compared by their members, laid end to end: ten times cheaper than list by list.
    shorter = before.list.len().fill_null(0) != after.list.len().fill_null(0)
    if not shorter.any():
        return _of_strings(_members(before), _members(after))
    written = _members(before.filter(shorter))
    left = pl.Series([clean(text) or None if text else None for text in written], dtype=pl.String)
    return _of_strings(written, left) + _of_strings(_members(before.filter(~shorter)), _members(after.filter(~shorter)))


def _members(lists: pl.Series) -> pl.Series:
    return lists.explode(empty_as_null=True)
