"""The JSON serializer of every client: orjson, and bulk answers that are counted instead of decoded."""

import ssl
from pathlib import Path
from typing import Any

from elasticsearch import Elasticsearch
from elasticsearch.serializer import OrjsonSerializer

from linernotes.node import security, status
from linernotes.security import credentials
from linernotes.security.credentials import Credentials
from linernotes.security.transport import CheckedHttpNode
from linernotes.settings import Settings
from mappings.errors import InputError, UnreachableError

_UNTROUBLED = b'{"errors":false,"items":[{"index":{"status":'


class LeanSerializer(OrjsonSerializer):
    """JSON as orjson reads it, but for the untroubled answer to a bulk request: that is counted, not decoded.

    Two dictionaries for each document cost ten times what counting in the bytes does. `indexer.answers.read` takes
    both forms.
    """

    def loads(self, data: bytes) -> Any:
        """Return the decoded answer, or the count of one in which every document is in.

        >>> LeanSerializer().loads(b'{"errors":false,"items":[{"index":{"status":201}},{"index":{"status":200}}]}')
        {'indexed': 2}
        """
        if not data.startswith(_UNTROUBLED):
            return super().loads(data)
        return {"indexed": data.count(b'"status":20')}


CONNECTIONS = 16
TIMEOUT_S = 60.0


def address(settings: Settings) -> str:
    """Return the first address of Elasticsearch; raises as `addresses` does."""
    return addresses(settings)[0]


def addresses(settings: Settings) -> list[str]:
    """Return the addresses that are set, else those of all nodes of a local cluster.

    Raises UnreachableError when none is set and no local node runs, InputError for http and https side by side.
    """
    if len({url.partition("://")[0] for url in settings.urls}) > 1:
        raise InputError("LINERNOTES_URL has both http:// and https:// addresses.", "Write all of them with https://")
    if urls := list(settings.urls) or status.urls_of(settings.home):
        return urls
    raise UnreachableError(
        "No Elasticsearch: the local node is not running, and LINERNOTES_URL is not set.",
        "Start it with: linernotes node start",
    )


def connect(settings: Settings, *, timeout_s: float = TIMEOUT_S) -> Elasticsearch:
    """Return a client that speaks orjson and leaves retries to those who know what may be sent twice.

    `timeout_s` is what Elasticsearch has for one request. Certificates are always verified. Raises UnreachableError
    where credentials would be sent in the open, InputError for a setting that can't be used.
    """
    # All nodes, so that one may go: a request that it drops is sent to the next.
    urls = addresses(settings)
    url = urls[0]
    known, authority = _entry(settings, url)
    for one in urls:
        credentials.need_safe_transport(one, known)
    _need_certificates(authority)
    try:
        return Elasticsearch(
            urls,
            **_options(url, known, authority),
            node_class=CheckedHttpNode,
            serializer=LeanSerializer(),
            connections_per_node=CONNECTIONS,
            request_timeout=timeout_s,
            max_retries=len(urls) - 1,
            retry_on_status=(),
        )
    except ValueError as error:
        raise InputError(
            f"LINERNOTES_URL can't be used: {error}.", "Write it like http://127.0.0.1:9200, several with commas."
        ) from error


def is_superuser(settings: Settings) -> bool:
    """Tell whether the local node's own password would be used: it is secured, and the settings name nobody."""
    url = address(settings)
    return not settings.urls and url.startswith("https:") and not credentials.of(settings)


def _entry(settings: Settings, url: str) -> tuple[Credentials, Path | None]:
    """Return credentials and certificate authority: of the settings, else those that lie in the local node's home."""
    known, authority = credentials.of(settings), settings.ca_certs
    if not settings.urls and url.startswith("https:"):
        own = security.of(settings.home)
        return known or Credentials(
            username=security.SUPERUSER, password=own.read_password()
        ), authority or own.authority
    return known, authority


def _need_certificates(authority: Path | None) -> None:
    """Raise InputError for a file without certificates: the client library would call that a failed connection."""
    try:
        if authority:
            ssl.create_default_context(cafile=str(authority))
    except OSError as error:
        reason = "it has no certificate" if isinstance(error, ssl.SSLError) else error.strerror
        raise InputError(
            f"LINERNOTES_CA_CERTS is {authority}, which can't be used: {reason}.",
            "Name a file with one or more certificates (PEM).",
        ) from error


def _options(url: str, known: Credentials, authority: Path | None) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if known.api_key:
        options["api_key"] = known.api_key
    elif known.username:
        options["basic_auth"] = (known.username, known.password or "")
    if authority and url.startswith("https:"):
        options["ca_certs"] = str(authority)
    return options
