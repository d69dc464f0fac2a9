"""What every request shares: the searcher, the edition, the answers kept, and room for a bounded number at a time."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from fastapi import Depends, Request

from linernotes.web.editions import Edition, Editions
from linernotes.web.kept import Kept
from linernotes.web.options import Options
from linernotes.web.turns import Turns
from queries import Searcher

Result = TypeVar("Result")
Source = Callable[[], Searcher]
"""Gives the searcher; raises UnreachableError as long as there is no Elasticsearch to ask."""


@dataclass
class Service:
    """One of each for the whole server. Everything here but `source` belongs to the event loop."""

    options: Options
    source: Source
    editions: Editions
    kept: Kept
    asking: Turns
    counting: Turns
    _looking: "asyncio.Task[Edition] | None" = None

    @classmethod
    def of(cls, options: Options, source: Source) -> "Service":
        """Return the service of a source."""
        return cls(
            options=options,
            source=source,
            editions=Editions(source),
            kept=Kept(options.kept_bytes),
            asking=Turns(options.asking, options.waiting, options.answer_s),
            counting=Turns(options.counting, options.waiting, options.count_s),
        )

    @property
    def searcher(self) -> Searcher:
        """Return the searcher. Use it inside of what is asked: it may have to connect. Raises UnreachableError."""
        return self.source()

    async def ask(self, question: Callable[[], Result], *, long: bool = False) -> Result:
        """Return the answer to a question that takes a thread; raises UnreachableError if it takes too long.

        `long` questions have threads of their own, so that a search always finds room, and more time.
        """
        return await (self.counting if long else self.asking).take(question)

    async def edition(self) -> Edition:
        """Return the edition; however many want it, it is asked for once. Raises UnreachableError."""
        if known := self.editions.fresh():
            return known
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self.ask(self.editions.current))
            self._looking.add_done_callback(_seen)
        # Who goes away doesn't take it from those who wait with him.
        edition = await asyncio.shield(self._looking)
        self.kept.open(edition.digest)
        return edition

    def close(self) -> None:
        """Let go of what still waits for its turn."""
        self.asking.close()
        self.counting.close()


def _seen(task: "asyncio.Task[Edition]") -> None:
    if not task.cancelled():
        task.exception()


def _of(request: Request) -> Service:
    service: Service = request.app.state.service
    return service


Shared = Annotated[Service, Depends(_of)]
"""A parameter of an endpoint: the server's service."""
