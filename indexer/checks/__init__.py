"""What must hold before searchers see a generation?

A gate checks one thing, and says what it saw and what is allowed. All are evaluated, so that one run shows
everything that is wrong; the alias moves when all have passed, or when somebody gives a reason to go on nevertheless.

| gate | what must hold |
|---|---|
| totals | all records of the source files were read, and each is accounted for |
| documents | the index holds as many documents as there are distinct ids |
| rejected | few records were rejected |
| change | the new generation is not much smaller or larger than the current one, and has most of its tracks |
| fill rates | no field is filled in far fewer documents than in the current one |
| mapping | the index has the fields and the analysis of the field table |
| sample | documents equal what their source files say, read again |
| golden queries | searches for what must be in this data set have hits |

The first two can't be forced: they are the promise that nothing is lost; only another load helps.
"""

from collections.abc import Collection

from elasticsearch import Elasticsearch

from indexer.checks import index, sample
from indexer.checks.gate import NOTHING, Candidate, Gate, Thresholds, change, documents, rejected, totals
from mappings.errors import CheckFailedError
from mappings.index_names import Generation

UNFORCEABLE = frozenset({"totals", "documents"})
"""Gates that no reason opens."""

RELATIVE = frozenset({"rejected", "change", "fill rates", "golden queries"})
"""Gates that compare with something else than the source: a generation that failed only these is complete, and may
be checked again with other bounds, or forced, without being built again."""

__all__ = ["RELATIVE", "UNFORCEABLE", "Candidate", "Gate", "GateError", "Thresholds", "check", "counted", "decide"]


class GateError(CheckFailedError):
    """A gate did not open; `gates` has all of them. Exit code 5."""

    def __init__(self, generation: Generation, gates: Collection[Gate]) -> None:
        self.generation, self.gates = generation, list(gates)
        failed = [gate for gate in gates if not gate.passed]
        can_force = not any(gate.name in UNFORCEABLE for gate in failed)
        what = "did not pass" if can_force else "does not add up"
        seen = "; ".join(f"{gate.name}: {gate.seen} (allowed: {gate.allowed})" for gate in failed)
        hint = _hint(generation, {gate.name for gate in failed}) if can_force else "Load it again."
        if any(gate.seen.startswith(NOTHING) for gate in failed):
            hint = f"See why with: linernotes rejected list {generation.dataset}"
        super().__init__(f"{generation.index} {what}: {seen}. The alias did not move.", hint)


def _hint(generation: Generation, failed: Collection[str]) -> str:
    """Return how closed gates are passed that may be: one that has a bound by raising it, the others with a reason."""
    only = next(iter(failed)) if len(failed) == 1 else ""
    option = {"change": "--max-change", "rejected": "--max-rejected"}.get(only)
    bound = f"{option} N, with N above the per cent seen, or with " if option else ""
    first = f"See why with: linernotes rejected list {generation.dataset}. " if "rejected" in failed else ""
    return f"{first}If this is as it should be, run the same with {bound}--force REASON."


def counted(candidate: Candidate) -> list[Gate]:
    """Return the gates that need no more than what was counted while building: they decide whether it is ready."""
    return [totals(candidate), documents(candidate)]


def check(
    client: Elasticsearch,
    candidate: Candidate,
    current: Generation | None,
    source: sample.Sampler,
    thresholds: Thresholds | None = None,
) -> list[Gate]:
    """Return all gates; none of them changes anything. The index must be refreshed.

    `source` yields documents as they should be; `current` is what the alias points to now.
    """
    thresholds = thresholds or Thresholds()
    before = index.look(client, current) if current and current != candidate.generation else None
    now = index.look(client, candidate.generation)
    return [
        *counted(candidate),
        rejected(candidate, thresholds),
        change(candidate, before, index.gone(client, candidate.generation, before), thresholds),
        index.rates(candidate, before, now, thresholds),
        index.fields(client, candidate.generation),
        sample.gate(client, candidate, source, thresholds.sample, candidate.ignored),
        index.golden(client, candidate),
    ]


def decide(generation: Generation, gates: Collection[Gate], force: str = "") -> list[str]:
    """Return the names of gates that were forced open; raises GateError when the alias may not move."""
    failed = [gate.name for gate in gates if not gate.passed]
    if failed and (not force.strip() or UNFORCEABLE.intersection(failed)):
        raise GateError(generation, gates)
    return failed
