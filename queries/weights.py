"""What a matched word is worth: a table of steps, no statistics.

A score must not depend on what else is in the index. Then the same track scores the same in every data set, however
large; and a cursor that carries a score stays right while documents come and go, so that no point in time has to be
kept open. So each term counts its field's weight, less a little for each further word in that field
(`mappings.analysis.similarity`); whole-name matches are constants that no sum of words reaches.

All weights are multiples of 1/16, lengths take off 1/128ths, a further field adds 1/16: every sum of words (without
slips) is exact in 32-bit floats, whatever the order in which Lucene adds. The order of the steps is what
matters; the tests hold it:

    exact > whole name otherwise spelt > (stage fuzzy: all words strictly) > words: as written > other spelling of
    the name > other spelling of the query > stem > one letter off > two letters off
"""

from collections.abc import Mapping

from mappings import fields

EXACT_ARTIST, EXACT_BOTH, EXACT_TITLE = 1088.0, 1056.0, 1024.0
"""The query is one artist; title and artist; the title. Words reach 300 at most (150 terms of weight 2)."""

WHOLE = 512.0
"""The query is a whole name but for accents, an article, a sign, a joint or the script."""

STRICT = 256.0
"""In the fuzzy stage: every word matched without a slip."""

WRITTEN: Mapping[str, float] = {fields.ARTISTS: 2.0, fields.TITLE: 1.75, fields.CONTRIBUTORS: 1.625, fields.ALBUM: 1.5}
"""A word as written (folded). The least, in a field of 32 words: 1.5 x 0.75 = 1.125."""

SPELLED: Mapping[str, float] = {
    fields.ARTISTS_SPELLINGS: 1.0,
    fields.TITLE_SPELLINGS: 0.9375,
    fields.ALBUM_SPELLINGS: 0.875,
}
"""A word of another spelling that the index holds of the name."""

ANY: Mapping[str, float] = {**WRITTEN, **SPELLED}
"""Both."""

TWICE = 0.0625
"""Share of what a word counts in each further field that has it. Soundtrack 4 Life asked with URBAN WARRIOR 4 has the 4
in both names, with URBAN WARRIOR 6 in one; alpha jaguar's song of that name has both words twice."""

ASKED_OTHERWISE = 0.4375
"""Factor of both tables where it is the query that is spelt otherwise: 0.875 at most."""

STEMMED = 0.375
"""A title's word, by its language's stem."""

SLIPPED: Mapping[str, float] = {
    fields.ARTISTS: 0.3125,
    fields.TITLE: 0.25,
    fields.ARTISTS_SPELLINGS: 0.25,
    fields.TITLE_SPELLINGS: 0.1875,
}
"""A word with slips; Elasticsearch takes off the share of letters that are wrong."""

LINKED = 0.5
"""An article or a guest's mark that the name lacks or writes otherwise."""

SPLIT = 0.4375
"""A word that is two or three in a whole name."""

JOINED_ALL = 0.4375
"""The whole text, without its blanks, is a whole name without its."""

ACCENTS = 0.0625
"""Bonus for each accented word that has these accents in the name too: Rós over Ros."""


def weighted(table: Mapping[str, float], factor: float = 1.0) -> list[str]:
    """Return field names with boosts, as Elasticsearch writes them.

    >>> weighted(SPELLED)
    ['artists_spellings^1.0', 'title_spellings^0.9375', 'album_spellings^0.875']
    """
    return [f"{name}^{weight * factor}" for name, weight in table.items()]
