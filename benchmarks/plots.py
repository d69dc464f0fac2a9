"""Plots and tables of the recorded figures: `python -m benchmarks.plots` writes them, a test compares them.

A line of `recorded.tsv` is one measurement: what was measured, of whom, with how many tracks, its figures, at which
commit, on which day, and whether the machine was `quiet` or `busy`. A new measurement is a new line at the end; nothing
else changes.
"""

import argparse
import csv
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import groupby
from pathlib import Path

from linernotes.cli.docs import filled

FOLDER = Path(__file__).parent
RECORDED = FOLDER / "recorded.tsv"
README = FOLDER / "README.md"

OURS = "linernotes"
WIDTH, HALF, TOP, BOTTOM = 880, 440, 64, 44
COLOURS = {OURS: "#b5179e", "SQLite FTS5": "#3f7d20", "tantivy": "#b35900", "tantivy with slips": "#b35900"}
STYLE = "text{font:12px system-ui,sans-serif;fill:#1f2933}.h{font-weight:600}.s{fill:#52606d}.g{stroke:#d9e2ec}"


@dataclass(frozen=True)
class Measurement:
    """One line of the recorded figures."""

    what: str
    contestant: str
    tracks: int
    figures: Mapping[str, float]
    unit: str
    runs: int
    commit: str
    date: str
    machine: str
    note: str


def read(path: Path = RECORDED) -> list[Measurement]:
    """Read the recorded figures, in their order."""
    with path.open(newline="") as lines:
        return [_measurement(row) for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)]


def _measurement(row: Mapping[str, str]) -> Measurement:
    figures = {name: float(value) for name, value in (each.split("=") for each in row["figures"].split())}
    texts = {name: row[name] for name in ("what", "contestant", "unit", "commit", "date", "machine", "note")}
    return Measurement(tracks=int(row["tracks"]), runs=int(row["runs"]), figures=figures, **texts)


@dataclass(frozen=True)
class Axis:
    """A scale from values to pixels."""

    low: float
    high: float
    start: float
    end: float
    logarithmic: bool = True

    def at(self, value: float) -> float:
        """Return the pixel of a value.

        >>> Axis(1, 100, 0, 200).at(10), Axis(0, 100, 0, 200, logarithmic=False).at(10)
        (100.0, 20.0)
        """
        low, high, here = map(math.log10, (self.low, self.high, value)) if self.logarithmic else (0, self.high, value)
        return round(self.start + (here - low) / (high - low) * (self.end - self.start), 1)

    def ticks(self) -> list[float]:
        """Return the values to label: 1, 3, 10, 30 and so on where it is logarithmic.

        >>> Axis(1, 100, 0, 200).ticks(), Axis(0, 24000, 0, 200, logarithmic=False).ticks()
        ([1.0, 3.0, 10.0, 30.0, 100.0], [0.0, 6000.0, 12000.0, 18000.0, 24000.0])
        """
        if not self.logarithmic:
            return [quarter * self.high / 4 for quarter in range(5)]
        powers = range(math.floor(math.log10(self.low)), math.ceil(math.log10(self.high)) + 1)
        values = (factor * 10.0**power for power in powers for factor in (1, 3))
        return [value for value in values if self.low <= value <= self.high]


def growth(measurements: Sequence[Measurement]) -> str:
    """Return the plot of how loading and searching grow with the number of tracks."""
    height = 380
    ours = [each for each in measurements if each.contestant == OURS]
    loads, searches = ([each for each in ours if each.what == what] for what in ("load", "search"))
    most = 1.1 * max(each.tracks for each in ours)
    left, right = (Axis(300_000, max(most, 30_000_000), start, start + HALF - 90) for start in (60, HALF + 60))
    rate = Axis(0, _above(loads), height - BOTTOM, TOP, logarithmic=False)
    times = Axis(3, 1_000, height - BOTTOM, TOP)
    parts = [
        *_frame("Loading: records a second", left, rate, height),
        *_curve(loads, "median", left, rate),
        *_frame("Searching: milliseconds (median; hollow: 95th percentile)", right, times, height),
        *_curve(searches, "median", right, times),
        *_curve(searches, "p95", right, times),
        _text(
            left.start, height - 6, "By number of tracks. Solid lines: a busy machine; dashed: the same, quiet.", "s"
        ),
    ]
    return _svg("How loading and searching grow with the number of tracks", height, parts)


def _above(measurements: Iterable[Measurement]) -> float:
    """Return where an axis may end: a multiple of 4,000 above all figures that are drawn."""
    drawn = (each.figures.get(name, 0) for each in measurements for name in ("median", "high", "p95"))
    return 4_000 * math.ceil(max(drawn, default=1) / 4_000 + 0.05)


def _frame(title: str, x: Axis, y: Axis, height: float) -> Iterator[str]:
    yield _text(x.start - 40, TOP - 22, title, "h")
    for value in y.ticks():
        yield f'<line class="g" x1="{x.start}" x2="{x.end}" y1="{y.at(value)}" y2="{y.at(value)}"/>'
        yield _text(x.start - 8, y.at(value) + 4, _short(value), "s", "end")
    for value in x.ticks():
        yield _text(x.at(value), height - BOTTOM + 18, _short(value), "s", "middle")


def _curve(measurements: Iterable[Measurement], figure: str, x: Axis, y: Axis) -> Iterator[str]:
    """Yield the points of a figure; of each kind of machine, the last recorded ones are joined by a line."""
    for machine, group in groupby(sorted(measurements, key=lambda each: each.machine), lambda each: each.machine):
        given = [each for each in group if figure in each.figures]
        last = {each.tracks: each.figures[figure] for each in given}
        points = " ".join(f"{x.at(tracks)},{y.at(last[tracks])}" for tracks in sorted(last))
        dashes = ' stroke-dasharray="5 4"' if machine == "quiet" else ""
        yield f'<polyline fill="none" stroke="{COLOURS[OURS]}" stroke-width="2" points="{points}"{dashes}/>'
        yield from (_dot(x.at(each.tracks), y.at(each.figures[figure]), OURS, hollow=figure == "p95") for each in given)


def peers(measurements: Sequence[Measurement]) -> str:
    """Return the plot of linernotes against its peers: a row for each contestant and number of tracks."""
    searches, loads = _compared(measurements, "search"), _compared(measurements, "load")
    height = TOP + BOTTOM + 30 * max(len(searches), len(loads))
    left = Axis(0.5, 5_000, 175, HALF - 20)
    right = Axis(
        0, _above(measurement for _, group in loads for measurement in group), HALF + 175, WIDTH - 20, logarithmic=False
    )
    parts = [
        *_rows("Searching: milliseconds (median; hollow: 95th percentile)", searches, left),
        *_rows("Loading: records a second (median; bar: lowest to highest)", loads, right),
        _text(20, height - 6, "A row has all runs that were measured side by side with the others of its size.", "s"),
    ]
    return _svg("linernotes and its peers", height, parts)


Row = tuple[tuple[int, str], list[Measurement]]


def _compared(measurements: Iterable[Measurement], what: str) -> list[Row]:
    """Return by number of tracks and contestant what was last measured side by side with peers."""
    given = [each for each in measurements if each.what == what]
    last = {each.tracks: (each.commit, each.machine) for each in given if each.contestant != OURS}
    compared = [each for each in given if last.get(each.tracks) == (each.commit, each.machine)]
    compared.sort(key=lambda each: (each.tracks, each.contestant != OURS, each.contestant))
    return [(key, list(group)) for key, group in groupby(compared, lambda each: (each.tracks, each.contestant))]


def _rows(title: str, rows: Sequence[Row], x: Axis) -> Iterator[str]:
    yield _text(x.start - 155, TOP - 44, title, "h")
    bottom = TOP + 30 * len(rows) - 8
    for value in x.ticks():
        yield f'<line class="g" x1="{x.at(value)}" x2="{x.at(value)}" y1="{TOP - 12}" y2="{bottom}"/>'
        yield _text(x.at(value), TOP - 18, _short(value), "s", "middle")
    for index, ((tracks, contestant), group) in enumerate(rows):
        y = TOP + 30 * index + 8
        yield _text(x.start - 155, y, contestant)
        yield _text(x.start - 155, y + 12, f"{_short(tracks)} tracks", "s")
        for each in group:
            yield from _span(each, x, y)


def _span(each: Measurement, x: Axis, y: float) -> Iterator[str]:
    """Yield the dot of a median, and the line to the 95th percentile or from the lowest to the highest run."""
    low, high = each.figures.get("low", each.figures["median"]), each.figures.get("high", each.figures.get("p95"))
    colour = _colour(each.contestant)
    if high is not None:
        yield f'<line stroke="{colour}" stroke-width="2" x1="{x.at(low)}" x2="{x.at(high)}" y1="{y}" y2="{y}"/>'
    if "p95" in each.figures:
        yield _dot(x.at(each.figures["p95"]), y, each.contestant, hollow=True)
    yield _dot(x.at(each.figures["median"]), y, each.contestant)


def _colour(contestant: str) -> str:
    return COLOURS.get(contestant, "#4a5568")


def _dot(x: float, y: float, contestant: str, *, hollow: bool = False) -> str:
    colour = _colour(contestant)
    return f'<circle cx="{x}" cy="{y}" r="4" stroke="{colour}" stroke-width="2" fill="{"#fff" if hollow else colour}"/>'


def _text(x: float, y: float, text: str, kind: str = "", anchor: str = "start") -> str:
    return f'<text x="{x}" y="{y}" class="{kind}" text-anchor="{anchor}">{escape(text)}</text>'


def _short(value: float) -> str:
    """Return a number for an axis.

    >>> [_short(value) for value in (0.5, 30, 6000, 2218987, 30e6)]
    ['0.5', '30', '6 k', '2.22 M', '30 M']
    """
    for size, unit in ((1e6, " M"), (1e3, " k")):
        if value >= size:
            return f"{value / size:.3g}{unit}"
    return f"{value:g}"


def _svg(title: str, height: float, parts: Iterable[str]) -> str:
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img">',
        f"<title>{escape(title)}</title><style>{STYLE}</style>",
        f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
        *parts,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def search_table(measurements: Sequence[Measurement]) -> str:
    """Return all searching that was recorded, as Markdown."""
    lines = ["| tracks | contestant | median, ms | p95 | p99 | at | machine |", "|---|---|---|---|---|---|---|"]
    for each in sorted(_of("search", measurements), key=lambda each: each.tracks):
        cells = (f"{each.figures[name]:,g}" for name in ("median", "p95", "p99"))
        lines.append(_line(f"{each.tracks:,}", each.contestant, *cells, _state(each), each.machine))
    return "\n".join(lines)


def load_table(measurements: Sequence[Measurement]) -> str:
    """Return all loading that was recorded, as Markdown."""
    heads = "| records | contestant | records/s | lowest to highest | runs | client CPU, µs a record | at | machine |"
    lines = [heads, "|---" * heads.count(" | ") + "|---|"]
    for each in sorted(_of("load", measurements), key=lambda each: each.tracks):
        span = " to ".join(f"{each.figures[name]:,g}" for name in ("low", "high") if name in each.figures)
        cpu = f"{each.figures['cpu_us']:g}" if "cpu_us" in each.figures else ""
        rate = f"{each.figures['median']:,g}"
        lines.append(
            _line(f"{each.tracks:,}", each.contestant, rate, span, str(each.runs), cpu, _state(each), each.machine)
        )
    return "\n".join(lines)


def _of(what: str, measurements: Iterable[Measurement]) -> Iterator[Measurement]:
    return (each for each in measurements if each.what == what)


def _state(each: Measurement) -> str:
    return f"{each.commit}, {each.note}" if each.note else each.commit


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


PLOTS = {"growth.svg": growth, "peers.svg": peers}
TABLES = {"recorded-loading": load_table, "recorded-searching": search_table}
"""Marker in the README to what makes its content."""


def main() -> None:
    """Write the plots, and the README's tables."""
    parser = argparse.ArgumentParser(description="Write the plots of the recorded figures, and the README's tables.")
    parser.add_argument("out", nargs="?", type=Path, default=FOLDER, help="a folder; here, and the README, if left out")
    out: Path = parser.parse_args().out
    measurements = read()
    for name, plot in PLOTS.items():
        (out / name).write_text(plot(measurements))
        print(out / name)
    if out == FOLDER:
        text = README.read_text()
        for marker, table in TABLES.items():
            text = filled(text, marker, table(measurements))
        README.write_text(text)


if __name__ == "__main__":
    main()
