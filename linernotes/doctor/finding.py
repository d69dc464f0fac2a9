"""What a check finds: how bad it is, what was seen, and what to do about it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

ERROR, WARNING, UNKNOWN, NOTE = "error", "warning", "unknown", "note"
SEVERITIES = (ERROR, WARNING, UNKNOWN, NOTE)
"""Doesn't work; will not, or not as well as it could; can't be seen with the rights at hand; worth knowing."""
WRONG = (ERROR, WARNING)

PASSED, FOUND = "passed", "found"
"""States of a check; the third is UNKNOWN."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong: `kind` for programs, `subject` (an index, a node), the evidence and the remedy."""

    kind: str
    severity: str
    subject: str
    evidence: str
    remedy: str


@dataclass(frozen=True)
class Checked:
    """One check and its findings; `unknown` says why it couldn't be made."""

    name: str
    question: str
    findings: tuple[Finding, ...] = ()
    unknown: str | None = None

    @property
    def state(self) -> str:
        """Return passed, found, or unknown."""
        if self.unknown is None and any(finding.severity in WRONG for finding in self.findings):
            return FOUND
        return UNKNOWN if self.unknown is not None else PASSED


@dataclass(frozen=True)
class Diagnosis:
    """All checks of one run."""

    url: str
    version: str | None
    checks: tuple[Checked, ...]

    @property
    def findings(self) -> list[tuple[str, Finding]]:
        """Return all findings with the names of their checks, the gravest first."""
        findings = [(check.name, finding) for check in self.checks for finding in check.findings]
        return sorted(findings, key=lambda entry: SEVERITIES.index(entry[1].severity))

    @property
    def well(self) -> bool:
        """Tell whether nothing wrong was seen; what can't be seen and notes are nothing wrong."""
        return all(finding.severity not in WRONG for _, finding in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Return the JSON of the contract."""
        return {
            "url": self.url,
            "version": self.version,
            "well": self.well,
            "checks": [
                {"name": one.name, "question": one.question, "state": one.state, "unknown": one.unknown}
                for one in self.checks
            ],
            "findings": [{"check": name} | asdict(finding) for name, finding in self.findings],
        }


def unique(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Return each finding once, in their order: two data sets may share a trouble.

    >>> one = Finding("closed", ERROR, "a", "closed", "open it")
    >>> len(unique([one, one]))
    1
    """
    return tuple(dict.fromkeys(findings))
