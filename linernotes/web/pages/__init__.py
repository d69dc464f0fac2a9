"""The web site: rendered on the server, complete without scripts, and more convenient with them."""

from fastapi import APIRouter

from linernotes.web.pages import routes
from linernotes.web.pages.rendering import Assets, error_page

__all__ = ["error_page", "router", "static"]

router = APIRouter()
router.include_router(routes.router)
router.include_router(routes.uncached_router)

static = Assets()
