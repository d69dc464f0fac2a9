"""The shapes of the answers, for the OpenAPI document: nothing is checked by them while serving, but a test does.

What an answer's `as_json` passes on as it is stands here as it is; a track's fields come from the field table.
"""

from linernotes.web.api.models.datasets import DataSets, OneDataSet
from linernotes.web.api.models.people import Artists, Suggestions
from linernotes.web.api.models.shape import Alive, Count, Percent, Problem, Shape
from linernotes.web.api.models.sums import Overlap, Stats
from linernotes.web.api.models.tracks import OneTrack, Search, Track, Values

__all__ = [
    "Alive",
    "Artists",
    "Count",
    "DataSets",
    "OneDataSet",
    "OneTrack",
    "Overlap",
    "Percent",
    "Problem",
    "Search",
    "Shape",
    "Stats",
    "Suggestions",
    "Track",
    "Values",
]
