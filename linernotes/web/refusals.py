"""What this server refuses, beside the problems of the other layers; each with the status of its answer."""

from collections.abc import Mapping
from http import HTTPStatus

from mappings.problems import CheckProblem, InputProblem, Problem, UnreachableProblem
from queries.loaded import NothingLoadedProblem

TOO_OFTEN = HTTPStatus.TOO_MANY_REQUESTS
TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
TOO_LONG = HTTPStatus.REQUEST_URI_TOO_LONG


class NotThereProblem(InputProblem):
    """What an address names isn't there."""


class TooMuchProblem(InputProblem):
    """More was sent than is taken."""


class ForeignProblem(InputProblem):
    """A page of another site sent this."""


class NotYetProblem(InputProblem):
    """What an address names will be there later, or can't be there any more."""


class WrongKindProblem(InputProblem):
    """What was sent is of a kind that isn't taken."""


STATUS: Mapping[type[Problem], HTTPStatus] = {
    InputProblem: HTTPStatus.BAD_REQUEST,
    UnreachableProblem: HTTPStatus.SERVICE_UNAVAILABLE,
    NothingLoadedProblem: HTTPStatus.SERVICE_UNAVAILABLE,
    CheckProblem: HTTPStatus.SERVICE_UNAVAILABLE,
    NotThereProblem: HTTPStatus.NOT_FOUND,
    TooMuchProblem: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ForeignProblem: HTTPStatus.FORBIDDEN,
    NotYetProblem: HTTPStatus.CONFLICT,
    WrongKindProblem: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
