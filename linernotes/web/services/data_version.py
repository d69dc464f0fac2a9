"""Version of the loaded data: it changes when an alias moves or tracks are added, and ends cached responses."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from threading import Lock

import orjson

from mappings.cards import Card
from mappings.errors import LinernotesError
from queries import Loaded, Searcher
from queries.errors import SlowError

MAX_AGE_S = 1.0
"""How long a version is believed without asking again."""

STALE_S = 30.0
"""How long it is believed while Elasticsearch is too busy to say whether it still is the same."""

GRACE_S = 0.025
"""How long a request waits for the new version before it goes on with the stale one: usually the answer is quicker."""


@dataclass(frozen=True)
class DataVersion:
    """What is loaded, by data set, all cards, and 16 hex digits that change with these or with the program."""

    loaded: Mapping[str, Loaded]
    digest: str
    cards: Mapping[str, Card]


@dataclass
class DataVersionCache:
    """Asks Elasticsearch for the version, at most once in `MAX_AGE_S`, however many need it; a failure lasts as long.

    So while Elasticsearch is away, one client a second waits for it, and all others get their 503 at once. Where it is
    only slow, the version before is good for `STALE_S`.
    """

    get_searcher: Callable[[], Searcher]
    _lock: Lock = field(default_factory=Lock, repr=False)
    _version: DataVersion | None = None
    _failure: LinernotesError | None = None
    _expires: float = 0.0
    _read_at: float = 0.0

    def cached(self) -> DataVersion | None:
        """Return the version if it is fresh; raises the failure of a moment ago."""
        if time.monotonic() >= self._expires:
            return None
        if self._failure:
            raise self._failure.with_traceback(None)
        return self._version

    def stale(self) -> DataVersion | None:
        """Return the version that is good enough while a newer one is asked for; None if there is none."""
        return self._version if not self._failure and time.monotonic() < self._read_at + STALE_S else None

    def set_failure(self, failure: LinernotesError) -> None:
        """Believe a failure for as long as a version; where Elasticsearch is slow, rather believe the version."""
        self._failure = None if isinstance(failure, SlowError) and self.stale() else failure
        self._expires = time.monotonic() + MAX_AGE_S

    def refresh(self) -> DataVersion:
        """Return the version, asked for where it has to be. Raises UnreachableError."""
        with self._lock:
            if cached := self.cached():
                return cached
            try:
                self._version, self._failure = _read_version(self.get_searcher()), None
            except LinernotesError as failure:
                self.set_failure(failure)
                raise
            self._read_at = time.monotonic()
            self._expires = self._read_at + MAX_AGE_S
            return self._version


def _read_version(searcher: Searcher) -> DataVersion:
    loaded, cards = searcher.loaded(), searcher.cards()
    declared = [asdict(card) for card in cards.values() if card.declared]
    content = [version("linernotes"), {name: each.as_json() for name, each in loaded.items()}, declared]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return DataVersion(loaded, digest, cards)
