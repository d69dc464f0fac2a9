"""`/metrics` for Prometheus: for the machine itself, and the networks that the operator names."""

import time

import anyio
from fastapi import APIRouter, Request, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException

from linernotes.web.middleware.metrics import Metrics
from linernotes.web.middleware.public_api import is_in_networks
from linernotes.web.services.app_state import AppState, AppStateDep
from linernotes.web.services.response_cache import NO_STORE
from mappings.errors import LinernotesError

router = APIRouter(include_in_schema=False)

VERSION_S = 2.0
"""How long a scrape waits for the version of the data; Prometheus itself gives up after ten seconds."""


@router.get("/metrics")
async def metrics(request: Request, state: AppStateDep) -> Response:
    """Return all metrics as text; whom they are not for gets the same as where nothing is."""
    if not is_in_networks(request, state.options.metrics_clients):
        raise HTTPException(404)
    known: Metrics = request.app.state.metrics
    await _read(known, state)
    return Response(generate_latest(known.registry), headers={**NO_STORE, "content-type": CONTENT_TYPE_LATEST})


async def _read(metrics: Metrics, state: AppState) -> None:
    """Read what isn't counted but is there: queues, downloads, and the version of the data."""
    for name, pool in state.pools.items():
        metrics.pending.labels(name).set(pool.pending)
    metrics.downloads.set(state.exports.used)
    version = None
    try:
        with anyio.move_on_after(VERSION_S):
            version = await state.data_version()
    except LinernotesError:
        pass
    metrics.available.set(version is not None)
    if version is not None:
        metrics.seen_at = time.monotonic()
        metrics.tracks.clear()
        for name, loaded in version.loaded.items():
            metrics.tracks.labels(name).set(loaded.records)
    metrics.age.set(time.monotonic() - metrics.seen_at)
