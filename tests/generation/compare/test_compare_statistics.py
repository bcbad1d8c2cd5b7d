"""The numbers that say whether a difference means anything."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.generation.compare.statistics import holm, mcnemar, quantile, wilson

COUNTS = st.integers(0, 400)


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    # Brown, Cai, DasGupta (2001) and R's binom.confint(method = "wilson").
    [(8, 10, 0.4901625, 0.9433178), (0, 20, 0.0, 0.1611252), (20, 20, 0.8388748, 1.0), (0, 0, 0.0, 1.0)],
)
def test_the_interval_is_wilsons(successes: int, trials: int, low: float, high: float) -> None:
    found = wilson(successes, trials)
    assert (found.low, found.high) == (pytest.approx(low, abs=1e-6), pytest.approx(high, abs=1e-6))


@given(successes=COUNTS, failures=COUNTS)
def test_an_interval_holds_its_share_and_stays_within_bounds(successes: int, failures: int) -> None:
    trials = successes + failures
    found = wilson(successes, trials)
    assert 0.0 <= found.low <= found.high <= 1.0
    if trials:
        assert found.low - 1e-9 <= successes / trials <= found.high + 1e-9


@pytest.mark.parametrize(
    ("first", "second", "p_value"),
    [(9, 1, 0.021484375), (0, 0, 1.0), (5, 5, 1.0), (12, 0, 2 / 2**12), (1, 0, 1.0), (3, 1, 0.625)],
)
def test_the_paired_test_is_the_exact_binomial_one(first: int, second: int, p_value: float) -> None:
    assert mcnemar(first, second) == p_value


@given(first=COUNTS, second=COUNTS)
def test_the_paired_test_does_not_care_who_is_first(first: int, second: int) -> None:
    assert mcnemar(first, second) == mcnemar(second, first)
    assert 0.0 < mcnemar(first, second) <= 1.0


def test_the_paired_test_takes_more_instances_than_a_float_could_count() -> None:
    assert mcnemar(5_000, 5_000) == 1.0
    assert math.isclose(mcnemar(2_100, 2_000), 0.1221, abs_tol=1e-3)


@pytest.mark.parametrize(
    ("given", "raised"),
    [([0.01, 0.04, 0.03], [0.03, 0.06, 0.06]), ([], []), ([0.5], [0.5]), ([0.9, 0.8], [1.0, 1.0])],
)
def test_several_tests_count_for_less_than_one(given: list[float], raised: list[float]) -> None:
    assert holm(given) == pytest.approx(raised)


def test_a_quantile_is_a_value_that_was_seen() -> None:
    values = [5.0, 1.0, 4.0, 2.0, 3.0]
    assert [quantile(values, share) for share in (0.0, 0.5, 0.95, 1.0)] == [1.0, 3.0, 5.0, 5.0]
    assert quantile([], 0.5) is None
