"""Pages for those who write programs: the API, its interactive documentation, its problems; and `robots.txt`."""

from fastapi import APIRouter, Request, Response
from starlette.staticfiles import StaticFiles

from linernotes.i18n import gettext
from linernotes.web.errors import PROBLEM_TYPES, PROBLEMS_PATH, NotFoundError
from linernotes.web.middleware.public_api import origin_of
from linernotes.web.pages.language import PageRoute
from linernotes.web.pages.links import ROBOTS
from linernotes.web.pages.rendering import page
from linernotes.web.pages.views.api_docs import endpoints, filter_parameters

router = APIRouter(route_class=PageRoute, include_in_schema=False)

swagger_ui = StaticFiles(packages=[("fastapi_offline", "static")])
"""Swagger UI's own files, from a package that has them; nothing of its code runs here."""


@router.get("/api")
async def api(request: Request) -> Response:
    """Show the OpenAPI document, with commands for the host of this request."""
    document = request.app.openapi()
    host = origin_of(request)
    return page(
        request,
        "api.html.jinja",
        title=gettext("API"),
        endpoints=tuple(endpoints(document, host)),
        filters=filter_parameters(document),
        host=host,
    )


@router.get("/api/docs")
async def interactive_api(request: Request) -> Response:
    """Show the OpenAPI document in Swagger UI, from which each endpoint can be tried."""
    return page(request, "swagger.html.jinja", title="Interactive API documentation")


@router.get(PROBLEMS_PATH)
async def problems(request: Request) -> Response:
    """Show all kinds of problems that the API answers with."""
    return page(request, "problems.html.jinja", title="Problems of the API", problems=PROBLEM_TYPES)


@router.get(f"{PROBLEMS_PATH}/{{name}}")
async def problem(request: Request, name: str) -> Response:
    """Show one kind of problem: its address is the `type` of an error."""
    if name not in PROBLEM_TYPES:
        raise NotFoundError(gettext("There is no such problem."), gettext("See /problems."))
    return page(request, "problems.html.jinja", title=PROBLEM_TYPES[name].title, problems={name: PROBLEM_TYPES[name]})


@router.get("/robots.txt")
async def robots() -> Response:
    """Tell crawlers what to leave alone."""
    return Response(ROBOTS, media_type="text/plain")
