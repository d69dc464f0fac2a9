"""Parameters that an endpoint doesn't know are refused: a filter that is misspelt would find everything."""

from fastapi import Request, params
from fastapi.dependencies.utils import get_flat_params
from fastapi.routing import APIRoute

from linernotes import arguments


async def refuse(request: Request) -> None:
    """Raise InputError, with the nearest name, for a parameter that the endpoint doesn't know."""
    route = request.scope.get("route")
    if isinstance(route, APIRoute) and request.query_params:
        own = get_flat_params(route.dependant)
        known = [parameter.alias for parameter in own if isinstance(parameter.field_info, params.Query)]
        for given in request.query_params:
            arguments.one_of("parameter", given, known)
