"""What the documentation says of the code is what the code says, and its links lead somewhere."""

import re
from pathlib import Path

import pytest

from linernotes.cli import docs

PROJECT = Path(__file__).parents[2]
READMES = sorted(path for path in PROJECT.rglob("README.md") if ".venv" not in path.parts)
GUIDES = [*READMES, *(PROJECT / f"{name}.md" for name in ("ARCHITECTURE", "CHANGELOG", "CONTRIBUTING"))]
GUIDES += sorted(path for path in PROJECT.glob("docs/**/*.md") if path.name != "README.md")


@pytest.mark.parametrize("marker", docs.TABLES)
def test_tables_are_those_of_the_code(marker: str) -> None:
    name, make = docs.TABLES[marker]
    text = (PROJECT / name).read_text()
    assert f"<!-- {marker} -->" in text
    assert docs.filled(text, marker, make()) == text, "run: make docs"


@pytest.mark.parametrize("path", GUIDES, ids=lambda path: str(path.relative_to(PROJECT)))
def test_links_lead_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", path.read_text()):
        assert (path.parent / target).exists(), target


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


def test_the_readme_is_one_screen_with_a_picture() -> None:
    text = (PROJECT / "README.md").read_text()
    assert len(text.splitlines()) <= 60
    (picture,) = re.findall(r"!\[.+\]\((.+)\)", text)
    assert (PROJECT / picture).stat().st_size < 300_000


@pytest.mark.parametrize("path", sorted((PROJECT / "docs" / "pictures").glob("*.png")), ids=lambda path: path.stem)
def test_pictures_are_small_taken_by_the_program_and_shown(path: Path) -> None:
    assert path.stat().st_size < 300_000
    assert f'"{path.name}"' in (PROJECT / "tests" / "browser" / "pictures.py").read_text()
    assert any(f"pictures/{path.name})" in page.read_text() for page in GUIDES)
