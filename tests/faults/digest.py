"""A digest over all ids, fingerprints and source rows of an index: equal when the indices are, document by document."""

import hashlib

from elasticsearch import Elasticsearch
from elasticsearch.helpers import scan


def digest(client: Elasticsearch, index: str) -> str:
    """Return the SHA-256 over all documents of an index, in the order of their ids."""
    client.indices.refresh(index=index)
    query = {"query": {"match_all": {}}, "_source": ["fingerprint", "source_file", "source_row"]}
    hits = scan(client, index=index, query=query, size=5_000)
    lines = sorted(f"{hit['_id']} {sorted(hit['_source'].items())}" for hit in hits)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
