"""What commands share that change what is stored: a client that retries."""

from collections.abc import Iterator
from contextlib import contextmanager

from elasticsearch import Elasticsearch

from indexer.cluster.retry import RetryPolicy, retrying
from linernotes import settings
from linernotes.elastic import connect


@contextmanager
def connected(policy: RetryPolicy | None = None) -> Iterator[tuple[Elasticsearch, str]]:
    """Give client and prefix of the settings, once Elasticsearch has answered: else each request would wait long."""
    config = settings.from_environment()
    with connect(config) as client:
        client.info()
        yield retrying(client, policy), config.prefix
