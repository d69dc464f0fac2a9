"""What holds for every page: it loads whole, everybody can use it, on any screen, in both themes.

That no page asks another host or writes an error to the console is watched in every test.
"""

import pytest
from playwright.sync_api import Page, Response, expect

from tests.browser.conftest import Open
from tests.browser.measures import COLOURS, NARROW, SMALLEST, WIDE, inline, moving, violations, wider
from tests.browser.pages import IN_LANGUAGES, PAGES, WRONG
from tests.browser.reading import in_place

FIRST_PAINT = 100_000
"""Bytes, unpacked."""


EVERY = {**PAGES, **IN_LANGUAGES}


@pytest.mark.parametrize(("name", "path"), EVERY.items(), ids=EVERY.keys())
def test_every_page(visit: Open, name: str, path: str) -> None:
    page = visit("about:blank", viewport=NARROW, color_scheme="light")
    _loads_whole(page, path, WRONG.get(name, 200))
    _is_for_everybody(page)
    _fits(page)


def _loads_whole(page: Page, path: str, status: int) -> None:
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(path)
    first, *others = answers
    assert first.status == status
    assert {answer.status for answer in others} <= {200}
    assert not page.context.cookies()
    assert page.title()
    assert page.locator("h1").count() == 1
    assert "unsafe" not in first.headers["content-security-policy"]
    assert not inline(page)


def _is_for_everybody(page: Page) -> None:
    assert not violations(page)
    page.emulate_media(color_scheme="dark")
    assert not violations(page, COLOURS)
    page.set_viewport_size(WIDE)
    assert not violations(page)
    page.emulate_media(color_scheme="light")
    assert not violations(page, COLOURS)


def _fits(page: Page) -> None:
    page.set_viewport_size(SMALLEST)
    assert not wider(page)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert not wider(page)


def test_suggestions_and_what_was_swapped(visit: Open) -> None:
    page = visit("/", viewport=SMALLEST)
    page.locator("#q").press_sequentially("zyxquorl")
    expect(page.get_by_role("option").first).to_be_visible()
    page.locator("#q").press("ArrowDown")
    assert not wider(page)
    assert not violations(page)
    page.emulate_media(color_scheme="dark")
    assert not violations(page, COLOURS)
    page = visit(PAGES["results"])
    with in_place(page):
        page.locator("fieldset[data-facet=genre] input").first.check()
    assert not violations(page)


@pytest.mark.parametrize("name", ["results", "grouped", "hostile"])
def test_the_first_paint_of_results_is_small(visit: Open, name: str) -> None:
    page = visit("about:blank")
    answers: list[Response] = []
    page.on("response", lambda answer: answers.append(answer))
    page.goto(PAGES[name], wait_until="networkidle")
    sizes = {answer.url: len(answer.body()) for answer in answers}
    sent = [answer.request.sizes() for answer in answers]
    assert {"document", "stylesheet", "script"} <= {answer.request.resource_type for answer in answers}
    assert sum(sizes.values()) < FIRST_PAINT, sizes
    assert sum(size["responseBodySize"] + size["responseHeadersSize"] for size in sent) < sum(sizes.values())


def test_nothing_moves_where_motion_is_not_wanted(visit: Open) -> None:
    page = visit(PAGES["results"], reduced_motion="reduce")
    assert not moving(page)
