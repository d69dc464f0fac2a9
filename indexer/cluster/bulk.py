"""Send one body until the fate of each document is known: in the index, a duplicate, or rejected with a reason."""

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
    """What became of the documents of one body: those that are not refused are in the index, or an equal id is.

    `again` is what must be sent again, and `reason` why.
    """

    documents: int = 0
    file: str = ""
    refusals: list[Rejection] = field(default_factory=list)
    throttled: bool = False
    again: list[Body] = field(default_factory=list, repr=False)
    reason: str = ""
    disk_full: bool = False
    _errors: Counter[int] = field(default_factory=Counter, repr=False)

    @property
    def accepted(self) -> int:
        """Return how many documents were accepted."""
        return self.documents - len(self.refusals)

    def postpone(self, body: Body, reason: str, action: Action) -> None:
        """Add what must be sent again."""
        self.again.append(body)
        self.reason = reason
        self.disk_full |= action is Action.WAIT

    def refuse(self, body: Body, lines: list[bytes], item: Item) -> None:
        """Add a document that Elasticsearch refused."""
        row, document = int(body.rows[item.position]), lines[2 * item.position + 1].decode()
        self.refusals.append(Rejection(self.file, row, item.kind, item.reason, document))

    def is_hopeless(self, body: Body, item: Item) -> bool:
        """Count one more internal error for a document; tell whether it had as many as it may have."""
        row = int(body.rows[item.position])
        self._errors[row] += item.status == INTERNAL
        return self._errors[row] >= ERRORS_ALLOWED


@dataclass(frozen=True)
class BulkSender:
    """Sends bodies to one target; with `require_alias` that is an alias, so that no deleted index is made anew.

    Raises UnreachableError when no retry helps or the deadline has passed: what is left then is sent again by the next
    run.
    """

    client: Elasticsearch
    target: str
    require_alias: bool = True
    timeout_s: float = REQUEST_TIMEOUT_S
    _refused: list[str] = field(default_factory=list, repr=False)  # in a row; threads share it

    def send(self, body: Body, file: str = "") -> BulkOutcome:
        """Return what became of each document; `file` is where they are from."""
        outcome = BulkOutcome(body.count, file, again=[body])
        for attempt in policy_of(self.client).attempts():
            with attempt:
                stack, outcome.again, outcome.disk_full = outcome.again[::-1], [], False
                while stack:
                    stack.extend(self._post(stack.pop(), outcome))
                if outcome.again:
                    outcome.throttled = True
                    raise RetryableError(outcome.reason, disk_full=outcome.disk_full)
        return outcome

    def _post(self, body: Body, outcome: BulkOutcome) -> tuple[Body, ...]:
        """Post one body; return its halves if it has to be halved."""
        try:
            failed = bulk_response.read(self._bulk(body), body.count)
        except TlsError as error:
            raise UnreachableError(f"The TLS connection failed: {error.message}.") from error
        except (TransportError, UnsupportedProductError, ValueError) as error:
            outcome.postpone(body, f"no usable answer ({type(error).__name__}: {error})", Action.RETRY)
            return ()
        except ApiError as error:
            return self._refuse(body, error, outcome)
        self._refused.clear()
        self._sort_items(body, failed, outcome)
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

    def _refuse(self, body: Body, error: ApiError, outcome: BulkOutcome) -> tuple[Body, ...]:
        """Act on an error that answers the whole request; return the body's halves if it has to be halved."""
        status, why = error.status_code, reason(error.body)
        action = bulk_response.request_action(status, why)
        if action is Action.STOP:
            raise UnreachableError(f"Elasticsearch refused to index into {self.target} ({status}: {why}).")
        if action is not Action.HALVE:
            outcome.postpone(body, f"{status}: {why}", action)
            return ()
        if body.count > 1:
            return body.halves()
        self._refused.append(why)
        if len(self._refused) >= REFUSALS_ALLOWED:
            raise UnreachableError(
                f"{REFUSALS_ALLOWED} requests of one document each were refused in a row ({status}: {why}).",
                "That is not their content: see what is between this machine and Elasticsearch.",
            )
        outcome.refuse(body, body.lines(), Item(0, Action.REJECT, status, "request_refused", why))
        return ()

    def _sort_items(self, body: Body, failed: list[Item], outcome: BulkOutcome) -> None:
        again: list[Item] = []
        lines = body.lines() if failed else []  # split once: a body may hold thousands of refused documents
        for item in failed:
            if item.action is Action.CONFLICT:
                continue  # an equal or an earlier record with this id is in
            if item.action is Action.REJECT or outcome.is_hopeless(body, item):
                outcome.refuse(body, lines, item)
            elif item.action is Action.STOP:
                raise UnreachableError(f"Elasticsearch refused to index into {self.target} ({item.reason}).")
            else:
                again.append(item)
        if again:
            waits = any(item.action is Action.WAIT for item in again)
            picked = body.pick([item.position for item in again])
            outcome.postpone(picked, again[-1].reason, Action.WAIT if waits else Action.RETRY)
