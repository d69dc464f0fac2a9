"""Trying again: one policy for every call to Elasticsearch, large or small.

Passing errors are tried again with growing, jittered waits until a deadline. A full disk is no passing error but a
person's work, and the person may be asleep: it is waited for as long as it takes, and said.
"""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from elastic_transport import ApiResponse, ObjectApiResponse, SerializationError, TlsError, TransportError
from elasticsearch import ApiError, UnsupportedProductError
from tenacity import RetryCallState, Retrying, retry_if_exception, wait_exponential_jitter

from indexer.answers import Action, request_action
from indexer.meter import Meter
from mappings.errors import UnreachableError

log = logging.getLogger(__name__)

T = TypeVar("T")

DEADLINE_S = 600.0
FIRST_WAIT_S, LONGEST_WAIT_S = 0.2, 15.0

NOTHING_LOST = "Nothing is lost: run the same command again and it goes on where it was."
FULL_DISK = "Elasticsearch's disk is full: the load waits, and goes on by itself when there is room again."


class NotYetError(Exception):
    """Part of the work was not accepted yet and has to be tried again."""

    def __init__(self, reason: str, *, disk_full: bool) -> None:
        super().__init__(reason)
        self.disk_full = disk_full


def is_passing(error: BaseException) -> bool:
    """Tell whether an error may pass by itself, so that another try makes sense."""
    if isinstance(error, ApiError) and not isinstance(error, UnsupportedProductError):
        return request_action(error.status_code, reason(error)) in (Action.RETRY, Action.WAIT)
    if isinstance(error, TlsError):
        return False
    return isinstance(error, TransportError | UnsupportedProductError | NotYetError)


def is_full_disk(error: BaseException | None) -> bool:
    """Tell whether an error says that Elasticsearch's disk is full."""
    if isinstance(error, ApiError):
        return request_action(error.status_code, reason(error)) is Action.WAIT
    return isinstance(error, NotYetError) and error.disk_full


@dataclass(frozen=True)
class Patience:
    """How long to try: until `deadline_s` after the first attempt, or until `stop` is set. The meter hears of it."""

    meter: Meter = field(default_factory=Meter)
    stop: threading.Event = field(default_factory=threading.Event)
    deadline_s: float = DEADLINE_S

    def __call__(self, call: Callable[[], T]) -> T:
        """Return what `call` returns, trying again while its errors are passing ones; it may be sent twice.

        Raises UnreachableError after the deadline, and at once any error that another try doesn't mend.
        """
        return self.attempts()(lambda: usable(call()))

    def attempts(self) -> Retrying:
        """Return tenacity's attempts under this policy."""
        return Retrying(
            retry=retry_if_exception(is_passing),
            wait=wait_exponential_jitter(multiplier=FIRST_WAIT_S, max=LONGEST_WAIT_S, jitter=FIRST_WAIT_S),
            stop=self._gives_up,
            sleep=self._sleep,
            before_sleep=self._tell,
            retry_error_callback=_give_up,
        )

    def _gives_up(self, state: RetryCallState) -> bool:
        if self.stop.is_set():
            return True
        return not is_full_disk(_error(state)) and (state.seconds_since_start or 0.0) > self.deadline_s

    def _sleep(self, seconds: float) -> None:
        self.stop.wait(seconds)

    def _tell(self, state: RetryCallState) -> None:
        self.meter.retried()
        error, wait = _error(state), state.next_action.sleep if state.next_action else 0.0
        if is_full_disk(error):
            self.meter.note_once(FULL_DISK)
        log.info("attempt %d: %s; again in %.1f s", state.attempt_number, error, wait)


patiently = Patience()
"""The policy for calls outside of a load."""


def whole_count(answer: ObjectApiResponse[Any]) -> int:
    """Return what was counted; raises NotYetError when a shard that nobody has at the moment is missing in the sum."""
    if failed := usable(answer)["_shards"]["failed"]:
        raise NotYetError(f"{failed} shards did not count", disk_full=False)
    return int(answer["count"])


def usable(answer: T) -> T:
    """Return an answer that Elasticsearch can have given; what a proxy says in its place is a passing error."""
    if isinstance(answer, ApiResponse) and isinstance(answer.body, str | bytes):
        raise SerializationError("the answer is no JSON")
    return answer


def _error(state: RetryCallState) -> BaseException | None:
    return state.outcome.exception() if state.outcome else None


def _give_up(state: RetryCallState) -> None:
    waited, error = state.seconds_since_start or 0.0, _error(state)
    raise UnreachableError(f"Elasticsearch took no data for {waited:.0f} s ({error}).", NOTHING_LOST) from error


def reason(error: ApiError) -> str:
    """Return the reason of an error whose body may be anything."""
    if isinstance(error.body, dict):
        detail = error.body.get("error")
        return str(detail.get("reason") if isinstance(detail, dict) else detail)
    return str(error.body)[:200]
