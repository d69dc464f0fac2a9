"""From the field on the front to the results that somebody wanted."""

from dataclasses import dataclass

from playwright.sync_api import Page, Route, expect

import queries
from tests.browser.conftest import Open
from tests.browser.reading import counted, counts, in_place, titles, total
from tests.browser.site import Site

TEXT = "love"


def checked(page: Page, facet: str, value: str) -> None:
    """Choose a value of a facet in place."""
    with in_place(page):
        page.locator(f"fieldset[data-facet={facet}] input[value='{value}']").check()


def agree(page: Page, site: Site, text: str, **filters: list[str]) -> None:
    """A page's total, titles and counts are the searcher's."""
    answer = site.search(text, **filters)
    assert total(page) == answer.total.value
    assert len(titles(page)) == len(answer.hits)
    for facet in ("dataset", "genre", "licence", "commercial_use", "language"):
        shown = counts(page, facet)
        assert shown or not answer.facets[facet].buckets
        expected = counted(answer.facets[facet]) | {"none": answer.facets[facet].missing}
        assert shown.items() <= expected.items(), facet


def test_one_field_on_the_front_finds(visit: Open, site: Site) -> None:
    page = visit("/")
    field = page.get_by_role("combobox")
    expect(field).to_be_focused()
    field.fill(TEXT)
    field.press("Enter")
    page.wait_for_url("**/search?q=love")
    agree(page, site, TEXT)
    expect(page.locator("#q")).to_have_value(TEXT)
    assert TEXT in page.title()
    assert {mark.lower() for mark in page.locator("#hits mark").all_inner_texts()} >= {TEXT}


def test_two_values_of_one_facet_and_one_of_another(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    checked(page, "genre", "rock")
    agree(page, site, TEXT, genre=["rock"])
    checked(page, "genre", "country")
    agree(page, site, TEXT, genre=["rock", "country"])
    checked(page, "dataset", "spotify-tracks-dataset")
    agree(page, site, TEXT, genre=["rock", "country"], dataset=["spotify-tracks-dataset"])
    expect(page.locator("input[value='spotify-tracks-dataset']")).to_be_focused()
    expect(page.locator("#status")).to_have_text(page.locator("#total").inner_text().strip())
    assert page.locator(".chip").count() >= 3


def test_chips_take_filters_off(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}&genre=rock&genre=country")
    with in_place(page):
        page.locator(".chip", has_text="rock").click()
    agree(page, site, TEXT, genre=["country"])
    assert "rock" not in page.url


def test_values_can_be_excluded_and_missing(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}&genre=-rock")
    agree(page, site, TEXT, genre=["-rock"])
    page = visit(f"/search?q={TEXT}&genre=none")
    agree(page, site, TEXT, genre=["none"])


@dataclass(frozen=True)
class Years:
    """A third of the years that are drawn, and where on the screen they begin and end: not in the bars' middle."""

    first: int
    last: int
    start: tuple[float, float]
    end: tuple[float, float]


def middle_third(page: Page, site: Site) -> Years:
    """Return the middle third; a bar's middle is its year's place, and years lie at equal distances."""
    years = [int(bucket.value) for bucket in site.search(TEXT).facets["year"].buckets]
    first, last = years[len(years) // 3], years[2 * len(years) // 3]
    page.locator("#years").scroll_into_view_if_needed()
    bars = [page.locator("#years .bar").first, page.locator("#years .bar").last]
    (low, left), (high, right) = ((int(bar.get_attribute("data-year") or 0), bar.bounding_box()) for bar in bars)
    assert left
    assert right
    step, begin = (right["x"] - left["x"]) / (high - low), left["x"] + left["width"] / 2
    y = left["y"] + left["height"] - 2
    return Years(first, last, (begin + (first - low - 0.4) * step, y), (begin + (last - low + 0.4) * step, y))


def test_a_range_of_years_by_drag(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    years = middle_third(page, site)

    def drag() -> None:
        page.mouse.move(*years.start)
        page.mouse.down()
        page.mouse.move(*years.end, steps=4)
        expect(page.locator("#years .selection")).to_be_visible()
        expect(page.locator("[name=year_from]")).to_have_value(str(years.first))
        expect(page.locator("[name=year_to]")).to_have_value(str(years.last))

    drag()
    page.keyboard.press("Escape")
    expect(page.locator("#years .selection")).to_have_count(0)
    expect(page.locator("[name=year_from]")).not_to_have_value(str(years.first))
    page.mouse.up()
    drag()
    with in_place(page):
        page.mouse.up()
    assert f"year={years.first}..{years.last}" in page.url
    agree(page, site, TEXT, year=[f"{years.first}..{years.last}"])


def test_a_range_of_years_by_finger(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.locator("#narrow summary").tap()
    years = middle_third(page, site)
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    with in_place(page):
        touch("touchStart", years.start)
        for part in (0.2, 0.5, 0.8, 1):
            touch("touchMove", (years.start[0] + part * (years.end[0] - years.start[0]), years.start[1]))
        touch("touchEnd")
    assert f"year={years.first}..{years.last}" in page.url


def test_a_bar_is_a_year(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    top = max(site.search(TEXT).facets["year"].buckets, key=lambda bucket: bucket.count).value
    with in_place(page):
        page.locator(f"#years .bar[data-year='{top}']").click()
    agree(page, site, TEXT, year=[str(top)])


def test_back_and_forward_restore_results(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    checked(page, "genre", "rock")
    checked(page, "genre", "country")
    with in_place(page):
        page.go_back(wait_until="commit")
    agree(page, site, TEXT, genre=["rock"])
    expect(page.locator("input[value=country]")).not_to_be_checked()
    with in_place(page):
        page.go_back(wait_until="commit")
    agree(page, site, TEXT)
    with in_place(page):
        page.go_forward(wait_until="commit")
    agree(page, site, TEXT, genre=["rock"])
    expect(page.locator("input[value=rock]")).to_be_checked()
    # Another document, and back: the whole page is there, not the part that was fetched last.
    page.goto("/about")
    page.go_back()
    agree(page, site, TEXT, genre=["rock"])
    expect(page.locator("#q")).to_have_value(TEXT)


def test_an_address_can_be_shared(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    checked(page, "genre", "rock")
    checked(page, "dataset", "spotify-tracks-dataset")
    other = visit(page.url)
    agree(other, site, TEXT, genre=["rock"], dataset=["spotify-tracks-dataset"])
    assert titles(other) == titles(page)
    assert other.title() == page.title()
    assert other.locator("#filters").inner_text() == page.locator("#filters").inner_text()


def test_the_next_page(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    seen = titles(page)
    page.get_by_role("link", name="Next page").scroll_into_view_if_needed()
    with in_place(page):
        page.locator("a[rel=next]").click()
    assert page.evaluate("scrollY") == 0
    expect(page.locator("#content")).to_be_focused()
    asked = queries.request(TEXT, size=20, after=site.search(TEXT).next)
    assert len(titles(page)) == len(site.searcher.search(asked).hits)
    assert titles(page) != seen
    with in_place(page):
        page.go_back(wait_until="commit")
    assert titles(page) == seen
    assert page.evaluate("scrollY") > 0


def test_one_row_for_each_recording(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    with in_place(page):
        page.get_by_role("link", name="Recordings").click()
    assert "group=recording" in page.url
    answer = site.searcher.search(queries.request(TEXT, size=20, group="recording"))
    assert answer.recordings
    assert page.locator("#hits .hit").count() == len(answer.hits)


def test_another_order(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    with in_place(page):
        page.get_by_role("link", name="Newest").click()
    assert "sort=year" in page.url


def test_an_empty_result_helps(visit: Open, site: Site) -> None:
    page = visit("/search?q=metallicaa")
    assert site.search("metallicaa").did_you_mean
    with in_place(page):
        page.locator("#content").get_by_role("link", name="metallica", exact=False).first.click()
    assert total(page) > 0
    page = visit("/search?q=love&genre=jazz&year=1901")
    assert total(page) == 0
    page.locator("#content").get_by_role("link", name="year", exact=False).first.click()


def test_filters_on_a_phone_stay_open(visit: Open) -> None:
    page = visit(f"/search?q={TEXT}", viewport={"width": 390, "height": 844}, has_touch=True)
    page.locator("#narrow summary").tap()
    checked(page, "genre", "rock")
    checked(page, "genre", "country")


def test_a_text_is_sent_by_whoever_wrote_it(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "x-part" in request.headers else None)
    page.locator("#q").fill("awol")
    page.locator("#q").press("Tab")
    assert page.locator("#q").input_value() == "awol"
    checked(page, "genre", "rock")
    agree(page, site, TEXT, genre=["rock"])
    assert len(asked) == 1
    page.locator("#q").fill("awol")
    with in_place(page):
        page.locator("#q").press("Enter")
    agree(page, site, "awol")
    expect(page.locator("#q")).to_have_value("awol")


def test_another_tab_is_another_tab(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")
    with page.context.expect_page() as opened:
        page.locator(".ways").get_by_role("link", name="Newest").click(modifiers=["Control"])
    opened.value.wait_for_url("**sort=year*")
    assert "sort=year" not in page.url
    assert total(opened.value) == total(page)


def test_what_fails_in_place_is_followed_plainly(visit: Open, site: Site) -> None:
    page = visit(f"/search?q={TEXT}")

    def lose(route: Route) -> None:
        """Lose each question for a part."""
        if "x-part" in route.request.headers:
            route.fulfill(status=429)
        else:
            route.continue_()

    page.route("**/search?*", lose)
    page.locator("fieldset[data-facet=genre] input[value=rock]").check()
    page.wait_for_url("**genre=rock*", wait_until="load")
    agree(page, site, TEXT, genre=["rock"])
