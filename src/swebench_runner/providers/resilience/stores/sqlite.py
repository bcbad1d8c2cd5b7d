"""Lanes in a file, for several processes of one host.

Every step is one transaction that holds the file's only write lock. Nothing waits for the disk: what a
power failure loses is a minute's accounting, and a lane without a past begins with half a burst. The clock
must be one that all processes share, as the system's monotonic clock is.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

from swebench_runner.providers.core.clock import SystemClock
from swebench_runner.providers.resilience import lane_state, lane_steps
from swebench_runner.providers.resilience.lane import Lane
from swebench_runner.providers.resilience.stores import StoreLostError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Iterable

    from swebench_runner.providers.core.clock import Clock
    from swebench_runner.providers.resilience.lane_limits import LaneLimits
    from swebench_runner.providers.resilience.lane_state import Lease, Reservation

T = TypeVar("T")
SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS lanes (name TEXT PRIMARY KEY, state TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS leases (
    lane TEXT NOT NULL, reservation TEXT NOT NULL,
    seq INTEGER NOT NULL, at_us INTEGER NOT NULL, expires_us INTEGER NOT NULL,
    requests INTEGER NOT NULL, tokens INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL, output_tokens INTEGER NOT NULL,
    PRIMARY KEY (lane, reservation)
) WITHOUT ROWID;
"""


class SQLiteStore:
    """Lanes in a SQLite file.

    Args:
        path: Made when it is not there; on a disk of this host.
        clock: Read within each transaction.
        patience_s: How long to wait for another process's step.
    """

    def __init__(self, path: str | Path, *, clock: Clock | None = None, patience_s: float = 5.0) -> None:
        self._path = Path(path)
        self._clock = clock or SystemClock()
        self._patience_s = patience_s
        self._thread: ThreadPoolExecutor | None = None
        self._connection: sqlite3.Connection | None = None

    async def apply(self, lane: str, limits: LaneLimits, step: lane_steps.Step) -> int:
        """Take one step of a lane.

        Raises:
            StoreLostError: The file cannot be used, or is held for too long.
        """
        return await self._in_thread(lambda: self.apply_now(lane, limits, step))

    async def state(self, lane: str) -> dict[str, int] | None:
        """A lane's state; None when there is none.

        Raises:
            StoreLostError: The file cannot be used.
        """
        return await self._in_thread(lambda: self._state(self._open(), lane))

    async def aclose(self) -> None:
        """Close the file and end the thread."""
        if self._thread is not None:
            await self._in_thread(self._close)
            self._thread.shutdown()
            self._thread = None

    def apply_now(self, lane: str, limits: LaneLimits, step: lane_steps.Step) -> int:
        """As `apply`, in the calling thread, which must always be the same one."""
        connection = self._open()
        connection.execute("BEGIN IMMEDIATE")
        try:
            result = self._step(connection, lane, limits, step)
        except BaseException:
            connection.execute("ROLLBACK")
            raise
        connection.execute("COMMIT")
        return result

    # -- within, in the store's own thread ----------------------------------------------------

    def _step(
        self, connection: sqlite3.Connection, name: str, limits: LaneLimits, step: lane_steps.Step
    ) -> int:
        now_us = int(self._clock.now_s() * 1e6)
        leases = _Leases(connection, name)
        lane = Lane(limits, now_us=now_us, half=True, leases=leases)
        state = self._state(connection, name)
        try:
            lane_state.load(lane, state or {})
        except KeyError:  # there is none, or another version of this program wrote it
            leases.clear()
            lane = Lane(limits, now_us=now_us, half=True, leases=leases)
        result = lane_steps.apply(lane, step, now_us)
        stored = json.dumps(lane_state.dump(lane), separators=(",", ":"))
        connection.execute("INSERT OR REPLACE INTO lanes VALUES (?, ?)", (name, stored))
        return result

    def _state(self, connection: sqlite3.Connection, name: str) -> dict[str, int] | None:
        row = connection.execute("SELECT state FROM lanes WHERE name = ?", (name,)).fetchone()
        return None if row is None else json.loads(row[0])

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            import sqlite3  # noqa: PLC0415 - only those who share a file pay for it

            self._path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._connection = self._connect()
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:  # not a database any more: keep it for whoever wants to look
                self._path.replace(self._path.with_name(self._path.name + ".broken"))
                self._connection = self._connect()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        import sqlite3  # noqa: PLC0415 - as above

        connection = sqlite3.connect(self._path, timeout=self._patience_s, isolation_level=None)
        try:
            self._path.chmod(0o600)
            connection.execute("PRAGMA journal_mode = TRUNCATE")
            connection.execute("PRAGMA synchronous = OFF")
            connection.executescript(SCHEMA)
        except BaseException:
            connection.close()
            raise
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    async def _in_thread(self, work: Callable[[], T]) -> T:
        import asyncio  # noqa: PLC0415 - a worker process may use `apply_now` without it
        import sqlite3  # noqa: PLC0415 - as above

        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="swebench-runner-lanes")
        try:
            return await asyncio.get_running_loop().run_in_executor(self._thread, work)
        except (sqlite3.Error, OSError, ValueError, KeyError) as error:
            raise StoreLostError(f"{self._path}: {error}") from error


class _Leases:
    """`Leases` of one lane in a table."""

    def __init__(self, connection: sqlite3.Connection, lane: str) -> None:
        self._connection = connection
        self._lane = lane

    def __setitem__(self, reservation: Reservation, lease: Lease) -> None:
        seq, at_us, expires_us, units = lease
        self._connection.execute(
            "INSERT OR REPLACE INTO leases VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (self._lane, str(reservation), seq, at_us, expires_us, *units),
        )

    def get(self, reservation: Reservation) -> Lease | None:
        found = self._select(
            "SELECT * FROM leases WHERE lane = ? AND reservation = ?", self._lane, str(reservation)
        )
        return next((lease for _, lease in found), None)

    def pop(self, reservation: Reservation, default: None) -> Lease | None:
        lease = self.get(reservation)
        if lease is None:
            return default
        self._connection.execute(
            "DELETE FROM leases WHERE lane = ? AND reservation = ?", (self._lane, str(reservation))
        )
        return lease

    def items(self) -> Iterable[tuple[Reservation, Lease]]:
        return self._select("SELECT * FROM leases WHERE lane = ?", self._lane)

    def clear(self) -> None:
        self._connection.execute("DELETE FROM leases WHERE lane = ?", (self._lane,))

    def _select(self, query: str, *values: str) -> list[tuple[Reservation, Lease]]:
        with closing(self._connection.execute(query, values)) as rows:
            return [(row[1], (row[2], row[3], row[4], (row[5], row[6], row[7], row[8]))) for row in rows]
