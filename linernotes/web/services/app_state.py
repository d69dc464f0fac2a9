"""What all requests share: the searcher, the executors, the version of the data and the response cache."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute

from linernotes.web.config import Options
from linernotes.web.services.data_version import DataVersion, DataVersionCache
from linernotes.web.services.executor import BoundedExecutor
from linernotes.web.services.response_cache import ResponseCache
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
    exports: DownloadSlots
    _refreshing: "asyncio.Task[DataVersion] | None" = None

    @classmethod
    def create(cls, options: Options, get_searcher: GetSearcher) -> "AppState":
        """Return the state of a server that begins."""
        return cls(
            options=options,
            get_searcher=get_searcher,
            versions=DataVersionCache(get_searcher),
            cache=ResponseCache(options.cache_bytes),
            fast=BoundedExecutor(options.search_threads, options.queue_size, options.search_timeout_s),
            slow=BoundedExecutor(options.slow_threads, options.queue_size, options.slow_timeout_s),
            exports=DownloadSlots(options.slow_threads),
        )

    async def query(self, ask: Callable[[Searcher], Result], *, slow: bool = False) -> Result:
        """Return what the searcher answers, asked in a thread; raises UnreachableError if it takes too long.

        `slow` queries have threads of their own and more time. Where Elasticsearch was away a moment ago, nothing is
        asked.
        """
        self.versions.cached()
        # In the thread: to have a searcher may need a connection.
        return await (self.slow if slow else self.fast).run(lambda: ask(self.get_searcher()))

    async def data_version(self) -> DataVersion:
        """Return the version of the data; however many need it, it is asked for once. Raises UnreachableError."""
        if cached := self.versions.cached():
            return cached
        if self._refreshing is None or self._refreshing.done():
            self._refreshing = asyncio.create_task(self.fast.run(self.versions.refresh))
            self._refreshing.add_done_callback(_retrieve)
        try:
            # A client that goes away doesn't take it from the others who wait.
            return await asyncio.shield(self._refreshing)
        except LinernotesError as failure:
            self.versions.set_failure(failure)
            raise

    async def loaded(self) -> Mapping[str, Loaded] | None:
        """Return what is loaded, by data set; None where Elasticsearch doesn't say."""
        try:
            return (await self.data_version()).loaded
        except UnreachableError:
            return None

    def close(self) -> None:
        """Drop what is queued."""
        self.fast.close()
        self.slow.close()


def _retrieve(task: "asyncio.Task[DataVersion]") -> None:
    if not task.cancelled():
        task.exception()  # else asyncio logs one that nobody waited for


def get_app_state(request: Request) -> AppState:
    """Return the state of the application that a request is for."""
    state: AppState = request.app.state.shared
    return state


AppStateDep = Annotated[AppState, Depends(get_app_state)]
"""A parameter of an endpoint."""


class CachedRoute(APIRoute):
    """A route whose responses depend on nothing but the address and the version of the data."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler that looks into the cache first."""
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            state = get_app_state(request)
            try:
                version = await state.data_version()
            except LinernotesError:
                return await handle(request)  # which validates the parameters before it fails in the same way
            return await state.cache.respond(request, version.digest, handle)

        return handler
