"""The sliding window: a minute's worth at once, exactly counted."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_lane import ONE
from swebench_runner.providers.resilience.gcra import MINUTE_US
from swebench_runner.providers.resilience.lane import SECOND_US
from swebench_runner.providers.resilience.lane_limits import LaneLimits
from swebench_runner.providers.resilience.lane_window import SlidingWindowLane

LEASE_US = 630 * SECOND_US


def lane_of(**limits: int) -> SlidingWindowLane:
    return SlidingWindowLane(LaneLimits(algorithm="sliding_window", **limits))  # type: ignore[arg-type]


def test_a_minutes_worth_at_once_and_then_nothing_for_a_minute() -> None:  # A041
    lane = lane_of(requests_per_minute=5)
    for number in range(5):
        assert lane.reserve(number, ONE, number * SECOND_US, lease_us=LEASE_US) == 0
    assert lane.reserve(5, ONE, 10 * SECOND_US, lease_us=LEASE_US) == 50 * SECOND_US
    assert lane.reserve(5, ONE, MINUTE_US - 1, lease_us=LEASE_US) == 1
    assert lane.reserve(5, ONE, MINUTE_US, lease_us=LEASE_US) == 0
    assert lane.reserve(6, ONE, MINUTE_US, lease_us=LEASE_US) == SECOND_US


@given(
    st.integers(1, 20),
    st.integers(1, 500),
    st.lists(
        st.tuples(st.integers(0, 20 * SECOND_US), st.integers(0, 700), st.sampled_from("skc")), max_size=80
    ),
)
def test_no_minute_sees_more_than_its_limit(
    rpm: int, tpm: int, calls: list[tuple[int, int, str]]
) -> None:  # A042
    lane = lane_of(requests_per_minute=rpm, tokens_per_minute=tpm)
    now_us, went = 0, []
    for number, (pause_us, tokens, end) in enumerate(calls):
        now_us += pause_us
        while wait := lane.reserve(number, (1, tokens, tokens, 0), now_us, lease_us=LEASE_US):
            now_us += wait
        used = tokens // 2 if end == "s" else tokens
        if end == "c":
            lane.cancel(number, now_us, sent=False)
            continue
        if end == "s":
            lane.settle(number, (1, used, used, 0), now_us)
        went.append((now_us, used, tokens))
    for first, (start_us, _, _) in enumerate(went):
        minute = [call for call in went[first:] if call[0] < start_us + MINUTE_US]
        assert len(minute) <= rpm
        alone = len(minute) == 1 or sum(used for _, used, _ in minute) <= tpm
        assert alone or any(tokens > tpm for _, _, tokens in minute)


def test_a_request_larger_than_the_limit_goes_alone() -> None:  # K07
    lane = lane_of(tokens_per_minute=100)
    assert lane.reserve(1, (1, 10, 10, 0), 0, lease_us=LEASE_US) == 0
    assert lane.reserve(2, (1, 500, 500, 0), 0, lease_us=LEASE_US) == MINUTE_US
    assert lane.reserve(2, (1, 500, 500, 0), MINUTE_US, lease_us=LEASE_US) == 0
    assert lane.reserve(3, ONE, 2 * MINUTE_US - 1, lease_us=LEASE_US) == 1
    assert lane.reserve(3, (1, 100, 100, 0), 2 * MINUTE_US, lease_us=LEASE_US) == 0


@pytest.mark.parametrize(("used", "left"), [(20, 80), (60, 40), (100, 0)])
def test_settling_counts_what_was_used(used: int, left: int) -> None:
    lane = lane_of(tokens_per_minute=100)
    lane.reserve(1, (1, 60, 60, 0), 0, lease_us=LEASE_US)
    lane.settle(1, (1, used, used, 0), SECOND_US)
    assert lane.wait_us((1, left, left, 0), SECOND_US) == 0
    assert lane.wait_us((1, left + 1, left + 1, 0), SECOND_US) == MINUTE_US - SECOND_US


def test_a_call_settled_after_its_minute_changes_nothing() -> None:
    lane = lane_of(tokens_per_minute=100)
    lane.reserve(1, (1, 60, 60, 0), 0, lease_us=LEASE_US)
    assert lane.wait_us((1, 100, 100, 0), MINUTE_US) == 0
    lane.settle(1, (1, 100, 100, 0), MINUTE_US)
    assert lane.wait_us((1, 100, 100, 0), MINUTE_US) == 0


def test_headers_are_heeded_here_too_and_a_learnt_limit_is_counted_the_same_way() -> None:
    lane = lane_of()
    lane.reserve(1, ONE, 0, lease_us=LEASE_US)
    lane.observe(1, [(0, 3, 2, 1_000_000)], 0)
    assert [lane.reserve(number, ONE, 1, lease_us=LEASE_US) for number in (2, 3)] == [0, 0]
    assert lane.reserve(4, ONE, 2, lease_us=LEASE_US) > 0
    assert lane.trusted
