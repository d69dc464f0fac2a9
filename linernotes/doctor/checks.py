"""The checks, as a table: what each asks, what it needs to have been read, and the function that judges it."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from linernotes.doctor import cluster, data, unseen
from linernotes.doctor.finding import ERROR, Checked, Diagnosis, Finding, unique
from linernotes.doctor.snapshot import SURVEYS, Snapshot

UNREACHABLE = "reachable"


@dataclass(frozen=True)
class Check:
    """One check: its name, the parts of the snapshot that it needs, and what judges them.

    `spared_by` is a part that makes the others needless.
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
            return Checked(self.name, self.question, unknown=unseen.summary(snapshot, lacking))
        return Checked(self.name, self.question, unique(list(self.judge(snapshot))))

    def lacking(self, snapshot: Snapshot) -> list[str]:
        """Return the parts that it needs and that are not there."""
        if self.spared_by and snapshot.lacks(self.spared_by) is None:
            return []
        return [name for name in self.needs if snapshot.lacks(name)]


CHECKS: tuple[Check, ...] = (
    Check("version", cluster.version),
    Check("licence", cluster.licence, ("licence",)),
    Check("disks", cluster.disks, ("settings", "nodes", "stats")),
    Check("heap", cluster.heap, ("nodes", "stats")),
    Check("clock", cluster.clock, ("nodes", "stats")),
    Check("access", cluster.doors, ("nodes",), spared_by="me"),
    Check("blocks", cluster.blocks, ("settings",)),
    Check("shards", cluster.shards, ("health",)),
    Check("books", data.book_keeping, ("indices",)),
    Check("generations", data.from_inspection, (SURVEYS,)),
    Check("aliases", data.aliases, ("aliases",)),
    Check("mappings", data.layouts, ("indices",)),
    Check("ledger", data.records, (SURVEYS,)),
    Check("settings", data.leftovers, ("indices",)),
)


def diagnose(snapshot: Snapshot) -> Diagnosis:
    """Return what all checks say of a snapshot."""
    reached = Checked(UNREACHABLE, "Does Elasticsearch answer?")
    checks = [check.run(snapshot) for check in CHECKS]
    return Diagnosis(snapshot.url, snapshot.version, (reached, *_with_unseen(snapshot, checks)))


def _with_unseen(snapshot: Snapshot, checks: Sequence[Checked]) -> Iterator[Checked]:
    """Yield the checks; the first that needs a part which isn't there tells of it, for all that need it."""
    lacking = {check.name: check.lacking(snapshot) for check in CHECKS}
    told: set[str] = set()
    for one in checks:
        findings = []
        for part in lacking[one.name]:
            lack = snapshot.lacks(part)
            if lack and part not in told:
                told.add(part)
                findings.append(
                    unseen.finding(snapshot, part, lack, [name for name in lacking if part in lacking[name]])
                )
        yield replace(one, findings=(*findings, *one.findings))


def unreachable(url: str, evidence: str, remedy: str) -> Diagnosis:
    """Return the diagnosis when nobody answers, or lets us in: everything else is unknown."""
    finding = Finding("unreachable", ERROR, url, evidence, remedy)
    others = (Checked(check.name, check.question, unknown="could not be asked") for check in CHECKS)
    return Diagnosis(url, None, (Checked(UNREACHABLE, "Does Elasticsearch answer?", (finding,)), *others))
