"""Options and context of an update, the difference that it finds, and the strategy that makes the new generation."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from elasticsearch import Elasticsearch

from indexer.checks import Thresholds
from indexer.cluster.progress import Progress
from indexer.cluster.retry import DEADLINE_S, RetryPolicy, retrying
from indexer.load.plan import Plan

DIFFERENCE, FULL_LOAD = "difference", "afresh"
STRATEGIES = (DIFFERENCE, FULL_LOAD)

MOST = 0.5
"""Share of the release that may be touched: of 200,000 tracks, updates of 10, 40, 80 % took 33, 60, 107 % of the time
of a load (benchmarks/README.md). Less than where both are equal, as replaced documents weigh on a clone until merged.
"""


@dataclass(frozen=True)
class Example:
    """A track of the difference; `fields` are those that changed."""

    id: str
    title: str | None
    artists: Sequence[str]
    fields: Sequence[str] = ()


@dataclass(frozen=True)
class Difference:
    """How many tracks the new release adds, changes, removes, and leaves as they are.

    `fields` counts which fields changed in `looked_at` of the changed tracks.
    """

    added: int
    changed: int
    removed: int
    unchanged: int
    fields: Mapping[str, int] = field(default_factory=dict)
    looked_at: int = 0
    examples: Mapping[str, Sequence[Example]] = field(default_factory=dict)

    @property
    def counts(self) -> dict[str, int]:
        """Return the four counts."""
        return {name: getattr(self, name) for name in ("added", "changed", "removed", "unchanged")}

    @property
    def touched(self) -> int:
        """Return how many tracks are not as they were."""
        return self.added + self.changed + self.removed

    @property
    def documents(self) -> int:
        """Return how many tracks there will be."""
        return self.added + self.changed + self.unchanged


@dataclass(frozen=True)
class Strategy:
    """How the new generation is made, and why, as a sentence."""

    name: str
    why: str


def choose(difference: Difference, must: str = "", requested: str = "") -> Strategy:
    """Return the strategy: `must` says why only a full load is sound, `requested` is the user's choice.

    >>> choose(Difference(5, 10, 5, 1_000)).name, choose(Difference(500, 0, 0, 100)).name
    ('difference', 'afresh')
    """
    if must:
        return Strategy(FULL_LOAD, must)
    share = difference.touched / max(1, difference.documents)
    text = f"{difference.touched:,} of {difference.documents:,} tracks are touched ({100 * share:.1f} %)"
    if requested:
        return Strategy(requested, f"asked for; {text}")
    if share > MOST:
        return Strategy(FULL_LOAD, f"{text}; above {100 * MOST:g} % a clone costs more than it saves")
    return Strategy(DIFFERENCE, f"{text}; up to {100 * MOST:g} % a clone is cheaper")


@dataclass(frozen=True)
class UpdateOptions:
    """Stop at the difference; which strategy; what the gates allow, or a reason to pass closed ones."""

    dry_run: bool = False
    strategy: str = ""
    thresholds: Thresholds = field(default_factory=Thresholds)
    force: str = ""
    deadline_s: float = DEADLINE_S


@dataclass(frozen=True)
class UpdateContext:
    """One update of one data set; `show` is called with the difference and the strategy before anything is done."""

    client: Elasticsearch
    prefix: str
    plan: Plan
    options: UpdateOptions = field(default_factory=UpdateOptions)
    progress: Progress = field(default_factory=Progress)
    stop: threading.Event = field(default_factory=threading.Event)
    show: Callable[[Difference, Strategy], None] = lambda _difference, _strategy: None

    @property
    def dataset(self) -> str:
        """Return the id of the data set."""
        return self.plan.source.dataset

    def __post_init__(self) -> None:
        """Make the client retry."""
        policy = RetryPolicy(self.progress, self.stop, self.options.deadline_s)
        object.__setattr__(self, "client", retrying(self.client, policy))

    def step(self, name: str) -> None:
        """Begin a step; an update that was asked to stop ends between two of them. Tests kill it here."""
        self.progress.state = name
        if self.stop.is_set():
            raise KeyboardInterrupt

    def notes(self) -> dict[str, Any]:
        """Return what the ledger and `_meta` say of where documents are from, and what made them."""
        return self.plan.identity() | {"revision": self.plan.revision, "sample": False}
