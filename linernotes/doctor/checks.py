"""The checks, as a table: its question, the parts of the snapshot that it needs, and the function that judges them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from linernotes.doctor import cluster, data, unavailable
from linernotes.doctor.finding import ERROR, Checked, Diagnosis, Finding, unique
from linernotes.doctor.snapshot import SURVEYS, Snapshot

UNREACHABLE = "reachable"


@dataclass(frozen=True)
class Check:
    """A check: its name, the parts of the snapshot that it needs, and the function that judges them.

    `spared_by` is a part whose presence makes the others needless.
    """

    name: str
    judge: Callable[[Snapshot], Iterator[Finding]]
    needs: tuple[str, ...] = ()
    spared_by: str | None = None

    @property
    def question(self) -> str:
        """Return what it asks: the first sentence of its description."""
        return (self.judge.__doc__ or "").split("?")[0] + "?"

    def run(self, snapshot: Snapshot) -> Checked:
        """Return what it finds, or why that can't be known."""
        if lacking := self.lacking(snapshot):
            return Checked(self.name, self.question, unknown=unavailable.summary(snapshot, lacking))
        return Checked(self.name, self.question, unique(list(self.judge(snapshot))))

    def lacking(self, snapshot: Snapshot) -> list[str]:
        """Return the parts that it needs and that are not there."""
        if self.spared_by and snapshot.lacks(self.spared_by) is None:
            return []
        return [name for name in self.needs if snapshot.lacks(name)]


CHECKS: tuple[Check, ...] = (
    Check("version", cluster.version),
    Check("licence", cluster.licence, ("licence",)),
    Check("health", cluster.health, ("report",)),
    Check("disks", cluster.disks, ("nodes", "stats")),
    Check("heap", cluster.heap, ("nodes", "stats")),
    Check("clock", cluster.clock, ("nodes", "stats")),
    Check("access", cluster.access, ("nodes",), spared_by="me"),
    Check("blocks", cluster.blocks, ("settings",)),
    Check("shards", cluster.shards, ("health",)),
    Check("bookkeeping", data.service_indices, ("indices",)),
    Check("generations", data.generations, (SURVEYS,)),
    Check("aliases", data.aliases, ("aliases",)),
    Check("mappings", data.layouts, ("indices",)),
    Check("ledger", data.records, (SURVEYS,)),
    Check("settings", data.leftovers, ("indices",)),
)


def diagnose(snapshot: Snapshot) -> Diagnosis:
    """Return what all checks say of a snapshot."""
    reached = Checked(UNREACHABLE, "Does Elasticsearch answer?")
    checks = [check.run(snapshot) for check in CHECKS]
    return Diagnosis(snapshot.url, snapshot.version, (reached, *_with_unavailable(snapshot, checks)))


def _with_unavailable(snapshot: Snapshot, checks: Sequence[Checked]) -> Iterator[Checked]:
    """Yield the checks; the first that needs a part which isn't there reports it, for all that need it."""
    lacking = {check.name: check.lacking(snapshot) for check in CHECKS}
    reported: set[str] = set()
    for one in checks:
        findings = []
        for part in lacking[one.name]:
            lack = snapshot.lacks(part)
            if lack and part not in reported:
                reported.add(part)
                findings.append(
                    unavailable.finding(snapshot, part, lack, [name for name in lacking if part in lacking[name]])
                )
        yield replace(one, findings=(*findings, *one.findings))


def unreachable(url: str, evidence: str, remedy: str) -> Diagnosis:
    """Return the diagnosis when Elasticsearch doesn't answer, or refuses access: everything else is unknown."""
    finding = Finding("unreachable", ERROR, url, evidence, remedy)
    others = (Checked(check.name, check.question, unknown="could not be checked") for check in CHECKS)
    return Diagnosis(url, None, (Checked(UNREACHABLE, "Does Elasticsearch answer?", (finding,)), *others))
