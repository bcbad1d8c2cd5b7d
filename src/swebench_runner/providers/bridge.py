"""Synchronous callers on an asynchronous layer: one event loop in one thread, started on first use."""

from __future__ import annotations

import asyncio
import atexit
import threading
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self, TypeVar

from swebench_runner.providers.core.errors import ProviderTimeoutError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Coroutine, Iterator

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class BridgeStats:
    """What a bridge has done so far."""

    started: int = 0
    completed: int = 0
    failed: int = 0
    timed_out: int = 0
    running: bool = False


class AsyncBridge:
    """Runs coroutines for code that cannot await, also inside a running loop (a notebook).

    Nothing is started before the first `run`. Many threads may share one bridge.

    Args:
        timeout_s: Default ceiling of one `run`, in seconds; None waits as long as it takes.
    """

    def __init__(self, *, timeout_s: float | None = None) -> None:
        self._timeout_s = timeout_s
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._counts = {"started": 0, "completed": 0, "failed": 0, "timed_out": 0}

    def run(self, coroutine: Coroutine[object, object, T], *, timeout_s: float | None = None) -> T:
        """The coroutine's result.

        Args:
            coroutine: Run to its end in the bridge's thread.
            timeout_s: Ceiling in seconds; the coroutine is cancelled when it is reached.

        Raises:
            ProviderTimeoutError: The ceiling was reached.
            RuntimeError: Called from the bridge's own thread, where waiting would never end.
        """
        if threading.current_thread() is self._thread:
            coroutine.close()
            raise RuntimeError("AsyncBridge.run was called from the bridge's own loop: await instead")
        limit_s = self._timeout_s if timeout_s is None else timeout_s
        future = asyncio.run_coroutine_threadsafe(coroutine, self._ensure_loop())
        self._count("started")
        try:
            result = future.result(limit_s)
        except FutureTimeout as error:
            if future.done():
                self._count("failed")
                raise
            future.cancel()
            self._count("timed_out")
            raise ProviderTimeoutError(f"no result within {limit_s:g} s", original_error=error) from error
        except BaseException:
            future.cancel()
            self._count("failed")
            raise
        self._count("completed")
        return result

    def iterate(self, items: AsyncIterator[T]) -> Iterator[T]:
        """The items of an asynchronous iterator, one by one as they come; closing early closes it too."""
        try:
            while True:
                try:
                    yield self.run(_next(items))
                except StopAsyncIteration:
                    return
        finally:
            close = getattr(items, "aclose", None)
            if close is not None:
                self.run(close())

    @property
    def stats(self) -> BridgeStats:
        """Counts so far, and whether the thread runs."""
        with self._lock:
            return BridgeStats(**self._counts, running=self._loop is not None)

    def close(self) -> None:
        """Cancel what runs, close the loop and end the thread; a later `run` starts afresh."""
        with self._lock:
            loop, thread = self._loop, self._thread
            self._loop = self._thread = None
        if loop is None or thread is None:
            return
        asyncio.run_coroutine_threadsafe(_cancel_all(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exc: object) -> None:
        self.close()

    def _count(self, what: str) -> None:
        with self._lock:
            self._counts[what] += 1

    def _ensure_loop(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                self._thread = threading.Thread(
                    target=_serve, args=(self._loop,), name="swebench-runner-bridge", daemon=True
                )
                self._thread.start()
            return self._loop


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    asyncio.set_event_loop(loop)
    try:
        loop.run_forever()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


async def _next(items: AsyncIterator[T]) -> T:
    return await anext(items)


async def _cancel_all() -> None:
    tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


_default: AsyncBridge | None = None
_default_lock = threading.Lock()


def get_bridge() -> AsyncBridge:
    """The bridge that the synchronous twins share; closed when the process ends."""
    global _default  # noqa: PLW0603 - made on first use, so that importing starts nothing
    with _default_lock:
        if _default is None:
            _default = AsyncBridge()
            atexit.register(_default.close)
        return _default
