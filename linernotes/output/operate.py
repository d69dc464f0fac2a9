"""Results of `doctor` and `bench`: checks and findings with evidence and remedy; times."""

from itertools import groupby

from rich.console import Console
from rich.text import Text

from linernotes.cli.search_benchmark import Measured
from linernotes.doctor.finding import ERROR, FOUND, NOTE, PASSED, UNKNOWN, WARNING, Diagnosis, Finding
from linernotes.output.tables import counted, grid
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
    severities = [finding.severity for _, finding in done.findings]
    blind = sum(check.unknown is not None for check in done.checks)
    rest = f" {blind} of {len(done.checks)} checks could not be made." if blind else ""
    if done.well:
        return f"\n{'No problem was seen.' if blind else 'No problems.'}{rest}"
    return f"\n{', '.join(counted(severities.count(each), each) for each in (ERROR, WARNING, NOTE))}.{rest}"


def show_timing(measured: Measured, console: Console) -> None:
    """Print the times of each kind of search, in milliseconds."""
    show(Text(f"{measured.tracks:,} tracks; times in milliseconds, one search after the other", style="bold"), console)
    rows = (
        (f"  {kind}", f"{each.n:,}", *(f"{time:,.1f}" for time in (each.median, each.p95, each.p99, each.most)))
        for kind, each in measured.kinds.items()
    )
    show(grid(rows, "", "searches", "median", "p95", "p99", "slowest", right=range(1, 6)), console)
    show("Texts are drawn from the tracks; the same data and --seed give the same texts.", console)
