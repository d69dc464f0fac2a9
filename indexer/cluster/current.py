"""The current generation: what it was made of, what made it, and the number that the next one gets."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from elasticsearch import Elasticsearch

from indexer.cluster import indices
from indexer.cluster.diagnostics import MISSING, ON_TWO, ensure_not
from indexer.cluster.ledger import Ledger
from indexer.cluster.status import DatasetStatus
from indexer.documents.bulk_body import EPOCH
from indexer.normalise.track import normalisation
from mappings.errors import CheckFailedError
from mappings.index import mapping_hash
from mappings.index_names import Generation

EPOCHS = 2**63 // EPOCH - 1
"""Releases that can be applied one upon another: 8,191."""


@dataclass(frozen=True)
class CurrentGeneration:
    """The current generation: its notes, and what the ledger says of it."""

    generation: Generation
    meta: Mapping[str, Any]
    plan: Mapping[str, Any]

    @property
    def epoch(self) -> int:
        """Return how many releases were applied to it."""
        return int(self.meta.get("epoch", 0))

    def other_normalisation(self) -> str:
        """Return that another normalisation made it, as a sentence; empty if it was today's."""
        if self.meta.get("normalisation") == normalisation():
            return ""
        return f"The normalisation of this program changed since {self.generation.index} was made"

    def needs_full_load(self) -> str:
        """Return why nothing but a load makes the new generation, empty if the difference does it, too."""
        if why := self.other_normalisation():
            return why
        if self.meta.get("mapping") != mapping_hash():
            return f"The mapping of this program changed since {self.generation.index} was made"
        return f"{EPOCHS:,} updates were applied one upon another" if self.epoch + 1 >= EPOCHS else ""


def current(client: Elasticsearch, status: DatasetStatus) -> CurrentGeneration:
    """Return the current generation; raises CheckFailedError where there is none, or more than one."""
    dataset = status.dataset
    ensure_not(status, ON_TWO, MISSING)
    if status.current is None:
        raise CheckFailedError(f"Nothing of {dataset} is loaded yet.", f"Load it: linernotes load {dataset} PATH...")
    view = status.view(status.current)
    plan = view.plan if view else {}
    return CurrentGeneration(status.current, indices.meta(client, status.current), plan)


def next_number(client: Elasticsearch, base: Generation) -> Generation:
    """Return the generation after the latest one that ever was; the caller holds the data set's lease."""
    prefix, dataset = base.prefix, base.dataset
    taken = [record.generation.number for record in Ledger(client, prefix).loads(dataset)]
    return Generation(prefix, dataset, max([*taken, *indices.numbers(client, prefix, dataset)], default=0) + 1)
