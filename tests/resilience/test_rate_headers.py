"""Rate-limit headers as providers send them, and as they must not trouble anybody."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from swebench_runner.providers.resilience.rate_headers import Quota, read_rate_headers, reset_seconds

NOW_S = 1_790_000_000.0


def test_openai_sends_go_durations() -> None:  # A043
    headers = {
        "x-ratelimit-limit-requests": "500",
        "x-ratelimit-remaining-requests": "499",
        "x-ratelimit-reset-requests": "120ms",
        "x-ratelimit-limit-tokens": "30000",
        "x-ratelimit-remaining-tokens": "29000",
        "x-ratelimit-reset-tokens": "2m7.93s",
    }
    state = read_rate_headers(headers, NOW_S)
    assert state.requests == Quota(500, 499, pytest.approx(0.12))
    assert state.tokens == Quota(30000, 29000, pytest.approx(127.93))
    assert state.input_tokens is state.output_tokens is None


def test_anthropic_sends_times_and_counts_input_and_output_apart() -> None:
    headers = {}
    for resource, left in (("requests", 49), ("input-tokens", 39000), ("output-tokens", 8000)):
        headers[f"anthropic-ratelimit-{resource}-limit"] = "50000"
        headers[f"anthropic-ratelimit-{resource}-remaining"] = str(left)
        headers[f"anthropic-ratelimit-{resource}-reset"] = "2026-09-21T14:13:35Z"
    state = read_rate_headers(headers, NOW_S)
    assert state.requests == Quota(50000, 49, 15.0)
    assert state.input_tokens == Quota(50000, 39000, 15.0)
    assert state.output_tokens == Quota(50000, 8000, 15.0)
    assert state.tokens is None


def test_openrouter_sends_milliseconds_since_the_epoch() -> None:
    headers = {"x-ratelimit-limit": "20", "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790000030000"}
    assert read_rate_headers(headers, NOW_S).requests == Quota(20, 0, 30.0)


@pytest.mark.parametrize("limit", ["0", "-1", "", "many", "nan", "inf"])
def test_a_limit_that_is_none_is_unknown_not_zero(limit: str) -> None:
    state = read_rate_headers({"x-ratelimit-limit-tokens": limit}, NOW_S)
    assert not state
    assert state.tokens is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("6m0s", 360.0),
        ("1h2m3s", 3723.0),
        ("236ms", 0.236),
        ("7", 7.0),
        ("1.5", 1.5),
        ("1790000005", 5.0),
        ("2026-09-21T13:13:20+00:00", 0.0),
        ("6 minutes", None),
        ("-3", None),
        ("2026-09-21T14:13:35", None),
        ("5x", None),
    ],
)
def test_resets_in_every_form(value: str, seconds: float | None) -> None:
    assert reset_seconds(value, NOW_S) == (None if seconds is None else pytest.approx(seconds))


@given(
    st.dictionaries(
        st.sampled_from([f"x-ratelimit-{k}-tokens" for k in ("limit", "remaining", "reset")]), st.text()
    )
)
def test_no_header_raises(headers: dict[str, str]) -> None:
    read_rate_headers(headers, NOW_S)
