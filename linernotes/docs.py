"""Tables in the READMEs that are made from the code: `python -m linernotes.docs` writes them, a test compares them."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from mappings.fields import FIELDS, Field

PROJECT = Path(__file__).parents[1]


def fields() -> str:
    """Return the field table as Markdown."""
    lines = ["| field | Elasticsearch | facet | meaning |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_line(entry) for entry in FIELDS)])


def _line(entry: Field) -> str:
    kind = entry.mapping.get("type", "one text per language")
    meaning = f"{entry.meaning} (search only)" if entry.search_only else entry.meaning
    return f"| `{entry.name}` | {kind} | {entry.facet or ''} | {meaning} |"


TABLES: Mapping[str, tuple[str, Callable[[], str]]] = {"fields": ("mappings/README.md", fields)}
"""Marker to the file that holds it and what makes its content."""


def filled(text: str, marker: str, content: str) -> str:
    r"""Return a text with what stands between a marker's two comments replaced.

    >>> filled("<!-- x -->old<!-- /x -->", "x", "new")
    '<!-- x -->\nnew\n<!-- /x -->'
    """
    pattern = rf"<!-- {marker} -->.*?<!-- /{marker} -->"
    return re.sub(
        pattern, lambda _: f"<!-- {marker} -->\n{content}\n<!-- /{marker} -->", text, count=1, flags=re.DOTALL
    )


def main() -> None:
    """Write all tables."""
    for marker, (name, make) in TABLES.items():
        path = PROJECT / name
        path.write_text(filled(path.read_text(), marker, make()))


if __name__ == "__main__":
    main()
