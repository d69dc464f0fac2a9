"""Leases say who is at work: documents in Elasticsearch that a heartbeat renews, seen from every machine.

    (nobody) --take--> held --beat, every 5 s--> held --release--> (nobody)
                         `--no beat for 60 s, or its process is gone--> taken over by whoever comes next

A data set's own lease is exclusive: its holder may change what the alias points to, and which generations there are.
Loaders share a generation, so they hold that one only while one of them opens the generation, and while one finishes
it; meanwhile each has a lease on the generation. Every step is one scripted update: Elasticsearch decides alone, by
its own clock. A process is looked up only in our own process table; equal host names don't prove that it is there.
"""

import os
import socket
import threading
import time
import uuid
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, fields
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from indexer.cluster.retry import policy_of, sending_once
from mappings.errors import CheckFailedError
from mappings.index_names import Generation, locks

LOAD, UPDATE, REINDEX, REPLAY, ROLLBACK, PRUNE = "load", "update", "reindex", "replay", "rollback", "prune"

BRIEF = frozenset({LOAD, ROLLBACK, PRUNE})
"""Who holds a data set's lease for one of these is done in seconds, and can be waited for."""
ALL = BRIEF | {UPDATE, REINDEX, REPLAY}
NOBODY: frozenset[str] = frozenset()

BEAT_S, POLL_S, ASK_AGAIN_S = 5.0, 0.5, 3.0
TIMEOUT_S = 15.0
"""A beat whose answer got lost must not be waited for until the lease runs out."""
STOPPED_S = 0.3
"""A process that is being stopped gives its lease back only if that takes no longer."""
LEASE_S = 60.0
"""A holder that did not beat for this long is dead. Twelve beats: a server that is busy merging has been seen to hold
a small write back for several seconds."""
SILENT_S = 20.0
"""A holder that did not beat for this long is worth a word."""

_KEYWORD, _LONG = {"type": "keyword"}, {"type": "long"}

MAPPING: dict[str, Any] = {
    "dynamic": "strict",
    "properties": {
        **dict.fromkeys(("dataset", "generation", "what", "owner", "host", "boot", "pid_namespace"), _KEYWORD),
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
_REMOVE = "ctx.op = ctx._source.owner == params.owner && ctx._source.beat == params.beat ? 'delete' : 'noop'"
_SILENT_MS = "new Date().getTime() - doc['beat'].value"


@dataclass(frozen=True)
class Holder:
    """The holder of a lease: which process, what it does, and since when.

    `generation` is empty for a data set's own lease, `boot` and `pid_namespace` where the system doesn't tell them.
    `beat` is when it last beat, in ms, and `silent_s` how long ago that was when it was read: Elasticsearch's clock.
    """

    dataset: str
    what: str
    owner: str
    host: str
    pid: int
    process_started: float
    since: str
    generation: str = ""
    boot: str = ""
    pid_namespace: str = ""
    beat: int = 0
    silent_s: float = 0.0

    @classmethod
    def read(cls, source: Mapping[str, Any], silent_s: float = 0.0) -> "Holder":
        """Return the holder that a lease's document names; one of another version has other fields."""
        known = {entry.name for entry in fields(cls)}
        return cls(**{name: value for name, value in source.items() if name in known}, silent_s=silent_s)

    @property
    def is_here(self) -> bool:
        """Tell whether the process is in our own process table, if it is anywhere."""
        theirs = (self.host, self.boot, self.pid_namespace)
        return all(theirs) and theirs == _place()

    @property
    def is_gone(self) -> bool:
        """Tell whether the process is known to have ended; of another process table's only its missing beats tell."""
        if not self.is_here:
            return False
        try:
            state, started = _stat(self.pid)
        except OSError:  # nobody, or a process that this user may not look at
            return not _exists(self.pid)
        return state in "ZX" or started != self.process_started

    def is_dead(self, lease_s: float = LEASE_S) -> bool:
        """Tell whether it holds nothing any more: its process is gone, or its lease has run out."""
        return self.silent_s > lease_s or self.is_gone

    @property
    def process(self) -> str:
        """Return which process it is, for people."""
        return f"process {self.pid} on {self.host}"

    def __str__(self) -> str:
        """Return it as a part of a sentence."""
        return f"{self.process}, {self.what} since {self.since[:19].replace('T', ' ')} UTC"


@dataclass
class Lease:
    """The right to change a data set, or, with a `generation`, to be counted among those who work on that one."""

    client: Elasticsearch
    prefix: str
    dataset: str
    what: str
    generation: str = ""
    lease_s: float = LEASE_S
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    since: str = field(default_factory=lambda: datetime.now(UTC).isoformat())
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)
    _lost: threading.Event = field(default_factory=threading.Event, repr=False)
    _heartbeat: threading.Thread | None = field(default=None, repr=False)
    _living: frozenset[str] = field(default=frozenset(), repr=False)
    _read_at: float = field(default=0.0, repr=False)

    def take(self) -> Holder | None:
        """Take the lease and keep it with a heartbeat; return None, or who holds it."""
        holder = self._take(self._client)
        if holder is not None and holder.is_gone:
            holder = self._take(self._client, holder.owner)
        if holder is None:
            self._heartbeat = threading.Thread(target=self._run, name="heartbeat", daemon=True)
            self._heartbeat.start()
        return holder

    def check(self) -> None:
        """Raise CheckFailedError when the lease was lost: to be called right before what can't be undone."""
        if self._lost.is_set() or not self._beat(self._client):
            raise CheckFailedError(
                f"This process was still for so long that another one took over {self.dataset}.", "Run it again."
            )

    def release(self, bound: float = BEAT_S) -> None:
        """Give the lease back, so that others need not wait; wait for that no longer than `bound`, in seconds."""
        self._closed.set()
        bound = STOPPED_S if policy_of(self.client).stop.is_set() else bound
        if self._heartbeat:
            self._heartbeat.join(bound)  # a beat on its way would bring the lease back
        with suppress(ApiError, TransportError):  # else it is taken over when it runs out
            once = sending_once(self.client).options(request_timeout=bound)
            self._update(once, _RELEASE, {"owner": self.id})

    def lives(self, owner: str) -> bool:
        """Tell whether this holder or another one of the same generation is at work, as of a few seconds ago."""
        if owner == self.id:
            return True
        if owner not in self._living or time.monotonic() - self._read_at > ASK_AGAIN_S:
            living = workers(self.client, self.prefix, self.dataset, self.lease_s)
            self._living, self._read_at = frozenset(holder.owner for holder in living), time.monotonic()
        return owner in self._living

    @cached_property
    def _client(self) -> Elasticsearch:
        return self.client.options(request_timeout=TIMEOUT_S)

    def _take(self, client: Elasticsearch, dead: str | None = None) -> Holder | None:
        host, boot, namespace = _place()
        started = _stat(os.getpid())[1] if namespace else 0.0
        mine = {
            "dataset": self.dataset,
            "generation": self.generation,
            "what": self.what,
            "owner": self.id,
            "host": host,
            "boot": boot,
            "pid_namespace": namespace,
            "pid": os.getpid(),
            "process_started": started,
            "since": self.since,
        }
        params = {"mine": mine, "dead": dead, "lease": int(self.lease_s * 1000)}
        response = self._update(client, _TAKE, params, upsert={}, scripted_upsert=True, source=True)
        holder = Holder.read(response["get"]["_source"])
        return None if holder.owner == self.id else holder

    def _beat(self, client: Elasticsearch) -> bool:
        if self.generation:  # its own document: who removed it took us for dead, and learns that we are not
            return self._take(client) is None
        try:
            return bool(self._update(client, _BEAT, {"owner": self.id})["result"] == "updated")
        except NotFoundError:
            return False

    def _update(self, client: Elasticsearch, script: str, params: dict[str, Any], **more: Any) -> Any:
        name = f"{self.generation}/{self.id}" if self.generation else self.dataset
        return _update(client, self.prefix, name, script, params, **more)

    def _run(self) -> None:
        once = sending_once(self._client)
        while not self._closed.wait(BEAT_S):
            with suppress(Exception):  # whatever the answer was, the next beat may get through; others tell of it
                if not self._beat(once) and not self._closed.is_set():
                    self._lost.set()


@contextmanager
def hold(
    client: Elasticsearch,
    prefix: str,
    dataset: str,
    what: str,
    *,
    waits_for: Collection[str] = NOBODY,
    lease_s: float = LEASE_S,
) -> Iterator[Lease]:
    """Hold a data set's lease; waits for those who do one of `waits_for`.

    Raises CheckFailedError for any other holder that is at work for certain, in one sentence that says who it is, and
    since when. One that may be dead is watched until it beats, or its lease runs out and is taken over. The policy's
    `stop` while waiting raises CheckFailedError too.
    """
    lease, policy = Lease(client, prefix, dataset, what, lease_s=lease_s), policy_of(client)
    first: Holder | None = None
    while (holder := lease.take()) is not None:
        first = first or holder
        refused = holder.what not in waits_for and (holder.is_here or holder != first)
        if refused or policy.stop.is_set():
            raise CheckFailedError(f"{dataset} is in other hands: {holder}.", "Wait for its end, then run this again.")
        policy.progress.note_once(f"Waiting for {holder}.")
        policy.stop.wait(POLL_S)
    bound = BEAT_S
    try:
        yield lease
    except KeyboardInterrupt:
        bound = STOPPED_S
        raise
    finally:
        lease.release(bound)


def holders(client: Elasticsearch, prefix: str, dataset: str) -> list[Holder]:
    """Return all holders of leases of a data set, dead or alive: of its own one, and of those on its generations."""
    name, query = locks(prefix), {"term": {"dataset": dataset}}
    script = {"silent_ms": {"script": _SILENT_MS}}
    client.indices.refresh(index=name, ignore_unavailable=True)
    response = client.search(
        index=name, query=query, script_fields=script, source=True, size=1000, ignore_unavailable=True
    )
    hits = response["hits"]["hits"]
    return [Holder.read(hit["_source"], hit["fields"]["silent_ms"][0] / 1000) for hit in hits]


def workers(client: Elasticsearch, prefix: str, dataset: str, lease_s: float = LEASE_S) -> list[Holder]:
    """Return who may be at work on generations of a data set; the leases of the dead are removed."""
    left = []
    for holder in holders(client, prefix, dataset):
        if holder.generation and holder.is_dead(lease_s):
            name, params = f"{holder.generation}/{holder.owner}", {"owner": holder.owner, "beat": holder.beat}
            with suppress(NotFoundError):  # somebody else was faster
                _update(client, prefix, name, _REMOVE, params)
        elif holder.generation:
            left.append(holder)
    return left


def live_workers(client: Elasticsearch, generation: Generation, lease_s: float = LEASE_S) -> list[Holder]:
    """Return who is at work on a generation for certain.

    A process of our own table is looked up; any other one is watched until it beats, or its lease runs out.
    """
    first: dict[str, int] = {}
    policy = policy_of(client)
    while True:
        everybody = workers(client, generation.prefix, generation.dataset, lease_s)
        here = [one for one in everybody if one.generation == generation.index]
        certain = [one for one in here if one.is_here or first.setdefault(one.owner, one.beat) != one.beat]
        if certain or not here or policy.stop.is_set():
            return certain or here
        policy.progress.note_once(f"Waiting for {here[0]}: it may have ended.")
        policy.stop.wait(POLL_S)


def _update(client: Elasticsearch, prefix: str, name: str, script: str, params: dict[str, Any], **more: Any) -> Any:
    return client.update(
        index=locks(prefix),
        id=name,
        script={"source": script, "params": params},
        retry_on_conflict=100,  # more than there can be: of those who wait, each writes once
        require_alias=False,
        **more,
    )


def _place() -> tuple[str, str, str]:
    """Return what identifies our process table: host, boot and PID namespace; empty where they are unknown.

    A /proc of another namespace than ours, which shows us under another number, says nothing of our table.
    """
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        own = Path("/proc/self").readlink().name == str(os.getpid())
        namespace = str(Path("/proc/self/ns/pid").readlink()) if own else ""
    except OSError:
        boot = namespace = ""
    return socket.gethostname(), boot, namespace


def _stat(pid: int) -> tuple[str, float]:
    """Return a process's state and its start in clock ticks since the boot, which no change of the clock moves."""
    values = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return values[0], float(values[19])


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return True
