"""Version of the loaded data: it changes when an alias moves or tracks are added, and ends cached responses."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from threading import Lock

import orjson

from mappings.errors import LinernotesError
from queries import Loaded, Searcher

MAX_AGE_S = 1.0
"""How long a version is believed: new data is visible a second later at most."""


@dataclass(frozen=True)
class DataVersion:
    """What is loaded, by data set, and 16 hex digits that change with it or with the program."""

    loaded: Mapping[str, Loaded]
    digest: str


@dataclass
class DataVersionCache:
    """Asks Elasticsearch for the version, at most once in `MAX_AGE_S`, however many need it; a failure lasts as long.

    So while Elasticsearch is away, one client a second waits for it, and all others get their 503 at once.
    """

    get_searcher: Callable[[], Searcher]
    _lock: Lock = field(default_factory=Lock, repr=False)
    _version: DataVersion | None = None
    _failure: LinernotesError | None = None
    _expires: float = 0.0

    def cached(self) -> DataVersion | None:
        """Return the version if it is fresh; raises the failure of a moment ago."""
        if time.monotonic() >= self._expires:
            return None
        if self._failure:
            raise self._failure.with_traceback(None)
        return self._version

    def set_failure(self, failure: LinernotesError) -> None:
        """Believe a failure for as long as a version."""
        self._failure, self._expires = failure, time.monotonic() + MAX_AGE_S

    def refresh(self) -> DataVersion:
        """Return the version, asked for where it has to be. Raises UnreachableError."""
        with self._lock:
            if cached := self.cached():
                return cached
            try:
                self._version, self._failure = _read_version(self.get_searcher()), None
            except LinernotesError as failure:
                self._failure = failure
                raise
            finally:
                self._expires = time.monotonic() + MAX_AGE_S
            return self._version


def _read_version(searcher: Searcher) -> DataVersion:
    loaded = searcher.loaded()
    content = [version("linernotes"), {name: each.as_json() for name, each in loaded.items()}]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return DataVersion(loaded, digest)
