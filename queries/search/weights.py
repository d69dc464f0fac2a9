"""What a match is worth: a table of steps, no statistics.

A score must not depend on what else is in the index. Then the same track scores the same in every data set, however
large; and a cursor that carries a score stays right while documents come and go, so that no point in time has to stay
open. So each word counts its field's weight, less a little for each further word in that field
(`mappings.analysis.similarity`); whole names are constants that no sum of words reaches.

All weights are multiples of 1/16, lengths take off 1/128ths. The order of the steps is what
matters; the tests hold it:

    exact > artist and title > whole name spelled otherwise > (fuzzy stage: all words strictly)
    > words: as written, artist, title, album > other spelling > closed up, by sound > stem > one slip > two slips
"""

from collections.abc import Mapping

from mappings.track import ALBUM, ARTISTS, CONTRIBUTORS, TITLE

WHOLE = 512.0
"""The text is a whole name, in one of its spellings. Words reach 480 at most (24 words in the fuzzy stage)."""

PAIR = 768.0
"""The text is an artist and a title, or the reverse, in some spelling."""

EXACT_ARTIST, EXACT_TITLE = 640.0, 576.0
"""On top of `WHOLE`: the text is written as an artist's name or title is."""

WRITTEN: Mapping[str, float] = {ARTISTS: 2.0, TITLE: 1.75, CONTRIBUTORS: 1.625, ALBUM: 1.5}
"""A word as written (folded). The least, in a field of 32 words: 1.5 x 0.75 = 1.125."""

TWICE = 1 / 256
"""Share of what a word counts in each further field that has it, less than a further word takes off. Soundtrack 4 Life
asked with URBAN WARRIOR 4 has the 4 in both names, with URBAN WARRIOR 6 in one."""

ACCENTS = 0.0625
"""Bonus for each accented word that has these accents in the name too: Rós over Ros."""

AS_TYPED, CLOSED_UP, STEMMED, ONE_SLIP, TWO_SLIPS = 16.0, 6.0, 5.0, 4.0, 2.0
"""In the fuzzy stage, how a word matches: strictly, closed up with another or by its sound, by its stem, with slips."""

MISSPELT_NAME = 4.5
"""In the fuzzy stage, where no words match better: the text is a whole name but for one letter and for blanks."""


def weighted(table: Mapping[str, float]) -> list[str]:
    """Return field names with boosts, as Elasticsearch writes them.

    >>> weighted(WRITTEN)
    ['artists^2.0', 'title^1.75', 'contributors^1.625', 'album^1.5']
    """
    return [f"{name}^{weight}" for name, weight in table.items()]
