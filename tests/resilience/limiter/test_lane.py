"""One lane: never more than its limits, all or nothing, and nothing lost that was not used."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_lane import LIMITS, ONE, PAUSES_US, STEPS, UNITS
from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.resilience import lane_state, lane_steps
from swebench_runner.providers.resilience.gcra import MINUTE_US
from swebench_runner.providers.resilience.lane import DAY_US, LONGEST_PAUSE_US, SECOND_US, Lane
from swebench_runner.providers.resilience.lane_limits import LaneLimits, Units, pace

LEASE_US = 630 * SECOND_US
PACED = st.tuples(st.integers(1, 400), st.integers(50, 200_000))
CALLS = st.lists(
    st.tuples(
        st.integers(0, 4 * SECOND_US),  # pause before it
        st.integers(0, 2_000),  # tokens expected
        st.floats(0, 1),  # share of them used
        st.sampled_from(["settle", "keep", "unsent", "hold"]),
    ),
    max_size=120,
)


def busiest_minute(went: list[tuple[int, int]]) -> int:
    """Most units within 60 seconds, the last moment not counted."""
    return max(
        (sum(units for at_us, units in went[first:] if at_us < start_us + MINUTE_US))
        for first, (start_us, _) in enumerate(went)
    )


@given(PACED, CALLS)
def test_no_minute_sees_more_than_its_limit(
    rates: tuple[int, int], calls: list[tuple[int, int, float, str]]
) -> None:  # A042
    rpm, tpm = rates
    lane = Lane(LaneLimits(requests_per_minute=rpm, tokens_per_minute=tpm))
    now_us, requests, tokens = 0, [], []
    for number, (pause_us, expected, share, end) in enumerate(calls):
        now_us += pause_us
        units = (1, expected, expected, 0)
        while wait := lane.reserve(str(number), units, now_us, lease_us=LEASE_US):
            now_us += wait
        used = int(expected * share)
        if end == "unsent":
            lane.cancel(str(number), now_us, sent=False)
            continue
        if end == "keep":
            lane.cancel(str(number), now_us, sent=True)
        if end == "settle":
            lane.settle(str(number), (1, used, used, 0), now_us)
        requests.append((now_us, 1))
        tokens.append((now_us, used if end == "settle" else expected))
    if requests:
        assert busiest_minute(requests) <= rpm
        too_large = max(0, max(expected for _, expected, _, _ in calls) - pace(tpm, 1.2).burst)
        assert busiest_minute(tokens) <= tpm + too_large


@given(LIMITS, st.lists(st.tuples(PAUSES_US, STEPS), max_size=30), UNITS)
def test_what_is_refused_leaves_no_trace(
    limits: LaneLimits, story: list[tuple[int, lane_steps.Step]], units: Units
) -> None:
    now_us = 1_000 * SECOND_US
    lane = Lane(limits, now_us=now_us)
    for pause_us, step in story:
        now_us += pause_us
        lane_steps.apply(lane, step, now_us)
    wait = lane.wait_us(units, now_us)
    before, leases = lane_state.dump(lane), dict(lane.leases.items())
    assert lane.reserve("new", units, now_us, lease_us=LEASE_US) == wait
    if wait:
        assert (lane_state.dump(lane), dict(lane.leases.items())) == (before, leases)
    else:
        assert lane.leases.get("new") is not None
        assert lane.in_flight == len(dict(lane.leases.items())) or any(  # a name that was taken twice
            isinstance(step, lane_steps.Reserve) for _, step in story
        )


@given(PACED, st.lists(UNITS, min_size=1, max_size=20))
def test_the_wait_is_exact(rates: tuple[int, int], calls: list[Units]) -> None:
    lane = Lane(LaneLimits(requests_per_minute=rates[0], tokens_per_minute=rates[1]))
    now_us = 0
    for number, units in enumerate(calls):
        wait = lane.wait_us(units, now_us)
        if wait:
            assert lane.wait_us(units, now_us + wait - 1) == 1
            assert lane.reserve(str(number), units, now_us + wait - 1, lease_us=LEASE_US) == 1
        now_us += wait
        assert lane.reserve(str(number), units, now_us, lease_us=LEASE_US) == 0


def test_a_request_larger_than_the_limit_goes_alone_when_the_bucket_is_full() -> None:  # K07
    lane = Lane(LaneLimits(tokens_per_minute=1_000))
    huge = (1, 5_000, 5_000, 0)
    assert lane.reserve("huge", huge, 0, lease_us=LEASE_US) == 0
    wait = lane.reserve("small", (1, 10, 10, 0), 0, lease_us=LEASE_US)
    assert 4 * MINUTE_US < wait <= 6 * MINUTE_US
    assert lane.reserve("small", (1, 10, 10, 0), wait, lease_us=LEASE_US) == 0


def test_all_limits_or_none() -> None:
    lane = Lane(LaneLimits(requests_per_minute=60, input_tokens_per_minute=600, output_tokens_per_minute=60))
    assert lane.reserve("a", (1, 15, 12, 3), 0, lease_us=LEASE_US) == 0
    wait = lane.reserve("b", (1, 15, 12, 3), 0, lease_us=LEASE_US)
    assert wait == pytest.approx(3 * SECOND_US, rel=0.02)  # three output tokens at one a second
    assert lane.reserve("c", ONE, SECOND_US, lease_us=LEASE_US) == 2 * SECOND_US - SECOND_US  # b took nothing


@given(PACED, st.lists(UNITS, max_size=10), UNITS)
def test_a_call_that_was_never_sent_was_never_there(
    rates: tuple[int, int], others: list[Units], units: Units
) -> None:
    limits = LaneLimits(requests_per_minute=rates[0], tokens_per_minute=rates[1])
    now_us = 0
    lane, without = Lane(limits), Lane(limits)
    for number, other in enumerate(others):
        now_us += lane.wait_us(other, now_us)
        for each in (lane, without):
            assert each.reserve(str(number), other, now_us, lease_us=LEASE_US) == 0
    now_us += lane.wait_us(units, now_us)
    assert lane.reserve("mine", units, now_us, lease_us=LEASE_US) == 0
    assert lane.cancel("mine", now_us, sent=False)
    assert not lane.cancel("mine", now_us, sent=False)
    for later_us in range(now_us, now_us + 3 * SECOND_US, SECOND_US // 3):
        assert lane.wait_us(units, later_us) == without.wait_us(units, later_us)
    assert lane.in_flight == without.in_flight


@pytest.mark.parametrize("used", [0, 50, 100, 1_000])
def test_settling_leaves_what_the_true_use_would_have_left(used: int) -> None:
    limits = LaneLimits(tokens_per_minute=6_000)
    estimated, exact = Lane(limits), Lane(limits)
    estimated.reserve("a", (1, 100, 100, 0), 0, lease_us=LEASE_US)
    exact.reserve("a", (1, used, used, 0), 0, lease_us=LEASE_US)
    assert estimated.settle("a", (1, used, used, 0), SECOND_US)
    exact.settle("a", None, SECOND_US)
    probe = (1, 60, 60, 0)
    assert estimated.wait_us(probe, SECOND_US) == exact.wait_us(probe, SECOND_US)
    assert not estimated.settle("a", (1, 9_999, 9_999, 0), SECOND_US)


def test_credit_never_builds_more_than_one_burst() -> None:
    lane = Lane(LaneLimits(tokens_per_minute=6_000))
    lane.reserve("a", (1, 5_000, 5_000, 0), 0, lease_us=LEASE_US)
    lane.settle("a", (1, 0, 0, 0), MINUTE_US)
    burst = pace(6_000, 1.2).burst
    assert lane.reserve("b", (1, burst, burst, 0), MINUTE_US, lease_us=LEASE_US) == 0
    assert lane.wait_us((1, 1, 1, 0), MINUTE_US) > 0


def test_a_debt_is_no_longer_than_a_day() -> None:
    lane = Lane(LaneLimits(tokens_per_minute=1))
    lane.reserve("a", (1, 1, 1, 0), 0, lease_us=LEASE_US)
    lane.settle("a", (1, 50_000_000, 50_000_000, 0), SECOND_US)
    assert lane.wait_us((1, 1, 1, 0), SECOND_US) <= DAY_US + MINUTE_US


# -- concurrency, leases, days ------------------------------------------------------------------


@given(st.integers(1, 5), st.lists(st.integers(0, 9), max_size=60))
def test_no_more_in_flight_than_places(places: int, moves: list[int]) -> None:
    lane, held = Lane(LaneLimits(max_concurrency=places)), set()
    for now_us, name in enumerate(map(str, moves)):
        if name in held:
            lane.release(name, None, now_us)
            held.remove(name)
        elif lane.reserve(name, ONE, now_us, lease_us=LEASE_US) == 0:
            held.add(name)
        else:
            assert len(held) == places
        assert lane.in_flight == len(held) <= places == lane.places


def test_a_dead_process_gives_its_place_back_but_not_its_tokens() -> None:
    lane = Lane(LaneLimits(max_concurrency=1, tokens_per_minute=60))
    assert lane.reserve("dead", (1, 3_600, 3_600, 0), 0, lease_us=30 * SECOND_US) == 0
    assert lane.reserve("next", ONE, 0, lease_us=LEASE_US) > 0
    lane = Lane(LaneLimits(max_concurrency=1))
    assert lane.reserve("dead", ONE, 0, lease_us=30 * SECOND_US) == 0
    wait = lane.reserve("next", ONE, 10 * SECOND_US, lease_us=LEASE_US)
    assert wait == 20 * SECOND_US
    assert lane.reserve("next", ONE, 30 * SECOND_US, lease_us=LEASE_US) == 0
    assert not lane.settle("dead", ONE, 31 * SECOND_US)
    assert lane.in_flight == 1
    lane = Lane(LaneLimits(tokens_per_minute=60))
    lane.reserve("dead", (1, 3_600, 3_600, 0), 0, lease_us=SECOND_US)
    assert lane.wait_us((1, 1, 1, 0), 2 * SECOND_US) > 30 * MINUTE_US
    assert lane.in_flight == 0


def test_a_day_holds_so_many_requests() -> None:
    lane = Lane(LaneLimits(requests_per_day=3))
    began_us = 5 * SECOND_US
    for name in "abc":
        assert lane.reserve(name, ONE, began_us, lease_us=LEASE_US) == 0
    lane.cancel("c", began_us, sent=False)
    assert lane.reserve("d", ONE, began_us + 1, lease_us=LEASE_US) == 0
    assert lane.certain_wait_us(began_us + 2) == DAY_US - 2
    assert lane.reserve("e", ONE, began_us + 2, lease_us=LEASE_US) == DAY_US - 2
    assert lane.reserve("e", ONE, began_us + DAY_US, lease_us=LEASE_US) == 0
    assert lane.day_used == 1


# -- pauses and clocks --------------------------------------------------------------------------


def test_a_pause_holds_everybody_and_ends_one_by_one() -> None:  # A044
    lane = Lane(LaneLimits(requests_per_minute=600))
    lane.reserve("a", ONE, 0, lease_us=LEASE_US)
    assert lane.push_back("a", 0, pause_us=2 * SECOND_US)
    assert lane.reserve("b", ONE, SECOND_US, lease_us=LEASE_US) == SECOND_US
    assert lane.reserve("b", ONE, 2 * SECOND_US, lease_us=LEASE_US) == 0
    assert lane.reserve("c", ONE, 2 * SECOND_US, lease_us=LEASE_US) > 90_000
    lane.pause(1, 2 * SECOND_US)
    assert lane.paused_until_us == 2 * SECOND_US + 1
    lane.pause(10**15, 2 * SECOND_US)
    assert lane.certain_wait_us(2 * SECOND_US) == LONGEST_PAUSE_US


def test_a_shorter_pause_does_not_end_a_longer_one() -> None:
    lane = Lane(LaneLimits())
    lane.pause(10 * SECOND_US, 0)
    lane.pause(SECOND_US, 0)
    assert lane.certain_wait_us(0) == 10 * SECOND_US


def test_a_push_back_without_a_time_leaves_no_burst() -> None:
    lane = Lane(LaneLimits(requests_per_minute=600))
    lane.reserve("a", ONE, 0, lease_us=LEASE_US)
    assert lane.push_back("a", 0)
    assert lane.certain_wait_us(0) == 0
    assert lane.reserve("b", ONE, 0, lease_us=LEASE_US) == 0
    assert lane.reserve("c", ONE, 0, lease_us=LEASE_US) > 90_000
    assert not lane.push_back("a", 0)


def test_a_clock_that_stumbles_is_not_followed_and_one_that_was_set_back_begins_anew() -> None:
    lane = Lane(LaneLimits(requests_per_minute=60, requests_per_day=2), now_us=100 * SECOND_US)
    assert lane.reserve("a", ONE, 100 * SECOND_US, lease_us=LEASE_US) == 0
    assert lane.wait_us(ONE, 95 * SECOND_US) == SECOND_US
    assert lane.now_us == 100 * SECOND_US
    assert lane.wait_us(ONE, 80 * SECOND_US) == SECOND_US // 2  # half a burst: the rest may have been used
    assert (lane.now_us, lane.in_flight, lane.day_used) == (80 * SECOND_US, 0, 0)
    assert not lane.settle("a", None, 80 * SECOND_US)


# -- settings -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"requests_per_minute": 0},
        {"tokens_per_minute": -1},
        {"max_concurrency": 0},
        {"requests_per_day": 10**9},
        {"burst_s": 0},
        {"burst_s": 31},
        {"algorithm": "leaky_bucket"},
    ],
)
def test_limits_that_make_no_sense_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(wrong))):
        LaneLimits(**wrong)  # type: ignore[arg-type]


def test_a_share_is_at_least_one_of_everything() -> None:
    limits = LaneLimits(requests_per_minute=100, tokens_per_minute=3, max_concurrency=2, burst_s=3.0)
    share = limits.share(8)
    assert (share.requests_per_minute, share.tokens_per_minute, share.max_concurrency) == (12, 1, 1)
    assert (share.requests_per_day, share.burst_s) == (None, 3.0)
    assert LaneLimits().unlimited
    assert not LaneLimits(requests_per_day=1).unlimited


@given(st.integers(1, 50_000_000), st.floats(0.001, 30))
def test_a_burst_and_its_refill_make_up_the_limit(per_minute: int, burst_s: float) -> None:
    limit = pace(per_minute, burst_s)
    assert limit.burst >= 1
    assert limit.per_minute >= 1
    assert limit.burst + limit.per_minute - 1 == per_minute
