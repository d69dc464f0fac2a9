"""A check under way: its sums and first rows, and its provenance: which file, when, on which data, by which program."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any, Protocol

from linernotes import cards
from mappings.cards import is_synthetic
from mappings.index_names import alias
from queries import Loaded, Searcher
from queries.catalogue import RowResult, Tally, Verdict
from queries.errors import NOTHING_LOADED, NothingLoadedError, translated_errors


class Described(Protocol):
    """A catalogue, or a report that is checked again: both say what was checked."""

    def describe(self) -> dict[str, Any]:
        """Return file, sha256, encoding, delimiter, columns and unused headers."""


FORMAT = 1
"""Of what `verify` reads; a higher number is of a newer program."""


@dataclass(frozen=True)
class DataSet:
    """The generation of a data set, and the source files that it was made of: name, sha256, rows."""

    id: str
    name: str
    generation: str
    revision: str | None
    records: int
    files: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Provenance:
    """What was checked (file, hash, encoding, columns), when (UTC), on which generations, by which version."""

    file: str
    sha256: str
    encoding: str
    delimiter: str
    columns: Mapping[str, str]
    unused: tuple[str, ...]
    checked_at: str
    program: str
    datasets: tuple[DataSet, ...]
    format: int = FORMAT

    @property
    def synthetic(self) -> frozenset[str]:
        """Return the data sets whose rows were synthetic."""
        return frozenset(each.id for each in self.datasets if is_synthetic(each.revision))

    def as_json(self) -> dict[str, Any]:
        """Return it as reports keep it."""
        return asdict(self)


def of(catalogue: Described, searcher: Searcher) -> Provenance:
    """Return the provenance of a check that begins now; raises UnreachableError."""
    return Provenance(
        **catalogue.describe(),
        checked_at=datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC"),
        program=f"linernotes {version('linernotes')}",
        datasets=datasets(searcher),
    )


def datasets(searcher: Searcher) -> tuple[DataSet, ...]:
    """Return what is loaded, in the order of ids."""
    loaded = searcher.loaded()
    cards.learn(searcher, loaded)
    files = _files(searcher) if loaded else {}
    return tuple(_dataset(dataset, current, files) for dataset, current in sorted(loaded.items()))


def _dataset(dataset: str, current: Loaded, files: Mapping[str, tuple[Mapping[str, Any], ...]]) -> DataSet:
    index = current.generation.index
    return DataSet(dataset, cards.name_of(dataset), index, current.revision, current.records, files.get(index, ()))


def _files(searcher: Searcher) -> dict[str, tuple[Mapping[str, Any], ...]]:
    """Return the source files that each index notes in its `_meta`."""
    with translated_errors():
        response = (
            searcher.limited_client()
            .indices.get_mapping(index=alias(searcher.prefix), filter_path="*.mappings._meta")
            .body
        )
    return {index: tuple(body["mappings"]["_meta"].get("files") or ()) for index, body in response.items()}


SHOWN = 10
"""Rows of each verdict that are shown; the others are in the report."""


@dataclass
class Check:
    """What the command and the server keep of a check while its rows are answered."""

    provenance: Provenance
    tally: Tally
    first: Mapping[Verdict, list[RowResult]] = field(default_factory=lambda: {verdict: [] for verdict in Verdict})

    @classmethod
    def of(cls, catalogue: Described, searcher: Searcher) -> "Check":
        """Return a check that begins now; raises NothingLoadedError, UnreachableError."""
        provenance = of(catalogue, searcher)
        if not provenance.datasets:
            raise NothingLoadedError(*NOTHING_LOADED)
        return cls(provenance, Tally(each.id for each in provenance.datasets))

    def add(self, answer: RowResult) -> None:
        """Count a row, and keep it if it is among the first of its verdict."""
        self.tally.add(answer)
        if len(self.first[answer.verdict]) < SHOWN:
            self.first[answer.verdict].append(answer)

    def summary(self) -> dict[str, Any]:
        """Return the sums as the contract has them."""
        return self.tally.as_json()

    def generations_changed(self, searcher: Searcher) -> bool:
        """Say whether a data set got another generation since the check began: not all rows are of one then."""
        return datasets(searcher) != self.provenance.datasets
