"""Metrics for Prometheus: requests by route, their durations, cache hits; never a text, an id or an address."""

import time
from dataclasses import dataclass, field

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from linernotes.web.middleware.access_log import CLIENT_CLOSED_REQUEST, route_of

METHODS = frozenset(("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"))
OTHER_METHOD, NO_ROUTE = "other", "none"
"""Labels of what clients make up: of these there are any number, and each would be a time series."""

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0)


@dataclass
class Metrics:
    """All metrics of one server, in a registry of its own."""

    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    seen_at: float = field(default_factory=time.monotonic)
    """When the version of the data was last known, at first when the server began."""

    def __post_init__(self) -> None:
        """Register them."""
        by_route, registry = ("method", "route"), self.registry
        self.requests = Counter("linernotes_requests", "Requests.", (*by_route, "status"), registry=registry)
        self.seconds = Histogram(
            "linernotes_request_duration_seconds",
            "Seconds until the last byte of a response was sent.",
            by_route,
            buckets=BUCKETS_S,
            registry=registry,
        )
        self.cached = Counter("linernotes_cached_responses", "Responses from a cache.", ("result",), registry=registry)
        self.under_way = Gauge("linernotes_requests_under_way", "Requests that are being answered.", registry=registry)
        self.pending = Gauge("linernotes_queries_pending", "Queries queued or running.", ("pool",), registry=registry)
        self.downloads = Gauge("linernotes_downloads_running", "Exports that are being sent.", registry=registry)
        self.available = Gauge("linernotes_data_available", "1 if it is known what is loaded.", registry=registry)
        self.age = Gauge("linernotes_data_version_age_seconds", "Seconds since it was last known.", registry=registry)
        self.tracks = Gauge("linernotes_tracks", "Tracks that are loaded.", ("dataset",), registry=registry)


class MetricsMiddleware:
    """Counts and times every request."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began, status, cache = time.perf_counter(), CLIENT_CLOSED_REQUEST, ""

        async def send_noted(message: Message) -> None:
            nonlocal status, cache
            if message["type"] == "http.response.start":
                status = message["status"]
                cache = "hit" if "cache-status" in Headers(raw=message.get("headers", [])) else ""
            await send(message)

        self._metrics.under_way.inc()
        try:
            await self._app(scope, receive, send_noted)
        except BaseException:
            status = 500 if status == CLIENT_CLOSED_REQUEST else status
            raise
        finally:
            method = scope["method"] if scope["method"] in METHODS else OTHER_METHOD
            route = route_of(scope) or NO_ROUTE
            self._metrics.under_way.dec()
            self._metrics.requests.labels(method, route, str(status)).inc()
            self._metrics.seconds.labels(method, route).observe(time.perf_counter() - began)
            if status == 304 or cache:
                self._metrics.cached.labels("not modified" if status == 304 else cache).inc()
