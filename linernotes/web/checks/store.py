"""All checks of a server: a bounded number, each found only by who knows its id, gone after an hour."""

import secrets
import shutil
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from linernotes.catalogue import csv_file
from linernotes.web.checks import upload
from linernotes.web.checks.job import CheckState, Job
from linernotes.web.config import Options
from linernotes.web.errors import NotThereError, TooMuchError
from linernotes.web.services.service import Service, Source
from linernotes.web.services.streaming import Streams
from mappings.errors import InputError, LinernotesError, UnreachableError
from queries.errors import NOTHING_LOADED

KEEP_S = 3600.0
"""How long answers are kept once they are there."""

MOST = 20
"""Checks at a time, with those that are done: 4 GB of disk at the very most, 20 MB usually."""

SWEEP_S = 30.0

REPORTS = 8
"""Reports that are sent at a time; each has a thread, and reads from disk."""

DRAINED = 80_000_000
"""Bytes that are read at most of an upload that is refused."""


class Checks:
    """The jobs, oldest first; `options.counting` of them run, the others wait for their turn."""

    def __init__(self, options: Options, room: Path) -> None:
        self._options, self._room = options, room
        self.streams = Streams(REPORTS)
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(options.counting, thread_name_prefix="check")

    async def begin(self, request: Request, service: Service) -> Job:
        """Take what a request brings, and check it in the background.

        Raises ForeignError, TooMuchError, WrongKindError, InputError for what is no catalogue, and
        UnreachableError where Elasticsearch doesn't answer or too many checks run.
        """
        try:
            return await self._begin(request, service)
        except LinernotesError:
            await upload.drain(request, DRAINED)
            raise

    async def _begin(self, request: Request, service: Service) -> Job:
        upload.refuse_foreign(request)
        self._make_room()
        if not (await service.edition()).loaded:
            raise InputError(*NOTHING_LOADED)
        place = self._room / secrets.token_hex(16)
        place.mkdir(mode=0o700)
        try:
            taken = await upload.receive(request, place / "catalogue", self._options.upload_bytes)
            total = await service.ask(lambda: self._size(taken))
            return self._start(taken, total, service.source)
        except BaseException:
            shutil.rmtree(place, ignore_errors=True)
            raise

    def get(self, name: str) -> Job:
        """Return a job; raises NotThereError for one that isn't there, or not any more."""
        job = self._jobs.get(name)
        if job is None or _is_over(job):
            raise NotThereError("There is no such check, or it was deleted.", "Send the catalogue again.")
        return job

    def delete(self, request: Request, name: str) -> None:
        """Stop a job if it runs, and delete what there is of it; raises NotThereError, ForeignError."""
        upload.refuse_foreign(request)
        self._drop(self.get(name))

    def sweep(self) -> None:
        """Delete those whose time is over."""
        for job in list(self._jobs.values()):
            if _is_over(job):
                self._drop(job)

    def close(self) -> None:
        """Stop what runs, and wait for it."""
        for job in list(self._jobs.values()):
            job.stopped.set()
        self._threads.shutdown(cancel_futures=True)

    def _size(self, taken: upload.Upload) -> int:
        most = self._options.upload_rows
        with csv_file.open_catalogue(taken.path, taken.name) as asked:
            rows = asked.size(most)
        if rows > most:
            raise TooMuchError(f"The catalogue has more than {most:,} rows.", "Divide it, or use: linernotes check")
        return rows

    def _start(self, taken: upload.Upload, total: int, source: Source) -> Job:
        self._make_room()
        job = Job(secrets.token_urlsafe(24), taken.name, total, taken.path)
        with self._lock:
            self._jobs[job.id] = job
        self._threads.submit(job.run, source)
        return job

    def _make_room(self) -> None:
        """Delete the oldest that is done where there are too many; raises UnreachableError if all of them run."""
        if len(self._jobs) < MOST:
            return
        ended = next((job for job in list(self._jobs.values()) if job.state is not CheckState.RUNNING), None)
        if ended is None:
            raise UnreachableError("Too many catalogues are being checked just now.", "Send it again in a while.")
        self._drop(ended)

    def _drop(self, job: Job) -> None:
        with self._lock:
            self._jobs.pop(job.id, None)
        job.stopped.set()
        shutil.rmtree(job.table.parent, ignore_errors=True)


def _is_over(job: Job) -> bool:
    return job.ended is not None and time.time() > job.ended + KEEP_S


@asynccontextmanager
async def opened(options: Options) -> AsyncIterator[Checks]:
    """Give the checks of a server; in the end they are stopped, and what they had is deleted."""
    with upload.opened() as room:
        checks = Checks(options, room)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_sweep, checks)
                yield checks
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(checks.close)


async def _sweep(checks: Checks) -> None:
    while True:
        await anyio.sleep(SWEEP_S)
        await anyio.to_thread.run_sync(checks.sweep)


def _of(request: Request) -> Checks:
    checks: Checks = request.app.state.checks
    return checks


Kept = Annotated[Checks, Depends(_of)]
"""A parameter of an endpoint: the server's checks."""
