"""Panels of a dashboard, by value: what each shows, and the JSON that Kibana keeps of it.

The shapes are those of Kibana's own sample dashboards (`src/platform/plugins/shared/home/server/services/sample_data/
data_sets/ecommerce/saved_objects.ts`) and of `x-pack/platform/plugins/shared/lens/common/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from linernotes import cards
from linernotes.kibana.columns import Column
from linernotes.kibana.sources import Source
from mappings.track import DATASET

PANEL_VERSION = "8.11.0"
"""What the panels of Kibana 8.19's own samples say: Kibana brings older ones up to date, and refuses newer ones."""

GRID = 48
"""Columns of a dashboard: `DASHBOARD_GRID_COLUMN_COUNT`."""

BARS, BARS_STACKED, BARS_UP = "bar_horizontal", "bar_horizontal_stacked", "bar_stacked"
PIE, TABLE, NUMBER = "lnsPie", "lnsDatatable", "lnsMetric"
LAYER = "layer"

COLOURS: tuple[str, ...] = ("#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#f0e442")
"""Okabe and Ito's, which colour-blind people tell apart; one for each data set, in the order of their cards."""
DARKER = 0.65
"""Where there are more data sets than colours, these are taken again, so much darker."""
PALETTE = "eui_amsterdam_color_blind"
"""For data sets that were declared after the import: Kibana 8 and 9 both know it."""

Json = dict[str, Any]


@dataclass(frozen=True)
class Note:
    """A text in Markdown, over the whole width."""

    id: str
    text: str
    height: int = 5
    width: int = GRID

    @property
    def references(self) -> list[dict[str, str]]:
        """Return what it names: nothing."""
        return []

    def as_json(self, x: int, y: int) -> Json:
        """Return it at a place of the grid, as Kibana stores a Markdown panel that is in no library."""
        searched = {"query": {"query": "", "language": "kuery"}, "filter": []}
        shown = {
            "type": "markdown",
            "id": "",
            "title": "",
            "description": "",
            "params": {"fontSize": 12, "openLinksInNewTab": False, "markdown": self.text},
            "uiState": {},
            "data": {"aggs": [], "searchSource": searched},
        }
        config = {"savedVis": shown, "enhancements": {}, "hidePanelTitles": True}
        return _panel("visualization", self, x, y, config)


@dataclass(frozen=True)
class Panel:
    """One panel: its id in the dashboard, what it shows of which source, how, and how large (of 48 columns)."""

    id: str
    title: str
    source: Source
    shape: str
    columns: tuple[Column, ...]
    width: int = 16
    height: int = 12
    query: str = ""

    @property
    def buckets(self) -> list[str]:
        """Return the ids of the columns that split."""
        return [column.id for column in self.columns if column.bucketed]

    @property
    def metrics(self) -> list[str]:
        """Return the ids of the columns that measure."""
        return [column.id for column in self.columns if not column.bucketed]

    @property
    def references(self) -> list[dict[str, str]]:
        """Return the data view that it names."""
        return [reference(f"indexpattern-datasource-layer-{LAYER}", "index-pattern", self.source.id)]

    def as_json(self, x: int, y: int) -> Json:
        """Return the panel at a place of the grid. A single number has its title below it already."""
        config = {
            "attributes": self._attributes(),
            "enhancements": {},
            "hidePanelTitles": self.shape == NUMBER,
        }
        return _panel("lens", self, x, y, config) | {"title": self.title}

    def _attributes(self) -> Json:
        layer = {
            "columns": {column.id: column.as_json(self.source) for column in self.columns},
            "columnOrder": [*self.buckets, *self.metrics],
            "incompleteColumns": {},
        }
        state = {
            "datasourceStates": {"formBased": {"layers": {LAYER: layer}}},
            "filters": [],
            "query": {"query": self.query, "language": "kuery"},
            "visualization": self._visualization(),
            "internalReferences": [],
            "adHocDataViews": {},
        }
        return {
            "title": self.title,
            "type": "lens",
            "visualizationType": self.shape if self.shape in _SHAPES else "lnsXY",
            "references": self.references,
            "state": state,
        }

    def _visualization(self) -> Json:
        return _SHAPES.get(self.shape, _bars)(self)


def _panel(kind: str, panel: Panel | Note, x: int, y: int, config: Json) -> Json:
    return {
        "version": PANEL_VERSION,
        "type": kind,
        "gridData": {"x": x, "y": y, "w": panel.width, "h": panel.height, "i": panel.id},
        "panelIndex": panel.id,
        "embeddableConfig": config,
    }


def number(name: str, title: str, source: Source, column: Column, width: int = 12, query: str = "") -> Panel:
    """Return a panel that is a single number under its title."""
    return Panel(name, title, source, NUMBER, (replace(column, label=title),), width, 6, query)


def reference(name: str, kind: str, target: str) -> dict[str, str]:
    """Return a reference as a saved object keeps it."""
    return {"type": kind, "id": target, "name": name}


def _bars(panel: Panel) -> Json:
    bucket, *more = panel.buckets
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "seriesType": panel.shape,
        "accessors": panel.metrics,
        "xAccessor": bucket,
    }
    if more:
        layer |= {"splitAccessor": more[0]} | _colours(panel, more[0])
    return {
        "legend": {
            "isVisible": bool(more) or len(panel.metrics) > 1,
            "position": "right",
            "shouldTruncate": False,
        },
        "preferredSeriesType": panel.shape,
        "valueLabels": "show",
        "fittingFunction": "None",
        "axisTitlesVisibilitySettings": {"x": False, "yLeft": True, "yRight": False},
        "layers": [layer],
    }


def _pie(panel: Panel) -> Json:
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "primaryGroups": panel.buckets,
        "metrics": panel.metrics,
        "numberDisplay": "value",
        "categoryDisplay": "default",
        "legendDisplay": "show",
        "legendPosition": "right",
        "legendSize": "large",
        "truncateLegend": False,
        "nestedLegend": False,
    }
    return {"shape": "donut", "layers": [layer | _colours(panel, panel.buckets[0])]}


def colour(number: int) -> str:
    """Return the colour of a data set by its place among all cards.

    >>> [colour(number) for number in (0, 6, 7)]
    ['#0072b2', '#f0e442', '#004a74']
    """
    code, shade = COLOURS[number % len(COLOURS)], DARKER ** (number // len(COLOURS))
    parts = (round(int(code[at : at + 2], 16) * shade) for at in (1, 3, 5))
    return "#" + "".join(f"{part:02x}" for part in parts)


def _colours(panel: Panel, split: str) -> Json:
    """Return the colours of a split by data set: a data set has the same one in all panels and on all boards.

    Kibana 8.19 reads this form of 8.12 and brings it up to date (`DeprecatedColorMappingConfig`).
    """
    column = next(column for column in panel.columns if column.id == split)
    if column.source_field != DATASET:
        return {}
    assigned = [
        {
            "rule": {"type": "matchExactly", "values": [name]},
            "color": {"type": "colorCode", "colorCode": colour(number)},
            "touched": True,
        }
        for number, name in enumerate(cards.known())
    ]
    others = {"rule": {"type": "other"}, "color": {"type": "loop"}, "touched": False}
    mapping = {
        "assignments": assigned,
        "specialAssignments": [others],
        "paletteId": PALETTE,
        "colorMode": {"type": "categorical"},
    }
    return {"colorMapping": mapping}


def _table(panel: Panel) -> Json:
    order = [*panel.buckets, *panel.metrics]
    widths = {column.id: column.width for column in panel.columns}
    columns = [{"columnId": name} | ({"width": widths[name]} if widths[name] else {}) for name in order]
    return {"layerId": LAYER, "layerType": "data", "columns": columns, "paging": {"enabled": True, "size": 10}}


def _number(panel: Panel) -> Json:
    return {"layerId": LAYER, "layerType": "data", "metricAccessor": panel.metrics[0]}


_SHAPES: Mapping[str, Callable[[Panel], Json]] = {PIE: _pie, TABLE: _table, NUMBER: _number}
