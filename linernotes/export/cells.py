"""Cells of a CSV that no spreadsheet takes for a formula.

Numbers and flags have columns of their own and stay as they are. In a text, a sign that begins a formula gets an
apostrophe before it: at the beginning, behind blanks and quotes, and behind what may begin a new cell where the comma
doesn't separate (a semicolon in half of Europe, a tab). So also for each entry of a list.

Source: OWASP, CSV Injection, https://owasp.org/www-community/attacks/CSV_Injection
"""

import polars as pl

BETWEEN = "; "
"""What stands between the entries of a list."""

_SIGNS = "=+\\-@＝＋－＠"
_BLANK = "\\s\"'\\x00-\\x1f\\x7f\u200b\u200e\u200f\u2060\ufeff"
_FORMULA = f"(^|[;\\t\\r\\n])([{_BLANK}]*)([{_SIGNS}])"
_BREAK = "^([\\t\\r\\n\\x00])"


def safe(frame: pl.DataFrame) -> pl.DataFrame:
    r"""Return a frame of the same columns that holds neither lists nor formulas.

    >>> safe(pl.DataFrame({"title": ["=1+1", ' "-2', "AC/DC"], "plays": [-1, 2, 3]})).rows()
    [("'=1+1", -1), (' "\'-2', 2), ('AC/DC', 3)]
    >>> safe(pl.DataFrame({"artists": [["a", "@b"], []]}))["artists"].to_list()
    ["a; '@b", None]
    """
    return frame.select(_flat(name, dtype) for name, dtype in frame.schema.items()).with_columns(
        pl.col(pl.String).str.replace_all(_FORMULA, "${1}${2}'${3}").str.replace(_BREAK, "'${1}")
    )


def _flat(name: str, dtype: pl.DataType) -> pl.Expr:
    if not isinstance(dtype, pl.List):
        return pl.col(name)
    return pl.when(pl.col(name).list.len() > 0).then(pl.col(name).list.join(BETWEEN))
