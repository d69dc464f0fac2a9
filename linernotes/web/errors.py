"""What this server refuses, beside the problems of the other layers; each with the status of its answer."""

from collections.abc import Mapping
from http import HTTPStatus

from mappings.errors import CheckFailedError, InputError, LinernotesError, UnreachableError
from queries.errors import NothingLoadedError

TOO_OFTEN = HTTPStatus.TOO_MANY_REQUESTS
TOO_LARGE = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
TOO_LONG = HTTPStatus.REQUEST_URI_TOO_LONG


class NotThereError(InputError):
    """What an address names isn't there."""


class TooMuchError(InputError):
    """More was sent than is taken."""


class ForeignError(InputError):
    """A page of another site sent this."""


class NotYetError(InputError):
    """What an address names will be there later, or can't be there any more."""


class WrongKindError(InputError):
    """What was sent is of a kind that isn't taken."""


STATUS: Mapping[type[LinernotesError], HTTPStatus] = {
    InputError: HTTPStatus.BAD_REQUEST,
    UnreachableError: HTTPStatus.SERVICE_UNAVAILABLE,
    NothingLoadedError: HTTPStatus.SERVICE_UNAVAILABLE,
    CheckFailedError: HTTPStatus.SERVICE_UNAVAILABLE,
    NotThereError: HTTPStatus.NOT_FOUND,
    TooMuchError: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    ForeignError: HTTPStatus.FORBIDDEN,
    NotYetError: HTTPStatus.CONFLICT,
    WrongKindError: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
