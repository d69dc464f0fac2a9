"""What a generation was made of, and by what: written into `_meta` and the ledger, compared before going on."""

import unicodedata
from functools import cache
from importlib.metadata import version
from pathlib import PurePath
from typing import Any

from indexer.plan import Plan
from mappings.cards import CARDS, SYNTHETIC
from mappings.index import mapping_hash

NORMALISATION_VERSION = 2
"""Raised whenever a record may become another document than before, from its row to its fingerprint.

A test holds it: it pins what some hundreds of rows of all kinds become. How fields are indexed has its own hash
(`mappings.index.mapping_hash`), as such a change can be made without the source files.
"""


_LIBRARIES = ("anyascii", "polars", "py3langid")
"""They read, fold, detect and hash; Polars' hashes are not promised to stay the same."""


@cache
def normalisation() -> str:
    """Return what a record's document depends on: the version of the normalisation, and those of the libraries."""
    libraries = (f"{name} {version(name)}" for name in _LIBRARIES)
    return ", ".join([str(NORMALISATION_VERSION), *libraries, f"Unicode {unicodedata.unidata_version}"])


def identity(plan: Plan) -> dict[str, Any]:
    """Return what must be equal for a load to go on: files, limit, mapping, normalisation, version of this program."""
    made_by = {"mapping": mapping_hash(), "normalisation": normalisation(), "tool": version("linernotes")}
    return plan.identity() | made_by


def is_synthetic(plan: Plan) -> bool:
    """Tell whether all files hold made-up rows."""
    return all(_is_synthetic(entry.file.member or entry.file.name) for entry in plan.files)


def revision(plan: Plan) -> str:
    """Return of which revision of the data set the files are."""
    card = CARDS.get(plan.source.dataset)
    if card is None:
        return ""
    return f"{SYNTHETIC} sample" if is_synthetic(plan) else card.revision


def _is_synthetic(name: str) -> bool:
    return PurePath(name).name.startswith(SYNTHETIC)
