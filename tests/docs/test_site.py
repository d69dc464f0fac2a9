"""The documentation site: built without a warning, whole, and loading nothing from elsewhere."""

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

pytestmark = pytest.mark.slow

PROJECT = Path(__file__).parents[2]
LOADS = {"src", "srcset", "poster", "data", "background"}
"""Attributes whose address a browser loads by itself; `href` only of a `link`."""


@dataclass
class Page(HTMLParser):
    """What a page loads, links to, and can be linked to at."""

    loads: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    anchors: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value for name, value in attrs if value}
        self.loads += [value for name, value in given.items() if name in LOADS or (tag, name) == ("link", "href")]
        self.links += [given["href"]] if tag == "a" and "href" in given else []
        self.anchors |= {given[name] for name in ("id", "name") if name in given}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of the site, as `make site` builds it."""
    folder = tmp_path_factory.mktemp("site")
    options = ("--fail-on-warning", "--keep-going", "--quiet", "--doctree-dir", str(folder / "doctrees"))
    command = [sys.executable, "-m", "sphinx", *options, "-c", "docs", ".", str(folder / "site")]
    built = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (built.returncode, built.stderr) == (0, "")
    return folder / "site"


@pytest.fixture(scope="module")
def pages(site: Path) -> Mapping[Path, Page]:
    return {path: _read(path) for path in site.rglob("*.html")}


def _read(path: Path) -> Page:
    page = Page()
    page.feed(path.read_text())
    return page


def test_every_document_is_a_page(site: Path, pages: Mapping[Path, Page]) -> None:
    expected = [*PROJECT.glob("docs/**/*.md"), *(PROJECT / f"{name}.md" for name in ("ARCHITECTURE", "CHANGELOG"))]
    for path in expected:
        assert site / path.relative_to(PROJECT).with_suffix(".html") in pages
    assert len(pages) > 50


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: Mapping[Path, Page]) -> None:
    for path, page in pages.items():
        for address in page.loads:
            assert not urlsplit(address).netloc, f"{path}: {address}"
    for style in site.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", style.read_text()), style


def test_links_lead_to_pages_and_their_parts(site: Path, pages: Mapping[Path, Page]) -> None:
    for path, page in pages.items():
        for target, fragment in _inner(path, page):
            assert target.is_relative_to(site)
            assert target.exists(), f"{path.relative_to(site)}: {target.relative_to(site)}"
            if fragment and target in pages:
                assert fragment in pages[target].anchors, f"{path.relative_to(site)}: #{fragment}"


def _inner(path: Path, page: Page) -> Iterator[tuple[Path, str]]:
    """Yield the files and anchors in the site that a page links to."""
    for link in page.links:
        parts = urlsplit(link)
        if parts.scheme or parts.netloc:
            continue
        yield (path.parent / unquote(parts.path)).resolve() if parts.path else path, unquote(parts.fragment)
