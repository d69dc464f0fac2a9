"""A catalogue to check: rows that are there, one that isn't, one that can't be read, and hostile ones."""

import csv
from pathlib import Path

from tests.browser.hostile import NAMES, WORD

THERE = (("AWOL", "Food"), ("Kurt Vile", "Freeway"))
ABSENT = ("Nobody At All Qqzz", "Xyzzy Plugh Frobozz")
HOSTILE = tuple((f"{WORD} {kind}", NAMES[kind]) for kind in ("markup", "script", "formula", "override"))


def write(folder: Path, more: int = 0) -> Path:
    """Write the catalogue, with more rows of nobody's; returns its file, whose name is hostile too."""
    path = folder / "<img src=x onerror=alert(1)> catalogue.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        writer.writerow(["artist", "title"])
        writer.writerows([*THERE, ABSENT, ("", ""), *HOSTILE])
        writer.writerows((f"Nobody {number}", f"Nothing {number}") for number in range(more))
    return path


ROWS = len(THERE) + 2 + len(HOSTILE)
