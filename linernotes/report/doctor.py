"""A diagnosis for people: a line for each check, and below each finding with its evidence and its remedy."""

from rich.console import Console
from rich.text import Text

from linernotes.doctor.finding import ERROR, FOUND, NOTE, PASSED, UNKNOWN, WARNING, Diagnosis, Finding
from linernotes.report.plain import show, visible

_STYLE = {ERROR: "bold red", WARNING: "yellow", NOTE: "dim"}
_SIGN = {PASSED: ("ok", "green"), FOUND: ("!!", "bold red"), UNKNOWN: ("??", "yellow")}
_WIDTH = 11


def show_diagnosis(done: Diagnosis, console: Console) -> None:
    """Print all checks, then what is wrong, the gravest first."""
    show(Text(f"Elasticsearch {done.version or '?'} at {done.url}"), console)
    for check in done.checks:
        sign, style = _SIGN[check.state]
        why = f" ({check.unknown})" if check.unknown else ""
        show(Text.assemble((sign, style), f" {check.name:<{_WIDTH}} {check.question}{visible(why)}"), console)
    for name, finding in done.findings:
        _show_finding(name, finding, console)
    show(Text(_sum(done)), console)


def _show_finding(check: str, finding: Finding, console: Console) -> None:
    show(Text(), console)
    head = (f"{finding.severity}", _STYLE[finding.severity])
    show(Text.assemble(head, f" {check}: {visible(finding.subject)} [{finding.kind}]"), console)
    show(Text(f"  {visible(finding.evidence)}"), console)
    show(Text(f"  {visible(finding.remedy)}"), console)


def _sum(done: Diagnosis) -> str:
    counts = dict.fromkeys(_STYLE, 0)
    for _, finding in done.findings:
        counts[finding.severity] += 1
    if done.well:
        return "\nNothing is wrong."
    told = (f"{count} {severity}{'' if count == 1 else 's'}" for severity, count in counts.items())
    return f"\n{', '.join(told)}."
