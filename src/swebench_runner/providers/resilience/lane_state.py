"""A lane's state as named integers, for stores that keep it outside this process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.resilience.aimd import AdaptiveWindow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.resilience.lane import Lane

NUMBERS: Final = (
    "now_us",
    "seq",
    "in_flight",
    "paused_until_us",
    "day_start_us",
    "day_used",
    "next_expiry_us",
)
WINDOW: Final = AdaptiveWindow.__slots__
LISTS: Final = ("tats", "learnt", "agreed_limit", "agreed_count", "held")


def dump(lane: Lane) -> dict[str, int]:
    """The state; the leases are kept apart."""
    state = {name: getattr(lane, name) for name in NUMBERS}
    state |= {name: getattr(lane.window, name) for name in WINDOW}
    for name in LISTS:
        state |= {f"{name}{index}": value for index, value in enumerate(getattr(lane, name))}
    return state


def load(lane: Lane, state: Mapping[str, int]) -> None:
    """Continue where `dump` left off.

    Raises:
        KeyError: The state is not one of ours.
    """
    for name in NUMBERS:
        setattr(lane, name, state[name])
    for name in LISTS:
        values = getattr(lane, name)
        values[:] = [state[f"{name}{index}"] for index in range(len(values))]
    lane.survey()
    for name in WINDOW:
        setattr(lane.window, name, state[name])
