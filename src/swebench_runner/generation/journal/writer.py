"""The journal's one thread: what arrives while a commit is under way shares the next one.

SQLite's calls, each waiting for the disk, would stop every other call of the event loop; one a
transaction would make fifty workers queue for fifty syncs. Nobody waits for company: a lone operation
is committed at once.
"""

from __future__ import annotations

import queue
import sqlite3
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, TypeVar

from swebench_runner.generation.journal.errors import StorageError
from swebench_runner.generation.journal.store import JournalStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.generation.journal.reserve import DiskReserve

T = TypeVar("T")
MAX_GROUP: Final = 512


@dataclass(slots=True)
class _Job:
    operation: Callable[[JournalStore], Any]
    writes: bool
    admits: bool
    future: Future[Any] = field(default_factory=Future)


class JournalWriter:
    """Runs operations on a `JournalStore` in one thread, as many as are waiting in one durable commit.

    When the disk is full the reserve is given up once: from then on nothing new is admitted, what was
    already paid for is still written. When even that fails, writing is over and reading goes on.
    """

    def __init__(self, connection: sqlite3.Connection, reserve: DiskReserve) -> None:
        self._db = connection
        self._store = JournalStore(connection)
        self._reserve = reserve
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self.full: StorageError | None = None
        self.broken: StorageError | None = None
        self.commits = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def submit(
        self, operation: Callable[[JournalStore], T], *, writes: bool = True, admits: bool = False
    ) -> Future[T]:
        """The outcome of an operation; for a write, set once it is on the disk.

        Args:
            operation: Run in the journal's thread.
            writes: Whether it changes anything.
            admits: Whether it begins something new, which a full disk refuses.
        """
        job = _Job(operation, writes, admits)
        self._jobs.put(job)
        return job.future

    def close(self) -> None:
        """Finish what is waiting and close the file."""
        self._jobs.put(None)
        self._thread.join()
        self._db.close()

    def _run(self) -> None:
        open_for_more = True
        while open_for_more:
            first = self._jobs.get()
            group: list[_Job] = []
            if first is not None:
                group.append(first)
                open_for_more = self._drain(group)
            else:
                open_for_more = False
            self._commit(group)

    def _drain(self, group: list[_Job]) -> bool:
        while len(group) < MAX_GROUP:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return True
            if job is None:
                return False
            group.append(job)
        return True

    def _commit(self, group: list[_Job]) -> None:
        refused = [job for job in group if self._refusal(job) is not None]
        admitted = [job for job in group if self._refusal(job) is None]
        for job in refused:
            job.future.set_exception(self._refusal(job) or StorageError("the journal is closed"))
        if not admitted:
            return
        try:
            outcomes = self._transaction(admitted)
        except sqlite3.Error as exc:
            self._fail(admitted, exc)
            return
        for job, (value, error) in zip(admitted, outcomes, strict=True):
            if error is None:
                job.future.set_result(value)
            else:
                job.future.set_exception(error)

    def _transaction(self, group: list[_Job]) -> list[tuple[object, Exception | None]]:
        writes = any(job.writes for job in group)
        if writes:
            self._db.execute("BEGIN IMMEDIATE")
        try:
            outcomes = [self._apply(job) for job in group]
            if writes:
                self._db.execute("COMMIT")
                self.commits += 1
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        return outcomes

    def _apply(self, job: _Job) -> tuple[object, Exception | None]:
        try:
            return job.operation(self._store), None
        except sqlite3.Error:
            raise
        except Exception as exc:  # noqa: BLE001 - handed to whoever asked; the thread must outlive it
            return None, exc

    def _refusal(self, job: _Job) -> StorageError | None:
        if job.writes and self.broken is not None:
            return self.broken
        return self.full if job.admits else None

    def _fail(self, group: list[_Job], exc: sqlite3.Error) -> None:
        error = StorageError(
            f"cannot write to the journal: {exc}",
            hint="free some space; what was written so far is kept, and the same command goes on from there",
        )
        error.__cause__ = exc
        if self.full is None and self._reserve.release():
            self.full = error
            self._commit(group)
            return
        self.full = self.broken = error
        for job in group:
            job.future.set_exception(error)
