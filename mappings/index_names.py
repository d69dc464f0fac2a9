"""Names of indices and aliases, built and parsed by inverse functions."""

import re
from dataclasses import dataclass

_GENERATION = re.compile(r"(?P<dataset>.+)-g(?P<number>\d{6,})")
_DATASET_ID = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_PART_OF_A_GENERATION = re.compile(r"(?:^|-)g\d{6,}(?:-|$)|-building$")

LONGEST_DATASET_ID = 60
"""Characters of a data set's id at most."""


@dataclass(frozen=True, order=True)
class Generation:
    """One complete load of one data set: one physical index.

    >>> name = Generation("linernotes", "free-music-archive", 7).index
    >>> name
    'linernotes-free-music-archive-g000007'
    >>> parse("linernotes", name)
    Generation(prefix='linernotes', dataset='free-music-archive', number=7)
    """

    prefix: str
    dataset: str
    number: int

    @property
    def index(self) -> str:
        """Return the name of the physical index."""
        return f"{self.prefix}-{self.dataset}-g{self.number:06d}"


def parse(prefix: str, index: str) -> Generation | None:
    """Return the generation that an index name stands for, or None for a name that isn't ours."""
    match = _GENERATION.fullmatch(index.removeprefix(f"{prefix}-")) if index.startswith(f"{prefix}-") else None
    return Generation(prefix, match["dataset"], int(match["number"])) if match else None


def alias(prefix: str, dataset: str | None = None) -> str:
    """Return the alias of a data set's current generation, or the one over all data sets."""
    return f"{prefix}-{dataset}" if dataset else prefix


def ledger(prefix: str) -> str:
    """Return the index that says what was acknowledged."""
    return f"{prefix}-ledger"


def rejected(prefix: str) -> str:
    """Return the index that keeps rejected records."""
    return f"{prefix}-rejected"


def locks(prefix: str) -> str:
    """Return the index that says who may change which data set."""
    return f"{prefix}-locks"


def declarations(prefix: str) -> str:
    """Return the index of the data sets that were declared, with all earlier declarations."""
    return f"{prefix}-declarations"


RESERVED = frozenset({"ledger", "rejected", "locks", "history", "watched", "declarations", "none", "all"})
"""What no data set may be called: the indices beside the data have these names, or filters give them a meaning."""


def is_dataset_id(name: str) -> bool:
    """Tell whether a name is made of what ids are made of.

    >>> [is_dataset_id(name) for name in ("jamendo-sample", "Jamendo", "jamendo--sample", "")]
    [True, False, False, False]
    """
    return len(name) <= LONGEST_DATASET_ID and _DATASET_ID.fullmatch(name) is not None


def is_reserved(dataset: str) -> bool:
    """Tell whether an id has another meaning already.

    >>> [is_reserved(name) for name in ("history", "songs-g000001", "songs")]
    [True, True, False]
    """
    return dataset in RESERVED or _PART_OF_A_GENERATION.search(dataset) is not None


def history(prefix: str) -> str:
    """Return the index of what happened to each data set."""
    return f"{prefix}-history"


def watched(prefix: str) -> str:
    """Return the index of the artists that somebody watches."""
    return f"{prefix}-watched"
