"""What is asked, and what comes back?

import queries
from elasticsearch import Elasticsearch

searcher = queries.Searcher(Elasticsearch("http://127.0.0.1:9200"), "linernotes")
result = searcher.search(queries.request("sigur ros", facet_names=["dataset"]))
print(result.total.value, [(hit.match, hit.track["title"]) for hit in result.hits])
"""

from queries.client import Searcher
from queries.facets.table import DEFAULT_FACETS, FACETS
from queries.facets.values import By, FacetValues, ValuesRequest, values_request
from queries.search.request import SearchRequest, request
from queries.search.results import Hit, SearchResult, SpellingSuggestion
from queries.search.tracks import Loaded
from queries.types import Bucket, FacetCount, Match, Sort, Stage, Total

__all__ = [
    "DEFAULT_FACETS",
    "FACETS",
    "Bucket",
    "By",
    "FacetCount",
    "FacetValues",
    "Hit",
    "Loaded",
    "Match",
    "SearchRequest",
    "SearchResult",
    "Searcher",
    "Sort",
    "SpellingSuggestion",
    "Stage",
    "Total",
    "ValuesRequest",
    "request",
    "values_request",
]
