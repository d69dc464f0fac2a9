"""How well the recording key tells recordings apart: precision and recall of "same" on labelled pairs.

    python -m benchmarks.recording [--wrong]

The pairs (`tests/normalise/recording_pairs.tsv`) are of real titles and artists, spelt as the four data sets write
them; the held-out half was fixed before the rules were tuned on the other.
"""

import argparse
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from indexer.normalise.recording_key import recording_key

PAIRS = Path(__file__).parents[1] / "tests" / "normalise" / "recording_pairs.tsv"
TUNING, HELD_OUT = "tuning", "held-out"


@dataclass(frozen=True)
class Score:
    """Pairs by label and verdict; `missed` are same but have two keys, `mixed` are different but share one."""

    met: int
    missed: int
    mixed: int
    apart: int

    @property
    def precision(self) -> float:
        """Return which part of the pairs that share a key is the same recording."""
        return self.met / (self.met + self.mixed)

    @property
    def recall(self) -> float:
        """Return which part of the same recordings shares a key."""
        return self.met / (self.met + self.missed)


def judged() -> pl.DataFrame:
    """Return the pairs with their keys, and whether these say that both are the same recording."""
    pairs = pl.read_csv(PAIRS, separator="\t", quote_char=None)
    keyed = pairs.with_columns(
        recording_key(pl.col(f"artist_{side}"), pl.col(f"title_{side}")).alias(f"key_{side}") for side in "12"
    )
    # Two tracks without a key are two recordings.
    return keyed.with_columns(found=(pl.col("key_1") == pl.col("key_2")).fill_null(value=False))


def score(pairs: pl.DataFrame) -> Score:
    """Return the score of judged pairs."""
    same, found = pl.col("label") == "same", pl.col("found")
    counts = (same & found, same & ~found, ~same & found, ~same & ~found)
    return Score(*(int(pairs.select(which.sum()).item()) for which in counts))


def main() -> None:
    """Print the score of each half, and what was judged wrongly."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--wrong", action="store_true", help="also print the pairs that are judged wrongly")
    asked, pairs = parser.parse_args(), judged()
    for part in (TUNING, HELD_OUT):
        of = score(pairs.filter(pl.col("part") == part))
        print(f"{part}: precision {of.precision:.3f}, recall {of.recall:.3f}, {of}")
    if asked.wrong:
        wrong = pairs.filter((pl.col("label") == "same") != pl.col("found"))
        for row in wrong.iter_rows(named=True):
            print("\t".join(str(row[name]) for name in ("part", "label", "key_1", "key_2", "why")))


if __name__ == "__main__":
    main()
