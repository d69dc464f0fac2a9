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
from contextlib import ExitStack, asynccontextmanager, contextmanager
from contextvars import copy_context
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from typing import Annotated

import anyio
import anyio.to_thread
from fastapi import Depends, Request

from linernotes.catalogue.csv_file import Catalogue
from linernotes.catalogue.verify import Report
from linernotes.i18n import N_
from linernotes.web.checks import upload
from linernotes.web.checks.jobs import CheckState, Job, open_upload
from linernotes.web.config import Options
from linernotes.web.errors import BusyError, NotFoundError, PayloadTooLargeError, TooManyRequestsError
from linernotes.web.services.app_state import AppState
from linernotes.web.services.executor import BoundedExecutor, current_client
from linernotes.web.services.streaming import DownloadSlots
from queries.errors import NOTHING_LOADED, NothingLoadedError

KEEP_S = 3600.0
"""How long results are kept once they are there."""

MAX_REPORTS, MAX_CLIENT_REPORTS = 8, 2
"""Reports that are sent at a time, in all and to one client; each has a thread, and reads from disk."""

RETRY_S = 60
"""After how many seconds a client may try again for which there was no room."""

SWEEP_S = 30.0

FOLDER_PREFIX = "linernotes-checks-"
LOCK_NAME = "lock"
MIN_STALE_S = 60.0
"""A younger folder may belong to a server that hasn't locked it yet."""


@dataclass(frozen=True, eq=False)
class _Incoming:
    """An upload that is being received, and the disk that it may take."""

    client: str | None
    disk_bytes: int


@dataclass(frozen=True)
class _Opened:
    """What was uploaded, open until the stack is closed: its rows, and the disk that it takes."""

    table: Catalogue | Report
    stack: ExitStack
    rows: int
    size: int


class CheckStore:
    """The jobs, oldest first. What is full refuses newcomers: nobody's report is deleted before its time."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options, self._folder = options, folder
        self.downloads = DownloadSlots(
            MAX_REPORTS, MAX_CLIENT_REPORTS, bytes_per_s=options.export_bytes_per_s, max_s=options.export_s
        )
        self._jobs: OrderedDict[str, Job] = OrderedDict()
        self._incoming: set[_Incoming] = set()
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(options.running_checks, thread_name_prefix="check")
        # Two: a client whose uploads take long has one of them at most.
        self._opening = BoundedExecutor(2, options.max_uploads, options.slow_timeout_s)
        self._requests = threading.Semaphore(options.check_requests)

    async def begin(self, request: Request, state: AppState) -> Job:
        """Receive the catalogue of a request, and check it in the background.

        Raises PayloadTooLargeError, UnsupportedTypeError, InputError for what is no catalogue, TooManyRequestsError
        for a client that has as much here as it may, BusyError where there is no room, and UnreachableError where
        Elasticsearch doesn't answer.
        """
        client = current_client.get()
        incoming = _Incoming(client, upload.disk_bytes(request, self._options.upload_bytes))
        self._admit(incoming)
        if not (await state.data_version()).loaded:
            raise NothingLoadedError(*NOTHING_LOADED)
        self._admit(incoming)  # again: others may have come while the version was asked for
        self._incoming.add(incoming)
        folder = self._folder / secrets.token_hex(16)
        folder.mkdir(mode=0o700)
        try:
            received = await upload.receive(
                request, folder / "catalogue", self._options.upload_bytes, self._options.upload_s
            )
            opened = await self._opening.run(lambda: self._open(received))
            self._incoming.discard(incoming)  # from now on it is a job's
            return self._start(client, received, opened, state)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            self._incoming.discard(incoming)

    def get(self, job_id: str) -> Job:
        """Return a job; raises NotFoundError for one that isn't there, or not any more."""
        job = self._jobs.get(job_id)
        if job is None or _is_expired(job):
            raise NotFoundError(N_("There is no such check, or it was deleted."), N_("Send the catalogue again."))
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
        self._opening.close()
        self._threads.shutdown(cancel_futures=True)

    def _open(self, received: upload.Upload) -> _Opened:
        """Return what was uploaded, open; closed and raised for more rows than there may be."""
        limit, stack = self._options.upload_rows, ExitStack()
        with stack:
            # A sheet has a header, and a row more says that there are too many.
            table = stack.enter_context(open_upload(received.path, received.name, limit + 2))
            rows = table.size(limit)
            if rows > limit:
                raise PayloadTooLargeError(f"The catalogue has more than {limit:,} rows.", "Split it.")
            size = sum(path.stat().st_size for path in {received.path, table.path})  # a workbook, and its sheet
            return _Opened(table, stack.pop_all(), rows, size)

    def _start(self, client: str | None, received: upload.Upload, opened: _Opened, state: AppState) -> Job:
        job = Job(
            secrets.token_urlsafe(24),
            received.name,
            opened.rows,
            received.path,
            opened.table,
            opened.stack,
            client=client,
            upload_bytes=opened.size,
            requests=self._requests,
            give_way=state.fast.give_way,
            may_grow=lambda: self._disk_bytes() <= self._options.check_bytes,
        )
        if self._disk_bytes() + job.disk_bytes > self._options.check_bytes:
            opened.stack.close()
            raise _full()
        with self._lock:
            self._jobs[job.id] = job
        self._threads.submit(copy_context().run, job.run, state.get_searcher)
        return job

    def _admit(self, incoming: _Incoming) -> None:
        """Raise TooManyRequestsError or BusyError where one more catalogue is too much."""
        self.sweep()
        options, client, jobs = self._options, incoming.client, list(self._jobs.values())
        running = [job for job in jobs if job.state is CheckState.RUNNING]
        if client is not None:
            if any(each.client == client for each in self._incoming):
                message = N_("Your address is uploading a catalogue already.")
                raise TooManyRequestsError(message, N_("Wait until that is done, then try again."))
            if sum(job.client == client for job in running) >= options.running_checks_per_client:
                message = N_("Your address has several checks under way.")
                raise TooManyRequestsError(message, N_("Wait until one is done, or delete it."))
            if sum(job.client == client for job in jobs) >= options.checks_per_client:
                message = f"Your address has {options.checks_per_client} checks here, which are kept for an hour."
                expires = min((job.ended or time.time()) + KEEP_S for job in jobs if job.client == client)
                wait = ceil(max(expires - time.time(), 1))
                raise TooManyRequestsError(message, N_("Delete one, or try again later."), wait)
        full = (
            len(self._incoming) >= options.max_uploads
            or len(running) + len(self._incoming) >= options.running_checks
            or len(jobs) >= options.max_checks
            or self._disk_bytes() + incoming.disk_bytes > options.check_bytes
            or shutil.disk_usage(self._folder).free < options.free_bytes + incoming.disk_bytes
        )
        if full:
            raise _full()

    def _disk_bytes(self) -> int:
        """Return how much disk uploads and checks take, or may take."""
        incoming = sum(each.disk_bytes for each in list(self._incoming))
        return incoming + sum(job.disk_bytes for job in list(self._jobs.values()))

    def _drop(self, job: Job) -> None:
        with self._lock:
            self._jobs.pop(job.id, None)
        job.stopped.set()
        shutil.rmtree(job.catalogue.parent, ignore_errors=True)


def _full() -> BusyError:
    return BusyError(N_("Too many catalogues are being checked."), N_("Please try again in a few minutes."), RETRY_S)


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
