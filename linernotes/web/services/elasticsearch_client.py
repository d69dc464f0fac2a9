"""Elasticsearch client of a long-running server: connects when it is needed, and again when the local node has moved.

Instead of the local node's superuser, who may write, it uses a reader's API key of its own. The key expires after a
day, so it is renewed before that, and revoked when the server stops.
"""

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch
from elasticsearch import AuthenticationException as InvalidKeyError

from linernotes.elastic import connect, is_superuser
from linernotes.node import status
from linernotes.security import keys
from linernotes.settings import Settings
from linernotes.web.errors import BusyError
from mappings.errors import LinernotesError, UnreachableError
from queries import Searcher
from queries.errors import translated_errors

log = logging.getLogger(__name__)

KEY_DAYS = 1
RENEW_S = 12 * 3600.0
CHECK_S = 5.0
"""How often to look whether the local node has moved, or whether the key is still valid."""

SHORT_TIMEOUT_S = 2.0
"""Timeout of the requests beside the searches; at the end nobody should wait for them."""

WRITE_PRIVILEGES = ("write", "delete_index")

MAY_WRITE = (
    "The configured credentials may write to the data. A server only needs to read: "
    "linernotes keys create --role reader"
)


@dataclass
class ClientProvider:
    """Gives all threads a searcher."""

    settings: Settings
    timeout_s: float
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _client: Elasticsearch | None = None
    _nodes: tuple[str, ...] = ()
    _key_ids: list[str] = field(default_factory=list)
    _key_made_at: float = 0.0
    _checked_at: float = 0.0
    _can_write: bool | None = None

    def __call__(self) -> Searcher:
        """Return the searcher; raises UnreachableError as long as there is nothing to ask."""
        if self._client is None or time.monotonic() - self._checked_at > CHECK_S:
            with self._lock:
                self._refresh()
        if self._client is None:
            raise BusyError("The server is being stopped.")
        return Searcher(self._client, self.settings.prefix)

    def close(self) -> None:
        """Close the client, and revoke the keys that were made for it."""
        with self._lock:
            if self._key_ids:
                with (
                    suppress(LinernotesError, ApiError, TransportError),
                    connect(self.settings, timeout_s=SHORT_TIMEOUT_S) as client,
                ):
                    client.security.invalidate_api_key(ids=self._key_ids)
            if self._client:
                self._client.close()

    def _refresh(self) -> None:
        """Connect, if there is no client or it can't be used any more."""
        self._checked_at = time.monotonic()
        nodes = () if self.settings.urls else tuple(status.urls_of(self.settings.home))
        if self._client is None or nodes != self._nodes or self._key_is_invalid():
            # Requests that still use the previous one keep it.
            self._client, self._nodes = self._connect(), nodes
        self._warn_if_writable(self._client)

    def _key_is_invalid(self) -> bool:
        """Tell whether our key is old or no longer valid: the node may have been created anew."""
        if not self._key_ids or self._client is None:
            return False
        if time.monotonic() - self._key_made_at > RENEW_S:
            return True
        try:
            self._client.options(request_timeout=SHORT_TIMEOUT_S).security.authenticate()
        except (InvalidKeyError, UnreachableError):
            return True
        except (ApiError, TransportError):  # the next search says what is wrong
            return False
        return False

    def _connect(self) -> Elasticsearch:
        if is_superuser(self.settings):
            with connect(self.settings, timeout_s=self.timeout_s) as superuser, translated_errors():
                name = f"{self.settings.prefix}-serve"
                key = keys.create(superuser, self.settings.prefix, "reader", name, KEY_DAYS)
            self._key_ids.append(key.id)
            self._key_made_at = time.monotonic()
            return connect(replace(self.settings, api_key=key.encoded), timeout_s=self.timeout_s)
        return connect(self.settings, timeout_s=self.timeout_s)

    def _warn_if_writable(self, client: Elasticsearch) -> None:
        """Log once if the configured credentials may write; ask until there is an answer."""
        if self._key_ids or self._can_write is not None:
            return
        self._can_write = may_write(client, self.settings.prefix)
        if self._can_write:
            log.warning(MAY_WRITE)


def may_write(client: Elasticsearch, prefix: str) -> bool | None:
    """Tell whether a client may change the indices of a prefix; False where security is off, None if nobody answers."""
    privileges: Mapping[str, object] = {"names": [prefix, f"{prefix}-*"], "privileges": list(WRITE_PRIVILEGES)}
    try:
        response = client.options(request_timeout=SHORT_TIMEOUT_S).security.has_privileges(index=[privileges])
    except ApiError:  # security is off
        return False
    except (TransportError, LinernotesError):  # the next search says what is wrong
        return None
    return any(right for rights in response["index"].values() for right in rights.values())
