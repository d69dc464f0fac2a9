"""The documentation site: Sphinx reads the project's Markdown where it lies. `make site` builds it.

Each page has one place in the navigation: `docs/index.md` lists the first level, and a README has the READMEs of the
folders below it under itself, so that a new one needs no entry here.
"""

from importlib.metadata import version as version_of
from pathlib import Path

from sphinx.application import Sphinx

PROJECT = Path(__file__).parents[1]

project = "linernotes"
version = release = version_of("linernotes")
author = "the linernotes project"
project_copyright = author
html_title = f"linernotes {release}"
language = "en"

extensions = ["myst_parser", "sphinx.ext.autodoc"]
root_doc = "docs/index"
include_patterns = ["docs/**", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "**/README.md"]
exclude_patterns = [".*", "**/.*", "build", "dist", "README.md", "docs/conf.py", "docs/redirect.html"]

myst_heading_anchors = 3
default_role = "literal"  # docstrings write `name`, as Markdown does
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
python_maximum_signature_line_length = 88
highlight_language = "none"
pygments_style = "default"
pygments_dark_style = "github-dark"

html_theme = "furo"
html_favicon = "../linernotes/web/static/icon.svg"
html_static_path = ["site.css"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False
html_last_updated_fmt = None
templates_path = ["."]
html_additional_pages = {"index": "redirect.html"}


def children(page: str) -> list[str]:
    """Return the pages that stand below one in the navigation.

    >>> children("docs/decisions/README")[0]
    '/docs/decisions/0001-first-record-wins'
    """
    own = Path(page)
    if page == "docs/decisions/README":
        return [f"/docs/decisions/{path.stem}" for path in sorted(PROJECT.glob("docs/decisions/0*.md"))]
    if page != "ARCHITECTURE" and own.name != "README":
        return []
    known = {path.parent.relative_to(PROJECT) for path in PROJECT.rglob("README.md") if not _is_hidden(path)}
    parent = None if page == "ARCHITECTURE" else own.parent
    below = (folder for folder in sorted(known) if _parent(folder, known) == parent)
    elsewhere = {Path(), Path("benchmarks"), Path("docs/decisions"), Path("mappings")}
    return [f"/{folder}/README" for folder in below if folder not in elsewhere]


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") or part in ("build", "dist") for part in path.relative_to(PROJECT).parts)


def _parent(folder: Path, known: set[Path]) -> Path | None:
    """Return the nearest folder above that has a README of its own, other than the project's."""
    return next((each for each in folder.parents if each in known and each != Path()), None)


def append_navigation(app: Sphinx, page: str, source: list[str]) -> None:  # noqa: ARG001 - as Sphinx calls it
    """Append the pages below one to its text: the files stay plain Markdown for those who read them elsewhere."""
    if below := children(page):
        source[0] += "\n\n```{toctree}\n:hidden:\n\n" + "\n".join(below) + "\n```\n"


def setup(app: Sphinx) -> None:
    """Connect what the pages need."""
    app.connect("source-read", append_navigation)
