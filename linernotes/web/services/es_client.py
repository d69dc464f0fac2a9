"""The connection of a server that runs for months: made when it is needed, and again when the local node has moved.

Where the local node's own superuser would ask, which might write, a reader's key is made instead. It ends by itself
after a day, so it is made anew before that, and revoked when the server stops.
"""

import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace

from elastic_transport import TransportError
from elasticsearch import ApiError, Elasticsearch
from elasticsearch import AuthenticationException as NotKnownError

from linernotes.elastic import connect, is_superuser
from linernotes.node import status
from linernotes.security import keys
from linernotes.settings import Settings
from mappings.errors import LinernotesError, UnreachableError
from queries import Searcher
from queries.errors import translated_errors

log = logging.getLogger(__name__)

KEY_DAYS = 1
RENEW_S = 12 * 3600.0
LOOK_S = 5.0
"""How often it is looked whether the local node has moved, or whether the key is still known."""

REVOKE_S = 2.0
"""What Elasticsearch has for the last word: the server is wanted to end."""

WRITING = ("write", "delete_index")

MAY_WRITE = (
    "The credentials that are set may write to the data; a server needs none but a reader's: "
    "linernotes keys create --role reader"
)


@dataclass
class Connection:
    """Gives the searcher to all threads."""

    settings: Settings
    answer_s: float
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _client: Elasticsearch | None = None
    _nodes: tuple[str, ...] = ()
    _made: list[str] = field(default_factory=list)
    _made_at: float = 0.0
    _looked: float = 0.0
    _can_write: bool | None = None

    def __call__(self) -> Searcher:
        """Return the searcher; raises UnreachableError as long as there is nothing to ask."""
        if self._client is None or time.monotonic() - self._looked > LOOK_S:
            with self._lock:
                self._renew()
        if self._client is None:
            raise UnreachableError("The server is being stopped.")
        return Searcher(self._client, self.settings.prefix)

    def close(self) -> None:
        """Close the connection, and take back the keys that were made for it."""
        with self._lock:
            if self._made:
                with (
                    suppress(LinernotesError, ApiError, TransportError),
                    connect(self.settings, timeout_s=REVOKE_S) as client,
                ):
                    client.security.invalidate_api_key(ids=self._made)
            if self._client:
                self._client.close()

    def _renew(self) -> None:
        """Connect where that has to be."""
        self._looked = time.monotonic()
        nodes = () if self.settings.url else tuple(status.urls_of(self.settings.home))
        if self._client is None or nodes != self._nodes or self._has_ended():
            # The one before is left to those who still ask it.
            self._client, self._nodes = self._connected(), nodes
        self._warn(self._client)

    def _has_ended(self) -> bool:
        """Tell whether the key that was made is old, or isn't known any more: the node may have been made anew."""
        if not self._made or self._client is None:
            return False
        if time.monotonic() - self._made_at > RENEW_S:
            return True
        try:
            self._client.options(request_timeout=REVOKE_S).security.authenticate()
        except (NotKnownError, UnreachableError):
            return True
        except (ApiError, TransportError):  # what is wrong is told by what is asked next
            return False
        return False

    def _connected(self) -> Elasticsearch:
        if is_superuser(self.settings):
            with connect(self.settings, timeout_s=self.answer_s) as own, translated_errors():
                name = f"{self.settings.prefix}-serve"
                made = keys.create(own, self.settings.prefix, "reader", name, KEY_DAYS)
            self._made.append(made.id)
            self._made_at = time.monotonic()
            return connect(replace(self.settings, api_key=made.encoded), timeout_s=self.answer_s)
        return connect(self.settings, timeout_s=self.answer_s)

    def _warn(self, client: Elasticsearch) -> None:
        """Say once if the credentials that were given could write; ask until somebody tells."""
        if self._made or self._can_write is not None:
            return
        self._can_write = may_write(client, self.settings.prefix)
        if self._can_write:
            log.warning(MAY_WRITE)


def may_write(client: Elasticsearch, prefix: str) -> bool | None:
    """Tell whether a client may change the indices of a prefix; False where security is off, None if nobody answers."""
    wanted: Mapping[str, object] = {"names": [prefix, f"{prefix}-*"], "privileges": list(WRITING)}
    try:
        response = client.options(request_timeout=REVOKE_S).security.has_privileges(index=[wanted])
    except ApiError:  # without security there is nothing to ask
        return False
    except (TransportError, LinernotesError):  # what is wrong is told by what is asked next
        return None
    return any(right for rights in response["index"].values() for right in rights.values())
