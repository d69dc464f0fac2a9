"""The requests that Kibana sends for a panel, made from the panel as it is stored.

Kibana's own way from a Lens panel to a request leads through its expressions; this is what comes out of it for the few
operations that the dashboards use, learnt from requests that a Kibana 8.12.2 sent (`requests.json` has those of them
whose panels are still the same, and a test compares). Sources, in github.com/elastic/kibana:
`x-pack/platform/plugins/shared/lens/public/datasources/form_based/to_expression.ts` (ids of aggregations),
`.../operations/definitions/terms/index.tsx` (order, missing, shard size), `.../count.tsx` and `.../filters` (a count
under a condition), `src/platform/packages/shared/kbn-es-query/src/kuery/functions/` (queries).
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

Json = dict[str, Any]

MISSING = "__missing__"
SHARD_SIZE, SMALL = 25, 10
"""With so few values Kibana asks each shard for more of them."""
TIME_ZONE = "UTC"
YEARS_INTERVAL = 1
"""What Kibana makes of an automatic interval over a century: it asks for the smallest and the largest value first."""


def kuery(text: str) -> Json | None:
    """Return a query in Kibana's language as Elasticsearch gets it: `and`, `or`, `not`, values, phrases, and `*`."""
    text = text.strip()
    if not text:
        return None
    if len(parts := text.split(" and ")) > 1:
        return {"bool": {"filter": [kuery(part) for part in parts]}}
    if len(parts := text.split(" or ")) > 1:
        return {"bool": {"should": [kuery(part) for part in parts], "minimum_should_match": 1}}
    if text.startswith("not "):
        return {"bool": {"must_not": kuery(text[4:])}}
    match = re.fullmatch(r'([\w.]+)\s*:\s*("[^"]+"|[\w-]+|\*)', text)
    assert match, f"not a query that is known here: {text}"
    name, value = match[1], match[2].strip('"')
    leaf = {"exists": {"field": name}} if value == "*" else {"term": {name: {"value": value}}}
    return {"bool": {"should": [leaf], "minimum_should_match": 1}}


def search(query: str, filters: Sequence[Json] = (), time: Json | None = None) -> Json:
    """Return the query of a request: the panel's own, the filters of the dashboard, and its time."""
    own = kuery(query)
    active = [one for one in filters if not one["meta"]["disabled"]]
    kept = [one["query"] for one in active if not one["meta"]["negate"]]
    within = [{"range": time}] if time else []
    return {
        "bool": {
            "must": [],
            "filter": [*([own] if own else []), *within, *kept],
            "should": [],
            "must_not": [one["query"] for one in active if one["meta"]["negate"]],
        }
    }


def request(panel: Mapping[str, Any], filters: Sequence[Json] = (), time: Json | None = None) -> Json:
    """Return the query and aggregations of a panel, as it is stored in a dashboard."""
    state = panel["embeddableConfig"]["attributes"]["state"]
    (layer,) = state["datasourceStates"]["formBased"]["layers"].values()
    ids = {name: str(number) for number, name in enumerate(layer["columnOrder"])}
    columns = {name: layer["columns"][name] for name in layer["columnOrder"]}
    metrics: Json = {}
    for name, column in columns.items():
        if not column["isBucketed"]:
            metrics |= _metric(ids[name], column)
    aggs = metrics
    for name, column in reversed(columns.items()):
        if column["isBucketed"]:
            ordered_by = column["params"].get("orderBy", {}).get("columnId")
            order = ids[ordered_by] if ordered_by and ids[ordered_by] in metrics else "_count"
            here = _bucket(column, order) | ({"aggs": aggs} if aggs else {})
            aggs = {ids[name]: here}
            outer = [other for other in columns if columns[other]["isBucketed"]]
            if name != outer[0] and order != "_count":
                aggs |= {order: metrics[order]}
    return {"aggs": aggs, "query": search(state["query"]["query"], filters, time)}


def _metric(number: str, column: Json) -> Json:
    operation, name, condition = column["operationType"], column["sourceField"], column.get("filter")
    if operation != "count":
        kind = {"unique_count": "cardinality"}.get(operation, operation)
        return {number: {kind: {"field": name}}}
    return {f"{number}-bucket": {"filter": search(condition["query"])}} if condition else {}


def _bucket(column: Json, order: str) -> Json:
    operation, name, params = column["operationType"], column["sourceField"], column["params"]
    if operation == "range":
        return {"histogram": {"field": name, "interval": YEARS_INTERVAL, "min_doc_count": 1}}
    if operation == "date_histogram":
        return {"date_histogram": {"field": name, "calendar_interval": "1d", "time_zone": TIME_ZONE}}
    terms = {"field": name, "order": {order: params["orderDirection"]}, "size": params["size"]}
    if params["missingBucket"] and params["otherBucket"]:
        terms["missing"] = MISSING
    if params["size"] <= SMALL:
        terms["shard_size"] = SHARD_SIZE
    return {"terms": terms}


def panels(board: Mapping[str, Any]) -> dict[str, Json]:
    """Return the Lens panels of a dashboard, as it is stored, by their ids."""
    every = orjson.loads(board["attributes"]["panelsJSON"])
    return {panel["panelIndex"]: panel for panel in every if panel["type"] == "lens"}


def filters(board: Mapping[str, Any]) -> list[Json]:
    """Return the filters of a dashboard, as it is stored."""
    stored: list[Json] = orjson.loads(board["attributes"]["kibanaSavedObjectMeta"]["searchSourceJSON"])["filter"]
    return stored
