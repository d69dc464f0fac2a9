"""How long questions took, for people."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from linernotes.bench.run import Measured
from linernotes.report import plain

_NUMBERS = ("asked", "median", "p95", "p99", "longest")


def show(measured: Measured, console: Console) -> None:
    """Print the times of each kind of question, in milliseconds."""
    said = f"{measured.tracks:,} tracks, one question after the other; times in milliseconds"
    plain.show(Text(said, style="bold"), console)
    found = Table("", box=None, padding=(0, 2, 0, 0))
    for name in _NUMBERS:
        found.add_column(name, justify="right", no_wrap=True)
    for kind, each in measured.kinds.items():
        times = (each.median, each.p95, each.p99, each.most)
        found.add_row(f"  {kind}", f"{each.n:,}", *(f"{time:,.1f}" for time in times))
    plain.show(found, console)
    plain.show(Text("Texts are drawn from the tracks: the same ones for the same data and --seed."), console)
