"""What a page is measured by: axe-core, its width, what it moves, what it was sent as."""

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]  # it has no stubs
from playwright.sync_api import Page, ViewportSize

NARROW: ViewportSize = {"width": 390, "height": 844}
WIDE: ViewportSize = {"width": 1440, "height": 900}
SMALLEST: ViewportSize = {"width": 320, "height": 640}

COLOURS = ("color-contrast", "link-in-text-block")
"""Rules about what a theme changes: a document, its order and its sizes are the same in both."""

_AXE = Axe()

_VIOLATIONS = """async options => (await axe.run(document, options)).violations.flatMap(({id, nodes}) =>
    nodes.map(({html, failureSummary}) => `${id}: ${html.slice(0, 200)} ${failureSummary}`))"""

_WIDER = """() => {
    const room = document.documentElement.clientWidth;
    const width = document.documentElement.scrollWidth;
    const beyond = [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > room + 1);
    const named = beyond.map(e => `${e.localName}.${e.getAttribute("class")} ${e.textContent.slice(0, 40)}`);
    return width <= room ? [] : [`${width} of ${room}`, ...named.slice(0, 8)];
}"""

_INLINE = r"""async () => {
    const text = await fetch(location).then(answer => answer.text());
    const all = [...new DOMParser().parseFromString(text, "text/html").querySelectorAll("*")];
    const data = e => /^application\/(ld\+)?json$/.test(e.getAttribute("type"));
    const inside = e => e.localName === "style" || (e.localName === "script" && !e.hasAttribute("src") && !data(e));
    const runs = ({name, value}) => /^(on|style$)/.test(name)
        || (/^(href|src|action)$/.test(name) && /^(javascript|data):/i.test(value));
    return [...all.filter(inside), ...all.flatMap(e => [...e.attributes]).filter(runs)].map(each => each.nodeName);
}"""

_MOVING = """() => [...document.querySelectorAll("*")].filter(e => {
    const style = getComputedStyle(e);
    const longest = list => Math.max(...list.split(",").map(parseFloat));
    return longest(style.transitionDuration) > 0.01 || longest(style.animationDuration) > 0.01
        || style.scrollBehavior === "smooth";
}).map(e => e.outerHTML.slice(0, 100))"""


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Return what axe-core finds by some rules, or by all of them, best practices included."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_AXE.axe_script)
    chosen = {"runOnly": list(rules)} if rules else {}
    found: list[str] = page.evaluate(_VIOLATIONS, {"resultTypes": ["violations"], **chosen})
    return found


def wider(page: Page) -> list[str]:
    """Return what makes a page scroll sideways; nothing if it doesn't."""
    found: list[str] = page.evaluate(_WIDER)
    return found


def inline(page: Page) -> list[str]:
    """Return what a page as it was sent has of scripts, styles and handlers within it."""
    found: list[str] = page.evaluate(_INLINE)
    return found


def moving(page: Page) -> list[str]:
    """Return what moves, or would."""
    found: list[str] = page.evaluate(_MOVING)
    return found
