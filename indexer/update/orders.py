"""What the user asks of an update, and what each part of one needs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import Elasticsearch

from indexer import provenance
from indexer.gates import Bounds
from indexer.history import History
from indexer.meter import Meter
from indexer.plan import Plan
from indexer.retry import DEADLINE_S, RetryPolicy, retrying
from indexer.update.difference import Difference
from indexer.update.way import Way
from mappings.index_names import Generation


@dataclass(frozen=True)
class Orders:
    """Stop at the difference; which way; what the gates allow, or a reason to pass closed ones."""

    dry_run: bool = False
    way: str = ""
    bounds: Bounds = field(default_factory=Bounds)
    force: str = ""
    deadline_s: float = DEADLINE_S


def say_nothing(_difference: Difference, _way: Way) -> None:
    """Show a difference to nobody."""


@dataclass(frozen=True)
class Job:
    """One update of one data set; `show` is told the difference and the way before anything is done."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    orders: Orders = field(default_factory=Orders)
    meter: Meter = field(default_factory=Meter)
    stop: threading.Event = field(default_factory=threading.Event)
    show: Callable[[Difference, Way], None] = say_nothing

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        return self.plan.source.dataset

    def __post_init__(self) -> None:
        """Make the client retry."""
        policy = RetryPolicy(self.meter, self.stop, self.orders.deadline_s)
        object.__setattr__(self, "client", retrying(self.client, policy))

    def step(self, name: str) -> None:
        """Tell which step begins; an update that was asked to stop ends between two of them. Tests kill it here."""
        self.meter.state = name
        if self.stop.is_set():
            raise KeyboardInterrupt

    def tell(self, generation: Generation, event: str, text: str, **details: Any) -> None:
        """Add an event to the history."""
        History(self.client, self.prefix).write(generation, event, text, **details)

    def notes(self) -> dict[str, Any]:
        """Return what the ledger and `_meta` say of where documents are from, and what made them."""
        return provenance.identity(self.plan) | {"revision": provenance.revision(self.plan), "sample": False}
