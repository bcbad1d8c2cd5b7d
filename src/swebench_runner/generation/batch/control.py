"""How a running batch is told to stop: politely first, then at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from swebench_runner.generation.batch.events import StopReason


class Control:
    """A switch shared by a batch and whoever may end it. Use it from the event loop's thread.

    Attributes:
        reason: Why no new instance is begun; None while the batch goes on.
        error: The failure behind it.
    """

    def __init__(self) -> None:
        self.reason: StopReason | None = None
        self.error: Exception | None = None
        self.cancelled = False
        self._tasks: tuple[asyncio.Task[None], ...] = ()
        self._on_stop: Callable[[StopReason], None] | None = None

    def watch(self, tasks: Iterable[asyncio.Task[None]], on_stop: Callable[[StopReason], None]) -> None:
        """Attach the batch's workers, and what to call at the first reason to stop."""
        self._tasks = tuple(tasks)
        self._on_stop = on_stop

    def finish(self, reason: StopReason = "interrupted", error: Exception | None = None) -> None:
        """Begin nothing new and finish what is in flight. The first reason is the one that counts."""
        if self.reason is not None:
            return
        self.reason = reason
        self.error = error
        if self._on_stop is not None:
            self._on_stop(reason)

    def cancel(self) -> None:
        """Cut off what is in flight, too. Its outcome is then unknown, and is recorded as that."""
        self.finish()
        self.cancelled = True
        for task in self._tasks:
            task.cancel()

    def interrupt(self) -> None:
        """What an interrupt key means: the first time `finish`, the second time `cancel`."""
        if self.reason is None:
            self.finish()
        else:
            self.cancel()
