"""What the READMEs say of the code is what the code says."""

import re
from pathlib import Path

import pytest

from linernotes import docs

PROJECT = Path(__file__).parents[2]
READMES = sorted(path for path in PROJECT.rglob("README.md") if ".venv" not in path.parts)


@pytest.mark.parametrize("marker", docs.TABLES)
def test_tables_are_those_of_the_code(marker: str) -> None:
    name, make = docs.TABLES[marker]
    text = (PROJECT / name).read_text()
    assert f"<!-- {marker} -->" in text
    assert docs.filled(text, marker, make()) == text, "run: make docs"


@pytest.mark.parametrize("path", READMES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


GUIDES = [*READMES, PROJECT / "ARCHITECTURE.md", PROJECT / "CONTRIBUTING.md"]
MODULES = [path.relative_to(PROJECT).as_posix() for path in PROJECT.rglob("*.py") if ".venv" not in path.parts]


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_modules_that_are_named_are_there(path: Path) -> None:
    for named in re.findall(r"(?<![\w/.])[\w/]+\.py\b", path.read_text()):
        assert any(f"/{module}".endswith(f"/{named}") for module in MODULES), named


@pytest.mark.parametrize("folder", ["mappings", "indexer", "queries"])
def test_each_module_is_named_in_its_folders_readme(folder: str) -> None:
    text = (PROJECT / folder / "README.md").read_text()
    for module in (PROJECT / folder).glob("*.py"):
        assert module.name == "__init__.py" or module.name in text, module.name
