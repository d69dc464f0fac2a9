"""What all requests share: the searcher, the executors, the version of the data and the response cache."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Annotated, Any, TypeVar
from urllib.parse import urlencode

from fastapi import Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from linernotes import abort, cards
from linernotes.web.config import Options
from linernotes.web.services.data_version import GRACE_S, DataVersion, DataVersionCache
from linernotes.web.services.executor import BoundedExecutor, current_client
from linernotes.web.services.response_cache import UNCACHED_KEY, ResponseCache
from linernotes.web.services.streaming import DownloadSlots
from mappings.errors import LinernotesError, UnreachableError
from queries import Loaded, Searcher

Result = TypeVar("Result")
GetSearcher = Callable[[], Searcher]
"""Gives the searcher; raises UnreachableError as long as there is no Elasticsearch to ask."""


@dataclass
class AppState:
    """One of each for the whole server. Everything but `get_searcher` belongs to the event loop's thread."""

    options: Options
    get_searcher: GetSearcher
    versions: DataVersionCache
    cache: ResponseCache
    fast: BoundedExecutor
    slow: BoundedExecutor
    walks: BoundedExecutor
    batches: BoundedExecutor
    version: BoundedExecutor
    exports: DownloadSlots
    _refreshing: "asyncio.Task[DataVersion] | None" = None
    _refreshing_since: float = 0.0

    @classmethod
    def create(cls, options: Options, get_searcher: GetSearcher) -> "AppState":
        """Return the state of a server that begins."""
        return cls(
            options=options,
            get_searcher=get_searcher,
            versions=DataVersionCache(lambda: _limited(get_searcher, options.version_timeout_s)),
            cache=ResponseCache(options.cache_bytes),
            fast=BoundedExecutor(options.search_threads, options.queue_size, options.search_timeout_s),
            slow=BoundedExecutor(options.analysis_threads, options.queue_size, options.slow_timeout_s),
            walks=BoundedExecutor(options.walk_threads, options.queue_size, options.slow_timeout_s),
            batches=BoundedExecutor(options.batch_threads, options.queue_size, options.slow_timeout_s),
            version=BoundedExecutor(1, 1, options.version_timeout_s + 1.0),
            exports=DownloadSlots(
                options.max_exports, per_client=1, bytes_per_s=options.export_bytes_per_s, max_s=options.export_s
            ),
        )

    @property
    def pools(self) -> dict[str, BoundedExecutor]:
        """Return all pools of threads by their names."""
        names = ("fast", "slow", "walks", "batches", "version")
        return {name: getattr(self, name) for name in names}

    async def query(self, ask: Callable[[Searcher], Result], pool: BoundedExecutor | None = None) -> Result:
        """Return what the searcher answers, asked in a thread of a pool; raises UnreachableError if it takes too long.

        The default is `fast`; what takes longer has the threads and the time of `slow`, `walks` or `batches`. All that
        is asked ends with that time, or when nobody waits any more. Where Elasticsearch was away a moment ago, nothing
        is asked.
        """
        self.versions.cached()
        pool = pool or self.fast
        background = pool is not self.fast or pool.is_heavy(current_client.get())

        def call(seconds: float) -> Result:
            # In the thread: to have a searcher may need a connection.
            return ask(_limited(self.get_searcher, seconds, background=background))

        return await pool.run_until(call)

    async def data_version(self) -> DataVersion:
        """Return the version of the data; however many need it, it is asked for once. Raises UnreachableError.

        It is asked in a thread of its own. Where that takes longer than a moment, the version before is returned.
        What the request does from then on knows all data sets by name, the declared ones too.
        """
        version = await self._version()
        cards.set_known(version.cards)
        return version

    async def _version(self) -> DataVersion:
        if cached := self.versions.cached():
            return cached
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self.version.run(self.versions.refresh))
            self._refreshing.add_done_callback(_retrieve)
            self._refreshing_since = time.monotonic()
        refreshing, stale = self._refreshing, self.versions.stale()
        if stale:
            await asyncio.wait([refreshing], timeout=max(self._refreshing_since + GRACE_S - time.monotonic(), 0))
            if not refreshing.done():
                return stale
        try:
            # A client that goes away doesn't take it from the others who wait.
            return await asyncio.shield(refreshing)
        except LinernotesError as failure:
            self.versions.set_failure(failure)
            if stale := self.versions.stale():
                return stale
            raise

    async def loaded(self) -> Mapping[str, Loaded] | None:
        """Return what is loaded, by data set; None where Elasticsearch doesn't say."""
        try:
            return (await self.data_version()).loaded
        except UnreachableError:
            return None

    def close(self) -> None:
        """Drop what is queued."""
        for pool in self.pools.values():
            pool.close()


def _limited(get_searcher: GetSearcher, seconds: float, *, background: bool = False) -> Searcher:
    """Return the searcher with so many seconds for all its questions; they end sooner if this thread is aborted."""
    abortable = abort.current()
    searcher = get_searcher().within(seconds, abortable.stop_event if abortable else None)
    return replace(searcher, background=background)


def _retrieve(task: "asyncio.Task[DataVersion]") -> None:
    if not task.cancelled():
        task.exception()  # else asyncio logs one that nobody waited for


def get_app_state(request: Request) -> AppState:
    """Return the state of the application that a request is for."""
    state: AppState = request.app.state.shared
    return state


AppStateDep = Annotated[AppState, Depends(get_app_state)]
"""A parameter of an endpoint."""


async def _know_cards(state: AppStateDep) -> None:
    with suppress(LinernotesError):  # then the built-in data sets are known
        await state.data_version()


KNOW_CARDS = Depends(_know_cards)
"""A dependency of endpoints that aren't cached, and yet name data sets."""


class CachedRoute(APIRoute):
    """A route whose responses depend on nothing but the address and the version of the data.

    Parameters that the route ignores are no part of the address: else any of them would be a way past the cache.
    """

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that looks into the cache first."""
        handle = super().get_route_handler()
        names, refuses_others = _query_parameters(self.dependant)

        async def handler(request: Request) -> Response:
            state = get_app_state(request)
            if request.scope.get(UNCACHED_KEY):
                return await handle(request)
            try:
                version = await state.data_version()
            except LinernotesError:
                return await handle(request)  # which validates the parameters before it fails in the same way
            pairs = request.query_params.multi_items()
            known = sorted((pair for pair in pairs if pair[0] in names), key=lambda pair: pair[0])
            if refuses_others and len(known) < len(pairs):
                return await handle(request)  # which says which parameter is unknown
            client = current_client.get()
            is_heavy = any(pool.is_heavy(client) for pool in state.pools.values())
            return await state.cache.respond(request, version.digest, urlencode(known), handle, is_heavy=is_heavy)

        return handler


def _query_parameters(dependant: Dependant) -> tuple[frozenset[str], bool]:
    """Return the names of the query parameters that a route reads, and whether it refuses others."""
    names, refuses_others = set[str](), False
    for field in dependant.query_params:
        annotation = field.field_info.annotation
        if isinstance(annotation, type) and issubclass(annotation, BaseModel):
            names |= {info.alias or name for name, info in annotation.model_fields.items()}
            refuses_others |= annotation.model_config.get("extra") == "forbid"
        else:
            names.add(field.alias)
    for each in dependant.dependencies:
        further, refuses = _query_parameters(each)
        names, refuses_others = names | further, refuses_others or refuses
    return frozenset(names), refuses_others
