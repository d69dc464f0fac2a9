"""What is asked, and what comes back?"""

from queries.answer import Bucket, FacetCount, Hit, SearchAnswer, Total
from queries.client import Searcher
from queries.facets import TABLE as FACETS
from queries.facets import USUAL as USUAL_FACETS
from queries.labels import Match
from queries.loaded import Loaded
from queries.matching import Stage
from queries.request import SearchRequest, Sort, request

__all__ = [
    "FACETS",
    "USUAL_FACETS",
    "Bucket",
    "FacetCount",
    "Hit",
    "Loaded",
    "Match",
    "SearchAnswer",
    "SearchRequest",
    "Searcher",
    "Sort",
    "Stage",
    "Total",
    "request",
]
