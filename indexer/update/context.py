"""What the user asks of an update, which way it goes, and what each step of one needs."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import Elasticsearch

from indexer.checks import Thresholds
from indexer.cluster.audit_log import AuditLog
from indexer.cluster.progress import Progress
from indexer.cluster.retry import DEADLINE_S, RetryPolicy, retrying
from indexer.load.plan import Plan, identity, revision
from indexer.update.compare import Difference
from mappings.index_names import Generation

DIFFERENCE, FULL_LOAD = "difference", "afresh"
STRATEGIES = (DIFFERENCE, FULL_LOAD)

MOST = 0.5
"""Share of the release that may be touched: of 200,000 tracks, updates of 10, 40, 80 % took 33, 60, 107 % of the time
of a load (benchmarks/README.md). Less than where both are equal, as replaced documents weigh on a clone until merged.
"""


@dataclass(frozen=True)
class Strategy:
    """The way that is taken, and why, as a sentence."""

    name: str
    why: str


def choose(difference: Difference, must: str = "", wanted: str = "") -> Strategy:
    """Return the way: `must` says why nothing but afresh is sound, `wanted` is what the user asks for.

    >>> choose(Difference(5, 10, 5, 1_000)).name, choose(Difference(500, 0, 0, 100)).name
    ('difference', 'afresh')
    """
    if must:
        return Strategy(FULL_LOAD, must)
    share = difference.touched / max(1, difference.documents)
    told = f"{difference.touched:,} of {difference.documents:,} tracks are touched ({100 * share:.1f} %)"
    if wanted:
        return Strategy(wanted, f"asked for; {told}")
    if share > MOST:
        return Strategy(FULL_LOAD, f"{told}; above {100 * MOST:g} % a clone costs more than it saves")
    return Strategy(DIFFERENCE, f"{told}; up to {100 * MOST:g} % a clone is cheaper")


@dataclass(frozen=True)
class UpdateOptions:
    """Stop at the difference; which way; what the gates allow, or a reason to pass closed ones."""

    dry_run: bool = False
    way: str = ""
    thresholds: Thresholds = field(default_factory=Thresholds)
    force: str = ""
    deadline_s: float = DEADLINE_S


def say_nothing(_difference: Difference, _way: Strategy) -> None:
    """Show a difference to nobody."""


@dataclass(frozen=True)
class UpdateContext:
    """One update of one data set; `show` is told the difference and the way before anything is done."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    options: UpdateOptions = field(default_factory=UpdateOptions)
    progress: Progress = field(default_factory=Progress)
    stop: threading.Event = field(default_factory=threading.Event)
    show: Callable[[Difference, Strategy], None] = say_nothing

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        return self.plan.source.dataset

    def __post_init__(self) -> None:
        """Make the client retry."""
        policy = RetryPolicy(self.progress, self.stop, self.options.deadline_s)
        object.__setattr__(self, "client", retrying(self.client, policy))

    def step(self, name: str) -> None:
        """Tell which step begins; an update that was asked to stop ends between two of them. Tests kill it here."""
        self.progress.state = name
        if self.stop.is_set():
            raise KeyboardInterrupt

    def tell(self, generation: Generation, event: str, text: str, **details: Any) -> None:
        """Add an event to the history."""
        AuditLog(self.client, self.prefix).write(generation, event, text, **details)

    def notes(self) -> dict[str, Any]:
        """Return what the ledger and `_meta` say of where documents are from, and what made them."""
        return identity(self.plan) | {"revision": revision(self.plan), "sample": False}
