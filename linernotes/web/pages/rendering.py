"""Rendering: templates, static files, and the error page."""

import hashlib
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, Template
from markupsafe import Markup, escape
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from linernotes import i18n
from linernotes.catalogue import reasons
from linernotes.catalogue.report import embedded
from linernotes.i18n import N_, gettext
from linernotes.output import templates
from linernotes.output.terminal import web_address
from linernotes.web.errors import ProblemResponse
from linernotes.web.pages import display_text, labels, language, urls
from linernotes.web.pages.links import absolute_address, language_links, page_links, robots_headers
from linernotes.web.services.response_cache import NO_CACHE
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
    ("/check", N_("Check a catalogue")),
    ("/datasets", N_("Data sets")),
    ("/companies", N_("Companies")),
    ("/overlap", N_("Overlap")),
    ("/stats", N_("Statistics")),
    ("/what-now", N_("What now?")),
    ("/about", N_("About")),
)

HEADLINE = N_("Is your music in the data sets behind AI?")
DESCRIPTION = N_("Search the public data sets of music that AI models have been or can be trained on.")

_MAX_TITLE = 100


def coded(text: str) -> Markup:
    """Return a text of ours with code between backticks as HTML.

    >>> coded("Write `none`.")
    Markup('Write <code>none</code>.')
    """
    pieces = (f"<code>{escape(piece)}</code>" if n % 2 else escape(piece) for n, piece in enumerate(text.split("`")))
    return Markup("").join(Markup(piece) for piece in pieces)  # noqa: S704 - each piece is escaped above


def _environment() -> Environment:
    environment = templates.environment("linernotes.web")
    environment.globals.update(
        asset=asset,
        navigation=NAVIGATION,
        presence=lambda: gettext(PRESENCE_IS_NO_PROOF),
        tracks=labels.tracks,
        number=labels.number,
        share=labels.share,
        facet_label=labels.facet,
        to=urls.to,
        languages=i18n.LANGUAGES,
        chosen_language=language.chosen,
    )
    environment.filters.update(
        translated=i18n.lookup,
        reason=reasons.translated,
        shown=display_text.shown,
        typed=display_text.typed,
        number=labels.number,
        coded=coded,
        json=lambda value: embedded(orjson.dumps(value).decode()),
    )
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

    `title` may be any text, also from users. Templates get it, `path`, `address` and the context.
    """
    name = display_text.shown(title, _MAX_TITLE)
    values = {
        "title": name,
        "path": request.url.path,
        "description": gettext(DESCRIPTION),
        "contact": contact_link(request.app.state.options.contact),
        "data_block": None,
        "feeds": (),
        "q": "",
        "in_place": False,
        **context,
    }
    all_headers = {**robots_headers(request), **(headers or {})}
    compiled = _TEMPLATES[template]
    if language.is_part(request):
        body = "".join(compiled.blocks[language.PART](compiled.new_context(values)))
        return HTMLResponse(body, status, {**all_headers, "x-title": quote(f"{name} – linernotes")})
    values |= {
        "address": absolute_address(request),
        "links": tuple(page_links(request)) if status == HTTPStatus.OK else (),
        "other_languages": language_links(request),
    }
    return HTMLResponse(compiled.render(values), status, all_headers)


def contact_link(contact: str) -> tuple[str, str] | None:
    """Return label and address of the operator's contact; None where none is set.

    >>> contact_link("music@example.org"), contact_link("")
    (('music@example.org', 'mailto:music@example.org'), None)
    >>> contact_link("https://example.org")
    ('https://example.org', 'https://example.org')
    """
    if not contact:
        return None
    if address := web_address(contact):
        return contact, address
    return contact, f"mailto:{quote(contact, safe='@+')}" if "@" in contact and " " not in contact else ""


HEADINGS: Mapping[int, str] = {
    400: N_("Invalid request"),
    403: N_("Request refused"),
    404: N_("Page not found"),
    405: N_("Method not allowed"),
    408: N_("Upload too slow"),
    409: N_("Not available"),
    413: N_("Upload too large"),
    414: N_("Address too long"),
    415: N_("Upload type not accepted"),
    429: N_("Too many requests"),
    500: N_("Something went wrong"),
    503: N_("Search is temporarily unavailable"),
}

RETRYABLE = frozenset({429, 500, 503})
"""After these the same address may work later."""

_MAX_MESSAGE = 600


def error_page(request: Request, problem: ProblemResponse, headers: Mapping[str, str]) -> Response:
    """Return a page that says what is wrong and what to do, in the visitor's language."""
    with language.of(request):
        return _error_page(request, problem, headers)


def _error_page(request: Request, problem: ProblemResponse, headers: Mapping[str, str]) -> Response:
    retry = _local_address(request) if problem.status in RETRYABLE and request.method == "GET" else None
    wait = headers.get("retry-after", "")
    return page(
        request,
        "error.html.jinja",
        title=gettext(HEADINGS.get(problem.status, problem.status.phrase)),
        status=problem.status,
        headers=headers,
        code=int(problem.status),
        message=display_text.shown(i18n.lookup(problem.message), _MAX_MESSAGE),
        hint=display_text.shown(i18n.lookup(problem.hint), _MAX_MESSAGE),
        retry=retry,
        wait=wait if wait not in problem.hint else "",
        text=display_text.shown(request.query_params.get("q", "")[:300]),
    )


def _local_address(request: Request) -> str:
    """Return the requested address within this server: with two slashes at its beginning it would name another one."""
    query = f"?{request.url.query}" if request.url.query else ""
    return "/" + request.url.path.lstrip("/\\") + query
