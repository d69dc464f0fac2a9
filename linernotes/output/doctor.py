"""A diagnosis for people: a line for each check, and below each finding with its evidence and its remedy."""

from itertools import groupby

from rich.console import Console
from rich.text import Text

from linernotes.doctor.finding import ERROR, FOUND, NOTE, PASSED, UNKNOWN, WARNING, Diagnosis, Finding
from linernotes.output.terminal import show, visible

_STYLE = {ERROR: "bold red", WARNING: "yellow", UNKNOWN: "yellow", NOTE: "dim"}
_SIGN = {PASSED: ("ok", "green"), FOUND: ("!!", "bold red"), UNKNOWN: ("??", "yellow")}
_WIDTH = 11


def show_diagnosis(done: Diagnosis, console: Console) -> None:
    """Print all checks, then what is wrong, the gravest first."""
    show(Text(f"Elasticsearch {done.version or '?'} at {done.url}"), console)
    for check in done.checks:
        sign, style = _SIGN[check.state]
        # What exactly couldn't be seen stands below, once.
        why = f" ({'; '.join(one.partition(': ')[0] for one in check.unknown.split('; '))})" if check.unknown else ""
        show(Text.assemble((sign, style), f" {check.name:<{_WIDTH}} {check.question}{visible(why)}"), console)
    for (severity, kind, _), same in groupby(done.findings, key=_trouble):
        several = list(same)
        if severity == UNKNOWN:  # one missing right hides much: its remedy is told once
            _show_finding(f" [{kind}]", [finding for _, finding in several], console)
        else:
            for name, finding in several:
                _show_finding(f" {name}: {visible(finding.subject)} [{kind}]", [finding], console)
    show(Text(_sum(done)), console)


def _trouble(entry: tuple[str, Finding]) -> tuple[str, str, str]:
    return entry[1].severity, entry[1].kind, entry[1].remedy


def _show_finding(head: str, alike: list[Finding], console: Console) -> None:
    show(Text(), console)
    first = alike[0]
    show(Text.assemble((first.severity, _STYLE[first.severity]), head), console)
    for finding in alike:
        show(Text(f"  {visible(finding.evidence)}"), console)
    show(Text(f"  {visible(first.remedy)}"), console)


def _sum(done: Diagnosis) -> str:
    counts = dict.fromkeys(_STYLE, 0)
    for _, finding in done.findings:
        counts[finding.severity] += 1
    blind = sum(check.unknown is not None for check in done.checks)
    rest = f" {blind} of {len(done.checks)} checks could not be made." if blind else ""
    if done.well:
        return f"\n{'Nothing wrong was seen.' if blind else 'Nothing is wrong.'}{rest}"
    told = (
        f"{counts[severity]} {severity}{'' if counts[severity] == 1 else 's'}" for severity in (ERROR, WARNING, NOTE)
    )
    return f"\n{', '.join(told)}.{rest}"
