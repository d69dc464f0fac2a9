"""What a generation was made of, and by what: written into `_meta` and the ledger, compared before going on."""

import ast
import hashlib
import unicodedata
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path, PurePath
from typing import Any

import indexer
import mappings
from indexer.plan import Plan
from mappings.cards import CARDS, SYNTHETIC
from mappings.index import mapping_hash
from mappings.languages import CODES
from mappings.schema import SCHEMA

_CODE = {
    indexer: (
        *("normalise/*.py", "sources/*.py", "formats/*.py", "encode.py", "ready.py", "data/*.csv", "data/*.tsv"),
        *(
            "rowwise.py",
            "sketch.py",
        ),  # not the documents, but the hashes of rows with which the next release is compared
    ),
    mappings: ("spelling/*.py",),
}
"""Every file that has a say in what is in a document, from the source file's bytes to the fingerprint. How fields are
indexed has none: that is the mapping's hash, and such a change can be made without the source files."""

_LIBRARIES = ("anyascii", "polars", "py3langid")
"""Their versions count too: they read, fold, detect and hash; Polars' hashes are not promised to stay the same."""


@cache
def normalisation_hash() -> str:
    """Return 16 hex digits that change whenever a record may become another document than before.

    It is made of the code itself, without comments and docstrings, so that nobody has to remember to raise a number:
    a change that turns out to change nothing costs one load afresh, a forgotten number would mix two normalisations.

    >>> len(normalisation_hash())
    16
    """
    parts = [f"{name} {version(name)}" for name in _LIBRARIES] + [unicodedata.unidata_version, *_values(), *_sources()]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _values() -> Iterator[str]:
    """Yield what documents have from the tables that hold other things too."""
    yield from (f"{name} {dtype}" for name, dtype in SCHEMA.items())
    yield from (f"{card.id} {card.revision} {card.platform}" for card in CARDS.values())
    yield from sorted(CODES)


def _sources() -> Iterator[str]:
    for package, patterns in _CODE.items():
        folder = Path(str(package.__file__)).parent
        for path in (path for pattern in patterns for path in sorted(folder.glob(pattern))):
            text = path.read_text(encoding="utf-8")
            yield f"{path.relative_to(folder.parent)}\n{code(text) if path.suffix == '.py' else text}"


def code(text: str) -> str:
    r"""Return Python source without comments and docstrings, in one form.

    >>> code('"What it is."\nx = 1  # why\ny = "kept"')
    "x = 1\ny = 'kept'"
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [line for line in body if not _is_text(line)] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.unparse(tree)


def _is_text(line: ast.AST) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def identity(plan: Plan) -> dict[str, Any]:
    """Return what must be equal for a load to go on: files, limit, mapping, normalisation, version of this program."""
    made_by = {"mapping": mapping_hash(), "normalisation": normalisation_hash(), "tool": version("linernotes")}
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
