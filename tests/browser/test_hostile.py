"""Rows of markup, scripts, formulas and direction marks are shown as text; nothing of them is run or obeyed."""

from playwright.sync_api import Page, expect

from linernotes.output.terminal import visible
from tests.browser.conftest import Open
from tests.browser.hostile import NAMES, WORD
from tests.browser.measures import wider
from tests.browser.pages import address

SHOWN = 60
"""Characters of a name that every list shows, and enough to know it by."""

HANDLERS = "[onerror], [onload], [onmouseover], [onfocus]"
OBEYED = ("\u202e", "\u202c", "\u2066", "\u2069", "\x07", "\x1b", "\u2028", "\u0085")


def harmless(page: Page, within: str = "#content") -> None:
    """Nothing of a name became part of the page."""
    text = page.locator(within).inner_text()
    assert not [character for character in OBEYED if character in text]
    made = page.locator(f"{within} :is(img, script, iframe, :is(b, i):has-text('{WORD}'), {HANDLERS})")
    assert made.count() == 0
    hrefs = page.locator("a").evaluate_all("all => all.map(a => a.getAttribute('href') || '')")
    assert not [href for href in hrefs if not href.startswith(("/", "#", "?", "https://", "http://"))]
    assert not [href for href in hrefs if "evil.invalid" in href and not href.startswith("/")]
    assert not wider(page)


def names(page: Page, selector: str) -> list[str]:
    """Return the names in a list, as text and cut."""
    return [_cut(text) for text in page.locator(selector).all_inner_texts()]


def _cut(text: str) -> str:
    return " ".join(text.split())[:SHOWN].strip().rstrip("…").strip()


EXPECTED = {kind: _cut(visible(name)) for kind, name in NAMES.items()}


def test_in_results(visit: Open) -> None:
    for query in ({"q": WORD}, {"q": WORD, "group": "recording"}, {"q": WORD, "sort": "year"}):
        page = visit(address("/search", **query))
        assert set(EXPECTED.values()) <= set(names(page, "#hits .hit h3"))
        harmless(page)
        for heading in page.locator("#hits .hit h3").all():
            heading.hover()


def test_on_its_own_page(visit: Open) -> None:
    page = visit()
    for kind, name in NAMES.items():
        page.goto(f"/tracks/free-music-archive:hostile-{kind}")
        assert EXPECTED[kind] in " ".join(page.locator("#content").inner_text().split())
        assert len(page.title()) < 200
        harmless(page)
        # The whole of it stands there, too.
        assert len(page.locator("#content").inner_text()) > len(name)


def test_on_an_artists_page(visit: Open) -> None:
    page = visit()
    for kind in NAMES:
        page.goto(address("/artist", name=f"{WORD} {kind}"))
        expect(page.get_by_role("heading", level=1)).to_contain_text(kind)
        assert EXPECTED[kind] in " ".join(page.locator("#content").inner_text().split())
        harmless(page)
    for kind in ("markup", "script", "attribute", "template", "formula", "override"):
        page.goto(address("/artist", name=NAMES[kind]))
        harmless(page)


def test_in_suggestions(visit: Open) -> None:
    page = visit("/")
    page.locator("#q").press_sequentially(WORD)
    expect(page.get_by_role("option").first).to_be_visible()
    shown = names(page, ".suggestion-name")
    assert any(name.startswith("<") or "<" in name for name in shown)
    harmless(page, "#suggestions")


def test_what_is_asked_is_shown_as_text(visit: Open) -> None:
    page = visit()
    for name in NAMES.values():
        page.goto(address("/search", q=name[:1500]))
        harmless(page)
        page.goto(address("/search", q=WORD, artist=f"\\{name[:200]}"))
        harmless(page)


def test_in_lists_and_numbers(visit: Open) -> None:
    page = visit()
    for path in ("/facets/artist", "/facets/genre_path", "/stats", "/overlap"):
        page.goto(address(path, q=WORD))
        harmless(page)
