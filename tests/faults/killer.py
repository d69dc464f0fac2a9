"""Where a load, an update or a reindex can be killed: SIGKILL by itself, at a step that the test names."""

import os
import signal
from collections.abc import Callable
from typing import Any

from elasticsearch import Elasticsearch

from indexer import checks
from indexer.cluster import indices
from indexer.cluster.ledger import Ledger
from indexer.load import load, publish
from indexer.maintenance import reindex
from indexer.update.strategy import UpdateContext

INSTEAD: dict[str, tuple[object, str]] = {
    "before the gates": (checks, "check"),
    "before the swap": (publish, "swap"),
}
"""Steps that are not done any more."""

AFTER: dict[str, tuple[object, str]] = {
    "begun": (Ledger, "begin"),
    "created": (indices, "create"),
    "swapped": (publish, "swap"),
    # Of an update by its difference.
    "blocked": (indices, "block"),
    "cloned": (indices, "clone"),
    # Of a load, and so of an update afresh.
    "first chunk acknowledged": (Ledger, "acknowledge"),
    "carried": (load, "_carry"),
    # Of a reindex.
    "task asked for": (Elasticsearch, "reindex"),
    "task noted": (Ledger, "close"),
    "documents copied": (reindex, "_copy_documents"),
    "books copied": (reindex, "_copy_records"),
}
"""Steps that are done just once. All others are named by `UpdateContext.step`."""


def arm(where: str) -> None:
    """Let this process die at a step."""
    if where in INSTEAD:
        setattr(*INSTEAD[where], _die)
    elif where in AFTER:
        holder, name = AFTER[where]
        setattr(holder, name, _then_die(getattr(holder, name)))
    else:
        _die_at(where)


def _die(*_told: object, **_more: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _then_die(really: Callable[..., Any]) -> Callable[..., None]:
    def call(*told: Any, **more: Any) -> None:
        really(*told, **more)
        _die()

    return call


def _die_at(where: str) -> None:
    really = UpdateContext.step

    def step(self: UpdateContext, name: str) -> None:
        really(self, name)
        if name == where:
            _die()

    UpdateContext.step = step  # type: ignore[method-assign]
