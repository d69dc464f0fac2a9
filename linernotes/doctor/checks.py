"""The checks, as a table: what each asks, what it needs to have been read, and the function that judges it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from linernotes.doctor import cluster, data
from linernotes.doctor.finding import ERROR, Checked, Diagnosis, Finding, unique
from linernotes.doctor.snapshot import Snapshot

UNREACHABLE = "reachable"


@dataclass(frozen=True)
class Check:
    """One check: its name, the parts of the snapshot that it needs, and what judges them."""

    name: str
    judge: Callable[[Snapshot], Iterator[Finding]]
    needs: tuple[str, ...] = ()

    @property
    def question(self) -> str:
        """Return what it asks: the first sentence of its description."""
        return (self.judge.__doc__ or "").split("?")[0] + "?"

    def run(self, found: Snapshot) -> Checked:
        """Return what it finds, or why that can't be known."""
        missing = [f"{name}: {found.missing.get(name, 'not read')}" for name in self.needs if name not in found.parts]
        if missing:
            return Checked(self.name, self.question, unknown="; ".join(missing))
        return Checked(self.name, self.question, unique(list(self.judge(found))))


CHECKS: tuple[Check, ...] = (
    Check("version", cluster.version),
    Check("licence", cluster.licence, ("licence",)),
    Check("disks", cluster.disks, ("settings", "nodes", "stats")),
    Check("heap", cluster.heap, ("nodes", "stats")),
    Check("clock", cluster.clock, ("nodes", "stats")),
    Check("access", cluster.doors, ("nodes",)),
    Check("blocks", cluster.blocks, ("settings",)),
    Check("shards", cluster.shards, ("health",)),
    Check("books", data.book_keeping, ("indices",)),
    Check("generations", data.from_inspection),
    Check("aliases", data.aliases, ("aliases",)),
    Check("mappings", data.layouts, ("indices",)),
    Check("ledger", data.records),
    Check("settings", data.leftovers, ("indices",)),
)


def diagnose(found: Snapshot) -> Diagnosis:
    """Return what all checks say of a snapshot."""
    reached = Checked(UNREACHABLE, "Does Elasticsearch answer?")
    return Diagnosis(found.url, found.version, (reached, *(check.run(found) for check in CHECKS)))


def unreachable(url: str, evidence: str, remedy: str) -> Diagnosis:
    """Return the diagnosis when nobody answers: everything else is unknown."""
    finding = Finding("unreachable", ERROR, url, evidence, remedy)
    others = (Checked(check.name, check.question, unknown="Elasticsearch doesn't answer") for check in CHECKS)
    return Diagnosis(url, None, (Checked(UNREACHABLE, "Does Elasticsearch answer?", (finding,)), *others))
