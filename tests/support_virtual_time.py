"""An event loop on which waiting takes no time: its clock jumps to the next timer when nothing else is left.

Real loopback sockets work on it, as long as both ends live in the loop: a timer strikes only when no socket
has anything to say. So an hour of silence is over at once, and exactly on time.
"""

from __future__ import annotations

import asyncio
import selectors
import time
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

Value = TypeVar("Value")

# Loopback delivers while the sender is still sending; this is for a kernel that is busy elsewhere.
GRACE_S = 0.0005
STUCK_S = 10.0
OWN_FILES = 1  # the pipe by which a loop wakes itself


class VirtualLoop(asyncio.SelectorEventLoop):
    """A loop with a clock of its own, which starts at 0."""

    def __init__(self) -> None:
        self.now_s = 0.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        """Seconds since this loop was made."""
        return self.now_s


class _JumpingSelector(selectors.DefaultSelector):  # type: ignore[misc,valid-type]  # whatever the platform has
    def __init__(self, loop: VirtualLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[Any]:
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None:
            ready = super().select(STUCK_S)
            if not ready:
                raise RuntimeError("nothing will ever happen on this loop")
            return ready
        if len(self.get_map()) > OWN_FILES:
            ready = super().select(GRACE_S)
        if not ready:
            self._loop.now_s += timeout
        return ready


class LoopClock:
    """The running loop's time as a `Clock`: virtual on a virtual loop, real on a real one."""

    def __init__(self, *, wall_offset_s: float = 0.0) -> None:
        self._began_s = time.time() + wall_offset_s
        self.waits: list[float] = []

    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    def wall_s(self) -> float:
        return self._began_s + self.now_s()

    async def sleep(self, delay_s: float) -> None:
        self.waits.append(delay_s)
        await asyncio.sleep(delay_s)


def in_virtual_time(
    story: Callable[[], Coroutine[Any, Any, Value]],
    loop: Callable[[], asyncio.AbstractEventLoop] = VirtualLoop,
) -> Value:
    """What the coroutine returns, run on a loop of its own that is shut down afterwards."""
    with asyncio.Runner(loop_factory=loop) as runner:
        return runner.run(story())
