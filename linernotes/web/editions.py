"""The edition of what is loaded: it changes when an alias moves or tracks come, and every kept answer falls with it."""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from threading import Lock

import orjson

from mappings.errors import LinernotesError
from queries import Loaded, Searcher

FRESH_S = 1.0
"""How long an edition is believed: what has been loaded is seen a second later at most."""


@dataclass(frozen=True)
class Edition:
    """What is loaded, by data set, and 16 hex digits that change with it or with the program."""

    loaded: Mapping[str, Loaded]
    digest: str


@dataclass
class Editions:
    """Asks for the edition, at most once in `FRESH_S`, whoever wants it; a failure is believed as long.

    So while Elasticsearch is away, one visitor a second waits for it, and all others are told at once.
    """

    source: Callable[[], Searcher]
    _lock: Lock = field(default_factory=Lock, repr=False)
    _known: Edition | None = None
    _failed: LinernotesError | None = None
    _until: float = 0.0

    def fresh(self) -> Edition | None:
        """Return the edition if it needn't be asked for. Raises the problem of a moment ago."""
        if time.monotonic() >= self._until:
            return None
        if self._failed:
            raise type(self._failed)(self._failed.message, self._failed.hint)
        return self._known

    def current(self) -> Edition:
        """Return the edition, asked for where it has to be. Raises UnreachableError."""
        with self._lock:
            if known := self.fresh():
                return known
            try:
                self._known, self._failed = _edition(self.source().loaded()), None
            except LinernotesError as problem:
                self._failed = problem
                raise
            finally:
                self._until = time.monotonic() + FRESH_S
            return self._known


def _edition(loaded: Mapping[str, Loaded]) -> Edition:
    content = [version("linernotes"), {name: each.as_json() for name, each in loaded.items()}]
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]
    return Edition(loaded, digest)
