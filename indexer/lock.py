"""One writer for each data set: a lock with a lease, in Elasticsearch, that is seen from every machine.

    (nobody) --take--> held --beat, every 5 s--> held --release--> (nobody)
                         `--no beat for 60 s, or its process is gone--> taken over by whoever asks next

Each step is one scripted update: Elasticsearch decides alone, by its own clock, and no machine's clock is trusted.
Loaders that share a generation hold it only while one of them opens the generation, and while one of them finishes it.
"""

import os
import socket
import threading
import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil
from elasticsearch import ApiError, ConflictError, Elasticsearch, NotFoundError, TransportError

from indexer.owner import BEAT_S, DEAD_AFTER_S, process_lives
from indexer.patience import Patience, patiently
from mappings.errors import CheckFailedError
from mappings.index_names import locks

LOAD, UPDATE, REINDEX, REPLAY, ROLLBACK, PRUNE = "load", "update", "reindex", "replay", "rollback", "prune"

BRIEF = frozenset({LOAD, ROLLBACK, PRUNE})
"""Who holds the lock for one of these is done in seconds, and can be waited for."""
ALL = BRIEF | {UPDATE, REINDEX, REPLAY}
NOBODY: frozenset[str] = frozenset()

POLL_S = 0.5

_KEYWORD, _LONG = {"type": "keyword"}, {"type": "long"}

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        **dict.fromkeys(("dataset", "what", "owner", "host"), _KEYWORD),
        **dict.fromkeys(("pid", "beat"), _LONG),
        "process_started": {"type": "double"},
        "since": {"type": "date"},
    },
}

_TAKE = """
def held = ctx._source.owner;
if (held == null || held == params.mine.owner || held == params.dead || ctx._now - ctx._source.beat > params.lease) {
  if (held != params.mine.owner) { ctx._source.clear(); ctx._source.putAll(params.mine) }
  ctx._source.beat = ctx._now
} else { ctx.op = 'noop' }
"""
_BEAT = "if (ctx._source.owner == params.owner) { ctx._source.beat = ctx._now } else { ctx.op = 'noop' }"
_RELEASE = "ctx.op = ctx._source.owner == params.owner ? 'delete' : 'noop'"


@dataclass(frozen=True)
class Holder:
    """Who holds a lock: which process, what it does, and since when. `beat` is Elasticsearch's clock, in ms."""

    dataset: str
    what: str
    owner: str
    host: str
    pid: int
    process_started: float
    since: str
    beat: int = 0

    @property
    def is_gone(self) -> bool:
        """Tell whether the process is known to have ended; of another machine's only its missing beats tell."""
        return self.host == socket.gethostname() and not process_lives(self.pid, self.process_started)

    def __str__(self) -> str:
        """Return it as a part of a sentence."""
        return f"process {self.pid} on {self.host}, {self.what} since {self.since[:19].replace('T', ' ')} UTC"


@dataclass
class Lock:
    """The right to change what a data set's alias points to, and which generations it has."""

    client: Elasticsearch
    prefix: str
    dataset: str
    what: str
    patience: Patience = patiently
    lease_s: float = DEAD_AFTER_S
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)
    _lost: threading.Event = field(default_factory=threading.Event, repr=False)

    def take(self) -> Holder | None:
        """Take the lock and keep it with a heartbeat; return None, or who holds it."""
        held = self._take(dead=None)
        if held is not None and held.is_gone:
            held = self._take(dead=held.owner)
        if held is None:
            threading.Thread(target=self._run, name="lock", daemon=True).start()
        return held

    def check(self) -> None:
        """Raise CheckFailedError when the lock was lost: to be called right before what can't be undone."""
        if self._lost.is_set() or not self._beat():
            raise CheckFailedError(
                f"This process was still for so long that another one took over {self.dataset}.", "Run it again."
            )

    def release(self) -> None:
        """Give the lock back."""
        self._closed.set()
        with suppress(ApiError, TransportError):  # else it is taken over when its lease ends
            self._update(_RELEASE, {"owner": self.id})

    def _take(self, dead: str | None) -> Holder | None:
        mine = Holder(
            self.dataset,
            self.what,
            self.id,
            socket.gethostname(),
            os.getpid(),
            psutil.Process().create_time(),
            datetime.now(UTC).isoformat(),
        )
        params = {"mine": asdict(mine), "dead": dead, "lease": int(self.lease_s * 1000)}
        found = self.patience(lambda: self._update(_TAKE, params, upsert={}, scripted_upsert=True, source=True))
        source = found["get"]["_source"]
        return None if source["owner"] == self.id else Holder(**source)

    def _beat(self) -> bool:
        try:
            found = self.patience(lambda: self._update(_BEAT, {"owner": self.id}))
        except NotFoundError:
            return False
        return bool(found["result"] == "updated")

    def _update(self, script: str, params: dict[str, Any], **more: Any) -> Any:
        return self.client.update(
            index=locks(self.prefix),
            id=self.dataset,
            script={"source": script, "params": params},
            retry_on_conflict=10,
            require_alias=False,
            **more,
        )

    def _run(self) -> None:
        while not self._closed.wait(BEAT_S):
            with suppress(ApiError, TransportError):
                if self._update(_BEAT, {"owner": self.id})["result"] != "updated" and not self._closed.is_set():
                    self._lost.set()


@contextmanager
def held(
    client: Elasticsearch,
    prefix: str,
    dataset: str,
    what: str,
    *,
    patience: Patience = patiently,
    waits_for: Collection[str] = NOBODY,
) -> Iterator[Lock]:
    """Hold a data set's lock; waits for those who do one of `waits_for`.

    Raises CheckFailedError for any other holder, in one sentence that says who it is, and since when. A dead
    holder's lock is taken over. Asking for `patience.stop` while waiting raises CheckFailedError too.
    """
    lock = Lock(client, prefix, dataset, what, patience)
    while (holder := _take(lock)) is not None:
        if holder.what not in waits_for or patience.stop.is_set():
            raise CheckFailedError(f"{dataset} is in other hands: {holder}.", "Wait for its end, then run this again.")
        patience.meter.note_once(f"Waiting for {holder}.")
        patience.stop.wait(POLL_S)
    try:
        yield lock
    finally:
        lock.release()


def _take(lock: Lock) -> Holder | None:
    try:
        return lock.take()
    except ConflictError:  # ten others were faster, ten times
        return holder_of(lock.client, lock.prefix, lock.dataset)


def holder_of(client: Elasticsearch, prefix: str, dataset: str) -> Holder | None:
    """Return who holds a data set's lock, dead or alive; None when nobody does."""
    try:
        found = patiently(lambda: client.get(index=locks(prefix), id=dataset))
    except NotFoundError:
        return None
    return Holder(**found["_source"])
