"""Who is at work: each loader's heartbeat, and how others tell that it is dead, without trusting any clock."""

import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil
from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError

from indexer.patience import Patience, patiently

BEAT_S = 5.0
POLL_S = 0.5
DEAD_AFTER_S = 60.0
"""A loader that did not beat for this long, by the watcher's own clock, is dead. Twelve beats: a server that is
busy merging has been seen to hold a small write back for several seconds."""


@dataclass
class Owner:
    """The running process as an owner of leases: beats in the background until it is closed."""

    client: Elasticsearch
    index: str
    generation: str
    patience: Patience = patiently
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    _closed: threading.Event = field(default_factory=threading.Event, repr=False)
    _seen: dict[str, tuple[int, float]] = field(default_factory=dict, repr=False)

    def start(self) -> None:
        """Announce this loader, and beat from now on."""
        self.patience(lambda: self._beat(0))
        threading.Thread(target=self._run, name="heartbeat", daemon=True).start()

    def close(self) -> None:
        """Stop beating and say goodbye, so that others need not wait."""
        self._closed.set()
        with suppress(ApiError, TransportError):  # without the goodbye they wait until the heartbeat is missed
            self.client.delete(index=self.index, id=self._doc_id(self.id))

    def is_alive(self, owner: str) -> bool:
        """Tell whether another loader is still at work."""
        if owner == self.id:
            return True
        document = self._read(owner)
        if document is None:
            return False
        if document["host"] == socket.gethostname():
            return process_lives(document["pid"], document["process_started"])
        beats, since = self._seen.get(owner, (-1, 0.0))
        if document["beats"] != beats:
            self._seen[owner] = (document["beats"], time.monotonic())
            return True
        return time.monotonic() - since < DEAD_AFTER_S

    def describe(self, owner: str) -> str:
        """Return who an owner is, for people."""
        document = self._read(owner) or {}
        return f"process {document.get('pid', '?')} on {document.get('host', 'an unknown machine')}"

    def others(self) -> list[str]:
        """Return the owners of this generation's leases other than this one, dead or alive."""
        self.patience(lambda: self.client.indices.refresh(index=self.index))
        wanted = [{"term": {"kind": "owner"}}, {"term": {"generation": self.generation}}]
        query = {"bool": {"filter": wanted, "must_not": {"term": {"owner": self.id}}}}
        found = self.patience(lambda: self.client.search(index=self.index, query=query, size=1000))
        return [hit["_source"]["owner"] for hit in found["hits"]["hits"]]

    def alive(self) -> list[str]:
        """Return the other owners that are not known to be dead: of another machine's none is, at first sight."""
        return [owner for owner in self.others() if self.is_alive(owner)]

    def watched(self) -> list[str]:
        """Return the other owners that are alive for certain.

        One of this machine is looked up; one of another machine is watched until it beats, or counts as dead.
        """
        left = self.alive()
        first = {owner: self._seen[owner][0] for owner in left if owner in self._seen}
        while left and all(owner in first and self._seen[owner][0] == first[owner] for owner in left):
            if self.patience.stop.wait(POLL_S):
                break
            left = [owner for owner in left if self.is_alive(owner)]
        return left

    def _run(self) -> None:
        beats = 0
        while not self._closed.wait(BEAT_S):
            beats += 1
            with suppress(ApiError, TransportError):  # the next beat may get through; the senders tell of a dead server
                self._beat(beats)

    def _beat(self, beats: int) -> None:
        document = {
            "kind": "owner",
            "generation": self.generation,
            "owner": self.id,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "process_started": psutil.Process().create_time(),
            "beats": beats,
            "at": datetime.now(UTC).isoformat(),
        }
        self.client.index(index=self.index, id=self._doc_id(self.id), document=document)

    def _read(self, owner: str) -> dict[str, Any] | None:
        try:
            found = self.patience(lambda: self.client.get(index=self.index, id=self._doc_id(owner)))
        except NotFoundError:
            return None
        return dict(found["_source"])

    def _doc_id(self, owner: str) -> str:
        return f"{self.generation}/owner/{owner}"


def process_lives(pid: int, started: float) -> bool:
    """Tell whether a process of this machine still runs, and is the one that was started then."""
    try:
        process = psutil.Process(pid)
        return abs(process.create_time() - started) < 1.0 and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
