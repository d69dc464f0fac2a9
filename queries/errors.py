"""Translates what the client library raises into errors of one sentence."""

from collections.abc import Iterator
from contextlib import contextmanager

from elastic_transport import ConnectionTimeout, SerializationError, TransportError
from elasticsearch import ApiError

from mappings.errors import InputError, LinernotesError, UnreachableError
from queries.retry import NODE_LEAVING, TRANSIENT_STATUSES, PartError, error_type

NOTHING_LOADED = ("Nothing is loaded yet.", "Run: linernotes load, or linernotes demo")
"""What is said then, and what to do."""

_MISSING_INDEX = "index_not_found_exception"
_REFUSED = (401, 403)
_TOO_MANY_REQUESTS = 429


class NothingLoadedError(InputError):
    """Nothing is behind the alias, or there is no alias."""


class SlowError(UnreachableError):
    """Elasticsearch is there, but has too much to do: it didn't answer in time, or refused."""


class DeadlineError(SlowError):
    """A question took longer than it may, and was cancelled."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The answer took longer than {seconds:g} s, so the search was ended.", "Ask for less.")


class AbandonedError(UnreachableError):
    """Nobody waits for the answer any more, so no further request is sent for it."""

    def __init__(self) -> None:
        super().__init__("The search was ended, as nobody waits for its answer any more.")


@contextmanager
def translated_errors() -> Iterator[None]:
    """Raise LinernotesError, in one sentence, for what the client library raises."""
    try:
        yield
    except LinernotesError:  # translated where more was known, such as whose rights were missing
        raise
    except ConnectionTimeout as error:
        raise SlowError("Elasticsearch didn't answer in time.", "Ask again, or for less.") from error
    except SerializationError as error:  # a proxy between us and Elasticsearch answered
        raise _error(503, str(error.message)) from error
    except TransportError as error:
        raise UnreachableError(
            f"Elasticsearch can't be reached ({error.message}).", "See: linernotes doctor"
        ) from error
    except ApiError as error:
        raise _error(error.status_code, error.body) from error
    except PartError as error:
        raise _error(error.status, error.body) from error


def _error(status: int, body: object) -> LinernotesError:
    kind, reason = error_type(body)
    if kind == _MISSING_INDEX:
        return NothingLoadedError(*NOTHING_LOADED)
    if status in _REFUSED:
        return UnreachableError(
            f"Elasticsearch rejected the credentials ({status}).", "Check the LINERNOTES_ credentials."
        )
    if status in TRANSIENT_STATUSES or kind in NODE_LEAVING:
        error = SlowError if status == _TOO_MANY_REQUESTS else UnreachableError
        return error(f"Elasticsearch can't answer just now ({status}, {kind}).", "Ask again in a while.")
    return LinernotesError(f"Elasticsearch refused a search ({status}, {kind}: {reason}).", "This is a bug: report it.")
