"""The catalogue checks of a server: begun, looked up, deleted; and the folder where uploads and answers are kept."""

import fcntl
import os
import secrets
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from linernotes.catalogue import csv_file
from linernotes.web.checks import upload
from linernotes.web.checks.jobs import CheckState, Job
from linernotes.web.config import Options
from linernotes.web.errors import NotFoundError, PayloadTooLargeError
from linernotes.web.services.app_state import AppState, GetSearcher
from linernotes.web.services.streaming import DownloadSlots
from mappings.errors import InputError, UnreachableError
from queries.errors import NOTHING_LOADED

KEEP_S = 3600.0
"""How long results are kept once they are there."""

MAX_CHECKS = 20
"""Checks at a time, with those that are done: 4 GB of disk at the very most, 20 MB usually."""

MAX_REPORTS = 8
"""Reports that are sent at a time; each has a thread, and reads from disk."""

SWEEP_S = 30.0

FOLDER_PREFIX = "linernotes-checks-"
LOCK_NAME = "lock"
MIN_STALE_S = 60.0
"""A younger folder may belong to a server that hasn't locked it yet."""


class CheckStore:
    """The jobs, oldest first; `options.slow_threads` of them run, the others are queued."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options, self._folder = options, folder
        self.downloads = DownloadSlots(MAX_REPORTS)
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(options.slow_threads, thread_name_prefix="check")

    async def begin(self, request: Request, state: AppState) -> Job:
        """Receive the catalogue of a request, and check it in the background.

        Raises PayloadTooLargeError, UnsupportedTypeError, InputError for what is no catalogue, and UnreachableError
        where Elasticsearch doesn't answer or too many checks run.
        """
        self._make_room()
        if not (await state.data_version()).loaded:
            raise InputError(*NOTHING_LOADED)
        folder = self._folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            received = await upload.receive(request, folder / "catalogue", self._options.upload_bytes)
            total = await state.fast.run(lambda: self._count_rows(received))
            return self._start(received, total, state.get_searcher)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise

    def get(self, job_id: str) -> Job:
        """Return a job; raises NotFoundError for one that isn't there, or not any more."""
        job = self._jobs.get(job_id)
        if job is None or _is_expired(job):
            raise NotFoundError("There is no such check, or it was deleted.", "Send the catalogue again.")
        return job

    def delete(self, job_id: str) -> None:
        """Stop a job if it runs, and delete what there is of it; raises NotFoundError."""
        self._drop(self.get(job_id))

    def sweep(self) -> None:
        """Delete the jobs that have expired."""
        for job in list(self._jobs.values()):
            if _is_expired(job):
                self._drop(job)

    def close(self) -> None:
        """Stop what runs, and wait for it."""
        for job in list(self._jobs.values()):
            job.stopped.set()
        self._threads.shutdown(cancel_futures=True)

    def _count_rows(self, received: upload.Upload) -> int:
        limit = self._options.upload_rows
        with csv_file.open_catalogue(received.path, received.name) as catalogue:
            rows = catalogue.size(limit)
        if rows > limit:
            hint = "Split it, or use the command line: linernotes check"
            raise PayloadTooLargeError(f"The catalogue has more than {limit:,} rows.", hint)
        return rows

    def _start(self, received: upload.Upload, total: int, get_searcher: GetSearcher) -> Job:
        self._make_room()
        job = Job(secrets.token_urlsafe(24), received.name, total, received.path)
        with self._lock:
            self._jobs[job.id] = job
        self._threads.submit(job.run, get_searcher)
        return job

    def _make_room(self) -> None:
        """Delete the oldest job that is done where there are too many; raises UnreachableError if all of them run."""
        if len(self._jobs) < MAX_CHECKS:
            return
        ended = next((job for job in list(self._jobs.values()) if job.state is not CheckState.RUNNING), None)
        if ended is None:
            raise UnreachableError("Too many catalogues are being checked.", "Please try again in a few minutes.")
        self._drop(ended)

    def _drop(self, job: Job) -> None:
        with self._lock:
            self._jobs.pop(job.id, None)
        job.stopped.set()
        shutil.rmtree(job.catalogue.parent, ignore_errors=True)


def _is_expired(job: Job) -> bool:
    return job.ended is not None and time.time() > job.ended + KEEP_S


@asynccontextmanager
async def opened(options: Options) -> AsyncIterator[CheckStore]:
    """Give the checks of a server; in the end they are stopped, and what they had is deleted."""
    with opened_folder() as folder:
        store = CheckStore(options, folder)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(_sweep_regularly, store)
                yield store
                tasks.cancel_scope.cancel()
        finally:
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(store.close)


async def _sweep_regularly(store: CheckStore) -> None:
    while True:
        await anyio.sleep(SWEEP_S)
        await anyio.to_thread.run_sync(store.sweep)


@contextmanager
def opened_folder() -> Iterator[Path]:
    """Give a folder that only we may read, and remove it in the end, with those that killed servers left behind."""
    _remove_stale(Path(tempfile.gettempdir()))
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    try:
        with (folder / LOCK_NAME).open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _remove_stale(parent: Path) -> None:
    for folder in parent.glob(f"{FOLDER_PREFIX}*"):
        try:
            stat = folder.stat(follow_symlinks=False)
            if stat.st_uid != os.geteuid() or time.time() - stat.st_mtime < MIN_STALE_S:
                continue
            with (folder / LOCK_NAME).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
        except OSError:  # another server's: it holds the lock, or removes it just now
            continue


def _get_store(request: Request) -> CheckStore:
    store: CheckStore = request.app.state.checks
    return store


CheckStoreDep = Annotated[CheckStore, Depends(_get_store)]
"""A parameter of an endpoint."""
