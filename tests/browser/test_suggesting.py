"""Suggestions as somebody types: chosen by keyboard, by mouse, by touch, and never in the way."""

from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Request, Route, expect

import queries
from tests.browser.conftest import Open
from tests.browser.reading import number
from tests.browser.site import Site

TYPED = "john"
ASKING = "**/api/v1/suggest*"


def suggested(page: Page, typed: str = TYPED, name: str = "Suggestions") -> None:
    page.locator("#q").press_sequentially(typed)
    expect(page.get_by_role("listbox", name=name)).to_be_visible()


def test_artists_and_titles_with_their_counts(visit: Open, site: Site) -> None:
    page = visit("/")
    suggested(page)
    found = site.searcher.suggest(queries.suggest_request(TYPED, size=6))
    artists = page.get_by_role("group", name="Artists").get_by_role("option")
    titles = page.get_by_role("group", name="Titles").get_by_role("option")
    expect(artists).to_have_count(len(found.artists))
    expect(titles).to_have_count(len(found.titles))
    assert artists.locator(".suggestion-name").all_inner_texts() == [one.name for one in found.artists]
    assert [number(text) for text in artists.locator(".suggestion-note").all_inner_texts()] == [
        one.count for one in found.artists
    ]
    status = f"Artists: {len(found.artists)}, Titles: {len(found.titles)}. Use the up and down arrows to choose."
    expect(page.locator("#status")).to_contain_text(status)


def test_by_keyboard(visit: Open) -> None:
    page = visit("/")
    field, options = page.get_by_role("combobox"), page.get_by_role("option")
    suggested(page)
    expect(field).to_have_attribute("aria-expanded", "true")
    active = page.locator("[role=option][aria-selected=true]")
    expect(active).to_have_count(0)
    field.press("ArrowDown")
    assert field.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    expect(options.first).to_have_attribute("aria-selected", "true")
    field.press("ArrowUp")
    expect(active).to_have_count(0)
    field.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    field.press("Home")
    expect(active).to_have_count(0)
    assert field.evaluate("field => field.selectionStart") == 0
    field.press("End")
    assert field.evaluate("field => field.selectionStart") == len(TYPED)
    field.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(field).to_have_value(TYPED)
    expect(field).to_have_attribute("aria-expanded", "false")
    field.press("ArrowDown")
    expect(options.first).to_be_visible()
    field.press("ArrowDown")
    name = options.first.locator(".suggestion-name").inner_text()
    field.press("Enter")
    page.wait_for_url("**/artist?*")
    expect(page.get_by_role("heading", level=1)).to_contain_text(name)


def test_a_title_is_searched(visit: Open) -> None:
    page = visit("/")
    suggested(page)
    page.locator("#q").press("ArrowUp")
    name = page.get_by_role("option").last.locator(".suggestion-name").inner_text()
    page.locator("#q").press("Enter")
    page.wait_for_url("**/search?*")
    expect(page.locator("#q")).to_have_value(name)
    expect(page.locator("#hits .hit").first).to_contain_text(name)


def test_by_mouse_and_by_touch(visit: Open) -> None:
    page = visit("/")
    suggested(page)
    page.get_by_role("option").nth(1).click()
    page.wait_for_url("**/artist?*")
    phone = visit("/", has_touch=True, is_mobile=True, viewport={"width": 390, "height": 844})
    suggested(phone)
    box = phone.get_by_role("option").first.bounding_box()
    assert box
    assert box["height"] >= 24
    phone.get_by_role("option").first.tap()
    phone.wait_for_url("**/artist?*")


def test_enter_and_tab_are_the_fields_own(visit: Open) -> None:
    page = visit("/")
    suggested(page)
    page.locator("#q").press("Tab")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.locator("#q")).not_to_be_focused()
    page.locator("#q").focus()
    page.locator("#q").press("Enter")
    page.wait_for_url(f"**/search?q={TYPED}")


def test_stale_answers_are_dropped(visit: Open) -> None:
    page = visit("/")
    held: list[Route] = []
    failed: list[Request] = []
    page.on("requestfailed", lambda request: failed.append(request))

    def hold(route: Route) -> None:
        """Keep the first question on its way until it is of no use."""
        if held:
            route.continue_()
        else:
            held.append(route)

    page.route(ASKING, hold)
    with page.expect_request(ASKING):
        page.locator("#q").press_sequentially("j")
    with page.expect_response(ASKING):
        page.locator("#q").press_sequentially("ohn denver")
    expect(page.get_by_role("option").first).to_contain_text("John Denver")
    assert [_asked(request) for request in failed] == ["j"]
    held[0].abort()


def test_letters_that_are_being_composed_are_left_alone(visit: Open) -> None:
    page = visit("/")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(_asked(request)) if "/suggest?" in request.url else None)
    page.clock.install()
    keyboard = page.context.new_cdp_session(page)
    page.locator("#q").focus()
    for text in ("x", "xk", "xki"):
        keyboard.send("Input.imeSetComposition", {"text": text, "selectionStart": len(text), "selectionEnd": len(text)})
        page.clock.run_for(1000)
    assert not asked
    with page.expect_response(ASKING):
        keyboard.send("Input.insertText", {"text": "кино"})
        page.clock.run_for(1000)
    assert asked == ["кино"]
    expect(page.locator("#q")).to_have_value("кино")


def test_a_server_that_refuses_is_no_obstacle(visit: Open) -> None:
    page = visit("/")
    page.route(ASKING, lambda route: route.fulfill(status=429))
    with page.expect_response(ASKING):
        page.locator("#q").press_sequentially(TYPED)
    expect(page.locator("#suggestions")).to_be_hidden()
    page.locator("#q").press("Enter")
    page.wait_for_url(f"**/search?q={TYPED}")


def _asked(request: Request) -> str:
    return parse_qs(urlsplit(request.url).query)["q"][0]


def test_in_another_language(visit: Open) -> None:
    page = visit("/?lang=de")
    suggested(page, name="Vorschläge")
    expect(page.get_by_role("group", name="Interpreten").get_by_role("option").first).to_be_visible()
    expect(page.locator("#status")).to_contain_text("Auswahl mit den Pfeiltasten")
    page.locator("#q").press("ArrowDown")
    page.locator("#q").press("Enter")
    page.wait_for_url("**lang=de**")
    assert page.locator("html").get_attribute("lang") == "de"
