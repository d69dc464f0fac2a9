"""Send one body until the fate of each document is known: in the index, a duplicate, or rejected with a reason."""

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from elastic_transport import TlsError, TransportError
from elasticsearch import ApiError, Elasticsearch, UnsupportedProductError

from indexer.cluster import bulk_response
from indexer.cluster.bulk_response import Action, Item
from indexer.cluster.retry import RetryableError, policy_of, reason, sending_once
from indexer.documents.bulk_body import Body
from indexer.records import Rejection
from mappings.errors import UnreachableError

INTERNAL = 500
ANSWER = "errors,items.*.status,items.*.error.type,items.*.error.reason,items.*.error.caused_by.reason"
REQUEST_TIMEOUT_S = 120.0

ERRORS_ALLOWED = 5
"""Answers of 500 to one document, after which it is rejected: what fails so often fails by its content."""

REFUSALS_ALLOWED = 10
"""Single documents in a row whose requests were refused, without one accepted in between. Then it is not their content,
but something between here and Elasticsearch, and the next million would be refused too."""


@dataclass
class BulkOutcome:
    """What became of the documents of one body: those that are not refused are in the index, or an equal id is."""

    documents: int = 0
    file: str = ""
    refusals: list[Rejection] = field(default_factory=list)
    throttled: bool = False
    _errors: Counter[int] = field(default_factory=Counter, repr=False)

    @property
    def accepted(self) -> int:
        """Return how many documents were accepted."""
        return self.documents - len(self.refusals)

    def refuse(self, body: Body, lines: list[bytes], item: Item) -> None:
        """Add a document that Elasticsearch refused."""
        document = lines[2 * item.position + 1].decode()
        self.refusals.append(Rejection(self.file, _row(body, item), item.kind, item.reason, document))

    def is_hopeless(self, row: int) -> bool:
        """Count one more internal error for a document; tell whether it had as many as it may have."""
        self._errors[row] += 1
        return self._errors[row] >= ERRORS_ALLOWED


@dataclass
class _Round:
    """One pass over what is left: what must be sent again, and why."""

    again: list[Body] = field(default_factory=list)
    reason: str = ""
    disk_full: bool = False

    def postpone(self, body: Body, reason: str, action: Action) -> None:
        self.again.append(body)
        self.reason = reason
        self.disk_full |= action is Action.WAIT


@dataclass(frozen=True)
class BulkSender:
    """Sends bodies to one target; with `require_alias` that is an alias, so that no deleted index is made anew.

    Raises UnreachableError when no retry helps or the deadline has passed: what is left then is sent
    again by the next run.
    """

    client: Elasticsearch
    target: str
    require_alias: bool = True
    timeout_s: float = REQUEST_TIMEOUT_S
    _refused: "_InARow" = field(default_factory=lambda: _InARow(), repr=False)

    def send(self, body: Body, file: str = "") -> BulkOutcome:
        """Return what became of each document; `file` is where they are from."""
        outcome, left = BulkOutcome(body.count, file), [body]
        for attempt in policy_of(self.client).attempts():
            with attempt:
                now = self._pass(left, outcome)
                left = now.again
                if left:
                    outcome.throttled = True
                    raise RetryableError(now.reason, disk_full=now.disk_full)
        return outcome

    def _pass(self, bodies: list[Body], outcome: BulkOutcome) -> _Round:
        """Post each body once, halving those that are too large."""
        now, stack = _Round(), list(reversed(bodies))
        while stack:
            stack.extend(self._post(stack.pop(), outcome, now))
        return now

    def _post(self, body: Body, outcome: BulkOutcome, now: _Round) -> tuple[Body, ...]:
        """Post one body; return its halves if it has to be halved."""
        try:
            failed = bulk_response.read(self._bulk(body), body.count)
        except TlsError as error:
            raise UnreachableError(f"The TLS connection failed: {error.message}.") from error
        except (TransportError, UnsupportedProductError, ValueError) as error:
            now.postpone(body, f"no usable answer ({type(error).__name__}: {error})", Action.RETRY)
            return ()
        except ApiError as error:
            return self._refuse(body, error, outcome, now)
        self._refused.clear()
        self._sort_items(body, failed, outcome, now)
        return ()

    @cached_property
    def _once(self) -> Elasticsearch:
        # One for all requests: the client makes its forty namespaces anew for each set of options. `send` retries.
        return sending_once(self.client).options(request_timeout=self.timeout_s)

    def _bulk(self, body: Body) -> Mapping[str, Any]:
        encoded: list[Any] = [body.body]
        answer = self._once.bulk(
            operations=encoded, index=self.target, require_alias=self.require_alias, filter_path=ANSWER
        )
        if not isinstance(answer.body, dict):
            raise ValueError("the answer is no JSON object")
        return answer.body

    def _refuse(self, body: Body, error: ApiError, outcome: BulkOutcome, now: _Round) -> tuple[Body, ...]:
        """Act on an error that answers the whole request."""
        status, why = error.status_code, reason(error.body)
        action = bulk_response.request_action(status, why)
        if action is Action.STOP:
            raise UnreachableError(f"Elasticsearch refused to index into {self.target} ({status}: {why}).")
        if action is not Action.HALVE:
            now.postpone(body, f"{status}: {why}", action)
            return ()
        if body.count > 1:
            return body.halves()
        if self._refused.add() >= REFUSALS_ALLOWED:
            raise UnreachableError(
                f"{REFUSALS_ALLOWED} requests of one document each were refused in a row ({status}: {why}).",
                "That is not their content: see what is between this machine and Elasticsearch.",
            )
        outcome.refuse(body, body.lines(), Item(0, Action.REJECT, status, "request_refused", why))
        return ()

    def _sort_items(self, body: Body, failed: list[Item], outcome: BulkOutcome, now: _Round) -> None:
        again: list[Item] = []
        lines = body.lines() if failed else []  # split once: a body may hold thousands of refused documents
        for item in failed:
            if item.action is Action.CONFLICT:
                continue  # an equal or an earlier record with this id is in
            if item.action is Action.REJECT or (item.status == INTERNAL and outcome.is_hopeless(_row(body, item))):
                outcome.refuse(body, lines, item)
            elif item.action is Action.STOP:
                raise UnreachableError(f"Elasticsearch refused to index into {self.target} ({item.reason}).")
            else:
                again.append(item)
        if again:
            waits = any(item.action is Action.WAIT for item in again)
            picked = body.pick([item.position for item in again])
            now.postpone(picked, again[-1].reason, Action.WAIT if waits else Action.RETRY)


class _InARow:
    """Counts what happens without a break; threads share it."""

    def __init__(self) -> None:
        self._count, self._lock = 0, threading.Lock()

    def add(self) -> int:
        with self._lock:
            self._count += 1
            return self._count

    def clear(self) -> None:
        self._count = 0


def _row(body: Body, item: Item) -> int:
    return int(body.rows[item.position])
