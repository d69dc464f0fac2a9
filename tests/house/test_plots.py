"""The plots and tables of the benchmarks are those of the recorded figures."""

from xml.etree import ElementTree

import pytest

from benchmarks import plots
from linernotes.cli.docs import filled

MEASUREMENTS = plots.read()


@pytest.mark.parametrize("name", plots.PLOTS)
def test_plots_are_those_of_the_recorded_figures(name: str) -> None:
    assert (plots.FOLDER / name).read_text() == plots.PLOTS[name](MEASUREMENTS), "run: make docs"


@pytest.mark.parametrize("marker", plots.TABLES)
def test_tables_are_those_of_the_recorded_figures(marker: str) -> None:
    text = plots.README.read_text()
    assert f"<!-- {marker} -->" in text
    assert filled(text, marker, plots.TABLES[marker](MEASUREMENTS)) == text, "run: make docs"


def test_a_new_measurement_is_a_point_of_the_plot() -> None:
    new = plots.Measurement("search", "linernotes", 66_000_000, {"median": 50.0, "p95": 150.0, "p99": 300.0}, "ms", 1,
                            "0123456", "2026-12-01", "quiet", "")  # fmt: skip
    before, after = (ElementTree.fromstring(plots.growth(each)) for each in (MEASUREMENTS, [*MEASUREMENTS, new]))
    dots = [len(each.findall("{*}circle")) for each in (before, after)]
    assert dots[1] == dots[0] + 2
    labels = [text.text for text in after.iter("{http://www.w3.org/2000/svg}text")]
    assert "30 M" in labels
    assert all(0 <= float(dot.get("cx", "")) <= plots.WIDTH for dot in after.findall("{*}circle"))


def test_figures_outside_of_the_axes_are_noticed() -> None:
    """Every recorded figure lies inside of its plot."""
    for plot in plots.PLOTS.values():
        root = ElementTree.fromstring(plot(MEASUREMENTS))
        height = float(root.get("viewBox", "").split()[3])
        for dot in root.findall("{*}circle"):
            assert plots.TOP - 10 <= float(dot.get("cy", "")) <= height - 8
