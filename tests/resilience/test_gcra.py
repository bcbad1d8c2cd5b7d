"""The arithmetic of pacing: never more than the limit in any window, never a wait without end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.providers.resilience.gcra import MINUTE_US, Limit, give_back, take, tighten, wait_us

LIMITS = st.builds(Limit, st.integers(1, 2_000_000), st.integers(1, 200_000))
CALLS = st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(1, 100_000)), max_size=60)


@given(LIMITS, CALLS)
def test_no_window_sees_more_than_burst_and_refill(
    limit: Limit, calls: list[tuple[int, int]]
) -> None:  # A042
    now_us, tat_us = 0, 0
    admitted: list[tuple[int, int]] = []
    for pause_us, units in calls:
        now_us += pause_us
        now_us += wait_us(limit, tat_us, units, now_us)
        tat_us = take(limit, tat_us, units, now_us)
        admitted.append((now_us, units))
    for first, (start_us, _) in enumerate(admitted):
        total = 0
        for end_us, units in admitted[first:]:
            total += units
            refilled = (end_us - start_us) * limit.per_minute / MINUTE_US
            largest = max(u for _, u in admitted[first:])
            assert total <= limit.burst + refilled + largest + 1


@given(LIMITS, st.integers(1, 10_000_000), st.integers(0, 10**12))
def test_more_than_the_burst_goes_alone_when_the_bucket_is_full(
    limit: Limit, units: int, now_us: int
) -> None:  # K07
    assert wait_us(limit, 0, units, now_us) == 0
    after = take(limit, 0, units, now_us)
    assert wait_us(limit, after, 1, now_us) <= limit.cost_us(units) + limit.cost_us(1)


@given(LIMITS, st.integers(1, 100_000), st.integers(1, 100_000), st.integers(0, 10**9))
def test_settling_leaves_what_the_true_use_would_have_left(
    limit: Limit, estimate: int, used: int, now_us: int
) -> None:
    reserved = take(limit, now_us, estimate, now_us)
    settled = give_back(limit, reserved, estimate - used)
    assert abs(settled - take(limit, now_us, used, now_us)) <= 2


@given(LIMITS, st.integers(0, 10**9), st.integers(0, 300_000), st.integers(0, 10**9))
def test_the_providers_word_tightens_but_never_loosens(
    limit: Limit, tat_us: int, left: int, now_us: int
) -> None:
    tightened = tighten(limit, tat_us, left, now_us)
    assert tightened >= tat_us
    if left < limit.burst:
        assert wait_us(limit, tightened, left + 1, now_us) > 0 or left + 1 > limit.burst
