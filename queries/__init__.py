"""What is asked, and what comes back?

import queries
from elasticsearch import Elasticsearch

searcher = queries.Searcher(Elasticsearch("http://127.0.0.1:9200"), "linernotes")
answer = searcher.search(queries.request("sigur ros", facet_names=["dataset"]))
print(answer.total.value, [(hit.match, hit.track["title"]) for hit in answer.hits])
"""

from queries.answer import Bucket, FacetCount, Hit, SearchAnswer, Total
from queries.client import Searcher
from queries.facets import TABLE as FACETS
from queries.facets import USUAL as USUAL_FACETS
from queries.guesses import Guess
from queries.labels import Match
from queries.loaded import Loaded
from queries.matching import Stage
from queries.overlap import Overlap
from queries.people.asking import ArtistRequest
from queries.people.asking import request as artist_request
from queries.people.page import ArtistAnswer
from queries.people.suggesting import Suggestions, SuggestRequest
from queries.people.suggesting import request as suggest_request
from queries.request import SearchRequest, Sort, request
from queries.stats import Stats
from queries.values import By, FacetValues, ValuesRequest, values_request

__all__ = [
    "FACETS",
    "USUAL_FACETS",
    "ArtistAnswer",
    "ArtistRequest",
    "Bucket",
    "By",
    "FacetCount",
    "FacetValues",
    "Guess",
    "Hit",
    "Loaded",
    "Match",
    "Overlap",
    "SearchAnswer",
    "SearchRequest",
    "Searcher",
    "Sort",
    "Stage",
    "Stats",
    "SuggestRequest",
    "Suggestions",
    "Total",
    "ValuesRequest",
    "artist_request",
    "request",
    "suggest_request",
    "values_request",
]
