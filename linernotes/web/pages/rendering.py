"""Templates: everything that comes from data or people is escaped, wherever it stands."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from linernotes.web.kept import VARY
from linernotes.web.pages import names, words
from linernotes.web.pages.assets import asset
from mappings.cards import PRESENCE_IS_NO_PROOF

NAVIGATION = (
    ("/check", "Check a catalogue"),
    ("/datasets", "Data sets"),
    ("/overlap", "Overlap"),
    ("/stats", "Statistics"),
    ("/about", "About"),
)

PART = "content"
"""What a script asks for instead of a whole page, and the block of a template that it gets."""

_LONGEST_TITLE = 100


def coded(text: str) -> Markup:
    """Return a text of ours with what stands between backticks as code.

    >>> coded("Write `none`.")
    Markup('Write <code>none</code>.')
    """
    pieces = (f"<code>{escape(piece)}</code>" if n % 2 else escape(piece) for n, piece in enumerate(text.split("`")))
    return Markup("").join(Markup(piece) for piece in pieces)  # noqa: S704 - each piece is escaped above


def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("linernotes.web.pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.globals.update(
        asset=asset, navigation=NAVIGATION, presence=PRESENCE_IS_NO_PROOF, tracks=words.tracks, number=words.number
    )
    made.filters.update(shown=names.shown, typed=names.typed, number=words.number, coded=coded)
    made.globals["ui"] = made.get_template("macros.html.jinja").module
    return made


_TEMPLATES: dict[str, Template] = {
    name: template
    for environment in (_environment(),)
    for name in environment.list_templates(filter_func=lambda name: name.endswith(".jinja"))
    for template in (environment.get_template(name),)
}
"""Compiled when the server starts, and never again."""


def page(
    request: Request, template: str, *, title: str, status: int = HTTPStatus.OK, headers: dict[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:  # fmt: skip
    """Return a page made of a template; the inside of its `main` only where a script asks for that.

    `title` may be any text, also from people. Templates have it, `path` and the context.
    """
    name = names.shown(title, _LONGEST_TITLE)
    values = {"title": name, "path": request.url.path, "q": "", "in_place": False, **context}
    found = _TEMPLATES[template]
    if request.headers.get(VARY) != PART:
        return HTMLResponse(found.render(values), status, headers)
    body = "".join(found.blocks[PART](found.new_context(values)))
    return HTMLResponse(body, status, {**(headers or {}), "x-title": quote(f"{name} – linernotes")})
