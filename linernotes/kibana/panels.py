"""Panels of a dashboard, by value: what each shows, and the JSON that Kibana keeps of it.

The shapes are those of Kibana's own sample dashboards (`src/platform/plugins/shared/home/server/services/sample_data/
data_sets/ecommerce/saved_objects.ts`) and of `x-pack/platform/plugins/shared/lens/common/`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from linernotes.kibana.columns import Column
from linernotes.kibana.sources import Source

PANEL_VERSION = "8.11.0"
"""What the panels of Kibana 8.19's own samples say: Kibana brings older ones up to date, and refuses newer ones."""

GRID = 48
"""Columns of a dashboard: `DASHBOARD_GRID_COLUMN_COUNT`."""

BARS, BARS_UP, PIE, TABLE, NUMBER = "bar_horizontal", "bar_stacked", "lnsPie", "lnsDatatable", "lnsMetric"
LAYER = "layer"

Json = dict[str, Any]


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
        """Return the panel at a place of the grid."""
        return {
            "version": PANEL_VERSION,
            "type": "lens",
            "title": self.title,
            "gridData": {"x": x, "y": y, "w": self.width, "h": self.height, "i": self.id},
            "panelIndex": self.id,
            "embeddableConfig": {"attributes": self._attributes(), "enhancements": {}, "hidePanelTitles": False},
        }

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
    } | ({"splitAccessor": more[0]} if more else {})
    return {
        "legend": {"isVisible": bool(more) or len(panel.metrics) > 1, "position": "right"},
        "preferredSeriesType": panel.shape,
        "valueLabels": "show",
        "fittingFunction": "None",
        "layers": [layer],
    }


def _pie(panel: Panel) -> Json:
    layer = {
        "layerId": LAYER,
        "layerType": "data",
        "primaryGroups": panel.buckets,
        "metrics": panel.metrics,
        "numberDisplay": "percent",
        "categoryDisplay": "default",
        "legendDisplay": "default",
        "nestedLegend": False,
    }
    return {"shape": "donut", "layers": [layer]}


def _table(panel: Panel) -> Json:
    columns = [{"columnId": name} for name in (*panel.buckets, *panel.metrics)]
    return {"layerId": LAYER, "layerType": "data", "columns": columns, "paging": {"enabled": True, "size": 10}}


def _number(panel: Panel) -> Json:
    return {"layerId": LAYER, "layerType": "data", "metricAccessor": panel.metrics[0]}


_SHAPES: Mapping[str, Callable[[Panel], Json]] = {PIE: _pie, TABLE: _table, NUMBER: _number}
