"""Rendering: templates, static files, and the error page."""

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

from linernotes.web.errors import ProblemResponse
from linernotes.web.pages import display_text, labels
from linernotes.web.services.response_cache import NO_CACHE, PART_HEADER
from mappings.cards import PRESENCE_IS_NO_PROOF

FOLDER = Path(__file__).parents[1] / "static"
FOREVER = "public, max-age=31536000, immutable"


def _digest() -> str:
    """Return 12 hex digits of all files together, so that modules which import each other change address at once."""
    content = hashlib.sha256()
    for path in sorted(path for path in FOLDER.rglob("*") if path.is_file()):
        content.update(path.name.encode() + b"\0" + path.read_bytes())
    return content.hexdigest()[:12]


ASSETS_VERSION = f"v-{_digest()}"


def asset(name: str) -> str:
    """Return the address of a file, which changes with the content, so that browsers can cache it for ever.

    >>> asset("app.css").endswith("/app.css")
    True
    """
    return f"/static/{ASSETS_VERSION}/{name}"


class Assets(StaticFiles):
    """The files, with or without a version before their names; only the current version is cached for long."""

    def __init__(self, **options: Any) -> None:
        super().__init__(directory=FOLDER, **options)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return a file; an address with an older version gives the current file."""
        first, _, rest = path.partition("/")
        response = await super().get_response(rest if first.startswith("v-") and rest else path, scope)
        response.headers["cache-control"] = FOREVER if first == ASSETS_VERSION else NO_CACHE["cache-control"]
        return response


NAVIGATION = (
    ("/check", "Check a catalogue"),
    ("/datasets", "Data sets"),
    ("/overlap", "Overlap"),
    ("/stats", "Statistics"),
    ("/about", "About"),
)

PART = "content"
"""What a script requests instead of a whole page, and the template block that it gets."""

_MAX_TITLE = 100


def coded(text: str) -> Markup:
    """Return a text of ours with code between backticks as HTML.

    >>> coded("Write `none`.")
    Markup('Write <code>none</code>.')
    """
    pieces = (f"<code>{escape(piece)}</code>" if n % 2 else escape(piece) for n, piece in enumerate(text.split("`")))
    return Markup("").join(Markup(piece) for piece in pieces)  # noqa: S704 - each piece is escaped above


def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("linernotes.web"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.globals.update(
        asset=asset, navigation=NAVIGATION, presence=PRESENCE_IS_NO_PROOF, tracks=labels.tracks, number=labels.number
    )
    environment.filters.update(shown=display_text.shown, typed=display_text.typed, number=labels.number, coded=coded)
    environment.globals["ui"] = environment.get_template("macros.html.jinja").module
    return environment


_TEMPLATES: dict[str, Template] = {
    name: template
    for environment in (_environment(),)
    for name in environment.list_templates(filter_func=lambda name: name.endswith(".jinja"))
    for template in (environment.get_template(name),)
}
"""Compiled when the server starts, and never again."""


def page(
    request: Request,
    template: str,
    *,
    title: str,
    status: int = HTTPStatus.OK,
    headers: Mapping[str, str] | None = None,
    **context: Any,
) -> HTMLResponse:
    """Return a page rendered from a template; only the inside of its `main` where a script requests that.

    `title` may be any text, also from users. Templates get it, `path` and the context.
    """
    name = display_text.shown(title, _MAX_TITLE)
    values = {"title": name, "path": request.url.path, "q": "", "in_place": False, **context}
    compiled = _TEMPLATES[template]
    if request.headers.get(PART_HEADER) != PART:
        return HTMLResponse(compiled.render(values), status, dict(headers or {}))
    body = "".join(compiled.blocks[PART](compiled.new_context(values)))
    return HTMLResponse(body, status, {**(headers or {}), "x-title": quote(f"{name} – linernotes")})


HEADINGS: Mapping[int, str] = {
    400: "Invalid request",
    403: "Request refused",
    404: "Page not found",
    405: "Method not allowed",
    409: "Not available",
    413: "Upload too large",
    414: "Address too long",
    415: "Upload type not accepted",
    429: "Too many requests",
    500: "Something went wrong",
    503: "Search is temporarily unavailable",
}

RETRYABLE = frozenset({429, 500, 503})
"""After these the same address may work later."""

_MAX_MESSAGE = 600


def error_page(request: Request, problem: ProblemResponse, headers: Mapping[str, str]) -> Response:
    """Return a page that says what is wrong and what to do."""
    retry = _local_address(request) if problem.status in RETRYABLE and request.method == "GET" else None
    wait = headers.get("retry-after", "")
    return page(
        request,
        "error.html.jinja",
        title=HEADINGS.get(problem.status, problem.status.phrase),
        status=problem.status,
        headers=headers,
        code=int(problem.status),
        message=display_text.shown(problem.message, _MAX_MESSAGE),
        hint=display_text.shown(problem.hint, _MAX_MESSAGE),
        retry=retry,
        wait=wait if wait not in problem.hint else "",
        text=display_text.shown(request.query_params.get("q", "")[:300]),
    )


def _local_address(request: Request) -> str:
    """Return the requested address within this server: with two slashes at its beginning it would name another one."""
    query = f"?{request.url.query}" if request.url.query else ""
    return "/" + request.url.path.lstrip("/\\") + query
