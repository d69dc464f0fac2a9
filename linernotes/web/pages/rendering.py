"""Files that pages load: served by us, under an address that changes with their content, so browsers keep them."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup, escape
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from linernotes.web.pages import labels, names
from linernotes.web.services.service import VARY
from mappings.cards import PRESENCE_IS_NO_PROOF

FOLDER = Path(__file__).with_name("static")
FOREVER = "public, max-age=31536000, immutable"


def _digest() -> str:
    """Return 12 hex digits of all files together, so that modules which import each other change address at once."""
    content = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]


EDITION = f"v-{_digest()}"


def asset(name: str) -> str:
    """Return the address of a file; what it imports by `./` has the same edition.

    >>> asset("app.css").endswith("/app.css")
    True
    """
    return f"/static/{EDITION}/{name}"


class Assets(StaticFiles):
    """The files, with and without an edition before their names; only the present edition is kept for long."""

    def __init__(self, **options: Any) -> None:
        super().__init__(directory=FOLDER, **options)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; an address of an older edition answers with the present file."""
        first, _, rest = path.partition("/")
        response = await super().get_response(rest if first.startswith("v-") and rest else path, scope)
        response.headers["cache-control"] = FOREVER if first == EDITION else "no-cache"
        return response


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
        asset=asset, navigation=NAVIGATION, presence=PRESENCE_IS_NO_PROOF, tracks=labels.tracks, number=labels.number
    )
    made.filters.update(shown=names.shown, typed=names.typed, number=labels.number, coded=coded)
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


HEADINGS: Mapping[int, str] = {
    400: "That can’t be asked",
    404: "Nothing is here",
    405: "Not this way",
    413: "That is too much",
    429: "Slow down a little",
    500: "Something broke here",
    503: "The search can’t answer just now",
}

AGAIN = frozenset({429, 500, 503})
"""After these the same address may work later."""

_LONGEST = 600


def error_page(request: Request, status: HTTPStatus, message: str, hint: str, headers: Mapping[str, str]) -> Response:
    """Return a page that says what is wrong and what to do."""
    heading = HEADINGS.get(status, status.phrase)
    again = _address(request) if status in AGAIN and request.method == "GET" else None
    return page(
        request,
        "error.html.jinja",
        title=heading,
        status=status,
        headers=dict(headers),
        code=int(status),
        message=names.shown(message, _LONGEST),
        hint=names.shown(hint, _LONGEST),
        again=again,
        wait=wait if (wait := headers.get("retry-after", "")) not in hint else "",
        text=names.shown(request.query_params.get("q", "")[:300]),
    )


def _address(request: Request) -> str:
    """Return the address that was asked, within this server: two slashes at its begin would name another one."""
    query = f"?{request.url.query}" if request.url.query else ""
    return "/" + request.url.path.lstrip("/\\") + query
