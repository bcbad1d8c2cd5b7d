"""Where lanes are kept when several limiters share them: in memory, in a file of this host, in Redis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from swebench_runner.providers.resilience.lane_limits import LaneLimits
    from swebench_runner.providers.resilience.lane_steps import Step


class StoreLostError(Exception):
    """The store does not answer; what a limiter then does is its own policy."""


class LimiterStore(Protocol):
    """Keeps lanes by name. A lane that is new, or was lost, begins with half a burst."""

    async def apply(self, lane: str, limits: LaneLimits, step: Step) -> int:
        """Take one step of a lane, atomically; the result is that of `lane_steps.apply`.

        Raises:
            StoreLostError: The store does not answer; the step may or may not have been taken.
        """
        ...

    async def state(self, lane: str) -> dict[str, int] | None:
        """A lane's state as `lane_state.dump` gives it; None when there is none.

        Raises:
            StoreLostError: The store does not answer.
        """
        ...

    async def aclose(self) -> None:
        """Let go of files and connections."""
        ...
