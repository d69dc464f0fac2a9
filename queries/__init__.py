"""Searches: checked requests, sent to Elasticsearch, and typed results.

import queries
from elasticsearch import Elasticsearch

searcher = queries.Searcher(Elasticsearch("http://127.0.0.1:9200"), "linernotes")
result = searcher.search(queries.request("sigur ros", facet_names=["dataset"]))
print(result.total.value, [(hit.match, hit.track["title"]) for hit in result.hits])
"""

from queries.analysis.facet_values import By, FacetValues, ValuesRequest, values_request
from queries.analysis.overlap import Overlap
from queries.analysis.stats import Stats
from queries.artists.artist_profile import ArtistResult
from queries.artists.name_input import ArtistRequest, artist_request
from queries.artists.suggest import Suggestions, SuggestRequest, suggest_request
from queries.client import Searcher
from queries.facets.table import DEFAULT_FACETS, FACETS
from queries.model import Bucket, FacetCount, Hit, Match, SearchResult, Sort, SpellingSuggestion, Stage, Total
from queries.search.search_request import SearchRequest, request
from queries.search.tracks import Loaded

__all__ = [
    "DEFAULT_FACETS",
    "FACETS",
    "ArtistRequest",
    "ArtistResult",
    "Bucket",
    "By",
    "FacetCount",
    "FacetValues",
    "Hit",
    "Loaded",
    "Match",
    "Overlap",
    "SearchRequest",
    "SearchResult",
    "Searcher",
    "Sort",
    "SpellingSuggestion",
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
