"""Calls that are tried again: the small ones, to the ledger, the rejected records and the indices themselves."""

from collections.abc import Callable
from typing import TypeVar

from elastic_transport import ApiResponse, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, UnsupportedProductError
from tenacity import RetryCallState, Retrying, retry_if_exception, stop_after_delay, wait_exponential_jitter

from indexer.answers import Action, request_action
from mappings.problems import UnreachableProblem

T = TypeVar("T")

DEADLINE_S = 600.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 15.0

NOTHING_LOST = "Nothing is lost: run the same command again and it goes on where it was."


def is_passing(error: BaseException) -> bool:
    """Tell whether an error may pass by itself, so that another try makes sense."""
    if isinstance(error, ApiError) and not isinstance(error, UnsupportedProductError):
        return request_action(error.status_code, reason(error)) in (Action.RETRY, Action.WAIT)
    return isinstance(error, TransportError | UnsupportedProductError) and not isinstance(error, TlsError)


def patiently(call: Callable[[], T], deadline_s: float = DEADLINE_S) -> T:
    """Return what `call` returns, trying again while its errors are passing ones.

    The call must be one that may be sent twice. Raises UnreachableProblem after the deadline, and at once for an
    error that no retry mends, unless it is an answer (a 4xx) that the caller has to act on.
    """
    retrying = Retrying(
        retry=retry_if_exception(is_passing),
        wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S),
        stop=stop_after_delay(deadline_s),
        retry_error_callback=_give_up,
    )
    return retrying(lambda: _usable(call()))


def _usable(answer: T) -> T:
    """Return an answer that Elasticsearch can have given; what a proxy says in its place is a passing error."""
    if isinstance(answer, ApiResponse) and isinstance(answer.body, str | bytes):
        raise SerializationError("the answer is no JSON")
    return answer


def _give_up(state: RetryCallState) -> None:
    error = state.outcome.exception() if state.outcome else None
    waited = state.seconds_since_start or 0.0
    raise UnreachableProblem(f"Elasticsearch did not answer for {waited:.0f} s ({error}).", NOTHING_LOST) from error


def reason(error: ApiError) -> str:
    """Return the reason of an error whose body may be anything."""
    if isinstance(error.body, dict):
        detail = error.body.get("error")
        return str(detail.get("reason") if isinstance(detail, dict) else detail)
    return str(error.body)[:200]
