"""A check under way: what it asks, its sums so far, and the first rows of each verdict."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from linernotes.catalogue import provenance
from linernotes.catalogue.provenance import Provenance
from linernotes.catalogue.reading import Catalogue
from mappings.errors import InputError
from queries import Searcher
from queries.catalogue import RowResult, Tally, Verdict
from queries.errors import NOTHING_LOADED

SHOWN = 10
"""Rows of each verdict that are shown; the others are in the report."""


@dataclass
class Check:
    """What the command and the server keep of a check while its rows are answered."""

    told: Provenance
    tally: Tally
    first: Mapping[Verdict, list[RowResult]] = field(default_factory=lambda: {verdict: [] for verdict in Verdict})

    @classmethod
    def of(cls, asked: Catalogue, searcher: Searcher) -> "Check":
        """Return a check that begins now; raises InputError where nothing is loaded, UnreachableError."""
        told = provenance.of(asked, searcher)
        if not told.datasets:
            raise InputError(*NOTHING_LOADED)
        return cls(told, Tally(each.id for each in told.datasets))

    def add(self, answer: RowResult) -> None:
        """Count a row, and keep it if it is among the first of its verdict."""
        self.tally.add(answer)
        if len(self.first[answer.verdict]) < SHOWN:
            self.first[answer.verdict].append(answer)

    def summary(self) -> dict[str, Any]:
        """Return the sums as the contract has them."""
        return self.tally.as_json()

    def moved(self, searcher: Searcher) -> bool:
        """Say whether a data set got another generation since the check began: not all rows are of one then."""
        return provenance.datasets(searcher) != self.told.datasets
