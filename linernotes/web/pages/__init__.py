"""The web site: rendered on the server, complete without scripts, and more convenient with them."""

from fastapi import APIRouter

from linernotes.web.pages import developer_routes, routes
from linernotes.web.pages.developer_routes import swagger_ui
from linernotes.web.pages.rendering import Assets, error_page

__all__ = ["error_page", "router", "static", "swagger_ui"]

router = APIRouter()
router.include_router(routes.router)
router.include_router(routes.uncached_router)
router.include_router(developer_routes.router)

static = Assets()
