"""Which way is cheaper: clone and apply the difference, or build afresh? Pure, and the figures are beside the rule."""

from dataclasses import dataclass

from indexer.update.difference import Difference

DIFFERENCE, AFRESH = "difference", "afresh"
WAYS = (DIFFERENCE, AFRESH)

MOST = 0.5
"""Share of the release that may be touched: of 200,000 tracks, updates of 10, 40, 80 % took 33, 60, 107 % of the time
of a load (benchmarks/README.md). Less than where both are equal, as replaced documents weigh on a clone until merged.
"""


@dataclass(frozen=True)
class Way:
    """The way that is taken, and why, as a sentence."""

    name: str
    why: str


def choose(difference: Difference, must: str = "", wanted: str = "") -> Way:
    """Return the way: `must` says why nothing but afresh is sound, `wanted` is what the user asks for.

    >>> choose(Difference(5, 10, 5, 1_000)).name, choose(Difference(500, 0, 0, 100)).name
    ('difference', 'afresh')
    """
    if must:
        return Way(AFRESH, must)
    share = difference.touched / max(1, difference.documents)
    told = f"{difference.touched:,} of {difference.documents:,} tracks are touched ({100 * share:.1f} %)"
    if wanted:
        return Way(wanted, f"asked for; {told}")
    if share > MOST:
        return Way(AFRESH, f"{told}; above {100 * MOST:g} % a clone costs more than it saves")
    return Way(DIFFERENCE, f"{told}; up to {100 * MOST:g} % a clone is cheaper")
