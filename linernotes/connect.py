"""The connection to Elasticsearch: the address in the settings, else the local node."""

from typing import Any

from elasticsearch import Elasticsearch

from indexer.answers import LeanSerializer
from linernotes.node import service
from linernotes.settings import Settings
from mappings.problems import InputProblem, UnreachableProblem

CONNECTIONS = 16
TIMEOUT_S = 60.0


def address(settings: Settings) -> str:
    """Return the address of Elasticsearch; raises UnreachableProblem when none is set and no local node runs."""
    found = settings.url or service.url_of(settings.home)
    if found is None:
        raise UnreachableProblem(
            "No Elasticsearch: the local node is not running, and LINERNOTES_URL is not set.",
            "Start it with: linernotes node start",
        )
    return found


def connect(settings: Settings) -> Elasticsearch:
    """Return a client that speaks orjson and leaves retries to those who know what may be sent twice."""
    try:
        return Elasticsearch(
            address(settings),
            **_credentials(settings),
            serializer=LeanSerializer(),
            connections_per_node=CONNECTIONS,
            request_timeout=TIMEOUT_S,
            max_retries=0,
        )
    except ValueError as error:
        raise InputProblem(f"LINERNOTES_URL can't be used: {error}.", "Write it like http://127.0.0.1:9200") from error


def _credentials(settings: Settings) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if settings.api_key:
        options["api_key"] = settings.api_key
    elif settings.username:
        options["basic_auth"] = (settings.username, settings.password or "")
    if settings.ca_certs:
        options["ca_certs"] = str(settings.ca_certs)
    return options
