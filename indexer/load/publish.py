"""From a built index to one in service: sums, gates, notes, swap. The same for a load, an update and a reindex.

    built --sums--> ready --gates--> notes in _meta --swap, canary--> current          (each step may be done twice)
              `--> failed    `--> failed (or forced, with a reason)

Killed between any two steps, the next run of the same command does them all again: none changes what is right already.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from elasticsearch import ApiError, Elasticsearch, TransportError

from indexer import checks
from indexer.checks import Candidate, Gate, GateError, Thresholds
from indexer.checks.sample import Sampler
from indexer.cluster import audit_log, indices, ledger
from indexer.cluster.aliases import swap
from indexer.cluster.audit_log import AuditLog
from indexer.cluster.diagnostics import ensure_swappable
from indexer.cluster.lease import Lease
from indexer.cluster.ledger import Ledger
from indexer.cluster.progress import Progress
from indexer.cluster.retry import policy_of
from indexer.cluster.watchlist import Watched, Watchlist
from mappings.errors import UnreachableError
from mappings.index_names import Generation


@dataclass(frozen=True)
class Finished:
    """How it ended: all gates, which were forced, what the alias was on before, what became of watched artists."""

    gates: list[Gate]
    forced: list[str]
    before: list[Generation]
    moved: bool
    watched: list[Watched] = field(default_factory=list)


@dataclass(frozen=True)
class Finisher:
    """Puts one generation into service, or leaves everything as it is. `force` is the reason to pass closed gates."""

    client: Elasticsearch
    lease: Lease
    thresholds: Thresholds = field(default_factory=Thresholds)
    force: str = ""

    def run(self, candidate: Candidate, source: Sampler, plan: Mapping[str, Any]) -> Finished:
        """Ask the gates and swap; `plan` is written into the ledger's record and the index's `_meta`.

        Raises GateError (a gate is closed; the generation is `failed` and the alias where it was), CheckFailedError
        (something keeps the alias from being moved, or the lease was lost).
        """
        generation = candidate.generation
        status = ensure_swappable(self.client, generation.prefix, generation.dataset)
        load_ledger = Ledger(self.client, generation.prefix)
        current = status.current if status.current != generation else None
        asked, forced = self._pass(load_ledger, candidate, current, source, plan)
        notes = dict(plan) | {"gates": [asdict(gate) for gate in asked], "finished": _now()}
        notes |= {"forced": {"reason": self.force, "gates": forced}} if forced else {}
        indices.note(self.client, generation, state=ledger.CURRENT, **notes)
        self.lease.check()
        before = swap(self.client, generation, status.aliased)
        self._tell_swap(generation, before, forced)
        load_ledger.close(generation, ledger.CURRENT, notes)
        watched = self._compare_watched(before, generation)
        return Finished(asked, forced, before, before != [generation], watched)

    def _pass(
        self,
        load_ledger: Ledger,
        candidate: Candidate,
        current: Generation | None,
        source: Sampler,
        plan: Mapping[str, Any],
    ) -> tuple[list[Gate], list[str]]:
        generation = candidate.generation
        gates = checks.counted(candidate)
        try:
            checks.decide(generation, gates)
            load_ledger.close(generation, ledger.READY, dict(plan))
            indices.serve(self.client, generation)
            gates = checks.check(self.client, candidate, current, source, self.thresholds)
            forced = checks.decide(generation, gates, self.force)
        except GateError as problem:
            self._fail(load_ledger, generation, plan, problem)
            raise
        passed = len(gates) - len(forced)
        self._write(generation, audit_log.GATES, f"{passed} of {len(gates)} gates passed", gates=_rows(gates))
        return gates, forced

    def _fail(self, load_ledger: Ledger, generation: Generation, plan: Mapping[str, Any], problem: GateError) -> None:
        failed = [gate.name for gate in problem.gates if not gate.passed]
        indices.note(self.client, generation, state=ledger.FAILED, gates=_rows(problem.gates))
        self._write(generation, audit_log.FAILED, f"did not pass: {', '.join(failed)}", gates=_rows(problem.gates))
        load_ledger.close(generation, ledger.FAILED, dict(plan) | {"failed": failed, "gates": _rows(problem.gates)})

    def _tell_swap(self, to: Generation, before: list[Generation], forced: list[str]) -> None:
        names = " and ".join(entry.index for entry in before if entry != to)
        if forced:
            text = f"{', '.join(forced)} forced: {self.force}"
            self._write(to, audit_log.FORCED, text, reason=self.force, gates=forced)
        self._write(to, audit_log.SWAPPED, f"from {names or 'no generation'} to {to.index}", before=names or None)

    def _compare_watched(self, before: list[Generation], to: Generation) -> list[Watched]:
        if before == [to]:
            return []
        watchlist = Watchlist(self.client, to.prefix)
        with noting_failure(policy_of(self.client).progress, to, "watched artists could not be compared"):
            return watchlist.compare(before[-1] if before else None, to)
        return []

    def _write(self, generation: Generation, event: str, text: str, **details: Any) -> None:
        AuditLog(self.client, generation.prefix).write(generation, event, text, **details)


@contextmanager
def noting_failure(progress: Progress, generation: Generation, failure: str) -> Iterator[None]:
    """Tell of errors instead of raising them: a generation that is in service stays there, whatever follows."""
    try:
        yield
    except (ApiError, TransportError, UnreachableError) as error:
        progress.note(f"{generation.index} is in service, but {failure}: {error}.")


def partial_reason(meta: Mapping[str, Any]) -> str:
    """Return why a generation is known to be a part of its data set only, told by its notes; empty for a whole one.

    >>> partial_reason({"limit": 100}), partial_reason({"sample": True}), partial_reason({"limit": None})
    ('--limit 100', 'sample rows', '')
    """
    if meta.get("sample"):
        return "sample rows"
    return f"--limit {meta['limit']}" if meta.get("limit") else ""


def _rows(gates: list[Gate]) -> list[dict[str, Any]]:
    return [asdict(gate) for gate in gates]


def _now() -> str:
    return datetime.now(UTC).isoformat()
