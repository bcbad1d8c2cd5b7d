"""How long to wait, whether to try again, and that no error gives a key or a prompt away."""

from __future__ import annotations

import json
from email.utils import formatdate

import pytest

from swebench_runner.providers.core.errors import ContextLengthError, QuotaExhaustedError, RateLimitError
from swebench_runner.providers.core.protocols import Target
from swebench_runner.providers.transforms.errors import classify_error, retry_after_s

TARGET = Target("acme", "model-1")
NOW_S = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "0"}, 0.0),
        ({"retry-after-ms": "1500"}, 1.5),
        ({"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        ({"retry-after-ms": "soon", "retry-after": "9"}, 9.0),
        ({"retry-after": formatdate(NOW_S + 30, usegmt=True)}, 30.0),
        ({"retry-after": formatdate(NOW_S - 30, usegmt=True)}, None),
        ({"retry-after": "-1"}, None),
        ({"retry-after": "nan"}, None),
        ({"retry-after": "inf"}, None),
        ({"retry-after": "1e9"}, None),
        ({"retry-after": str(24 * 3600 + 1)}, None),
        ({"retry-after": "soon"}, None),
        ({"retry-after": "Tue, 99 Foo 2026 99:99:99 GMT"}, None),
        ({"retry-after": ""}, None),
        ({}, None),
    ],
)
def test_the_headers_say_how_long_to_wait(headers: dict[str, str], expected: float | None) -> None:
    assert retry_after_s(headers, now_s=NOW_S) == expected


def test_a_date_is_measured_by_the_clock_of_the_server_that_wrote_it() -> None:
    headers = {"retry-after": formatdate(NOW_S + 20, usegmt=True), "date": formatdate(NOW_S, usegmt=True)}
    assert retry_after_s(headers) == 20.0
    assert retry_after_s({"retry-after": "Mon, 01 Jan 2001 00:00:00 GMT"}) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"code": "rate_limit_exceeded", "message": "Please try again in 6.379s."}}, 6.379),
        ({"error": {"code": "rate_limit_exceeded", "message": "Please try again in 20ms."}}, 0.02),
        ({"error": {"code": "rate_limit_exceeded", "message": "try again in 1m2.5s"}}, 62.5),
        ({"error": {"code": "rate_limit_exceeded", "message": "try again in 1h2m3s"}}, 3723.0),
        ({"error": {"message": "Please retry after 6 seconds."}}, 6.0),
        ({"error": {"message": "retry after 2 minutes"}}, 120.0),
        ({"error": {"message": "try again in a while"}}, None),
        ({"error": {"message": "m", "retry_after": 3}}, 3.0),
        ({"error": {"message": "m", "metadata": {"headers": {"Retry-After": "4"}}}}, 4.0),
        ({"error": {"message": "m", "metadata": {"retry_after_seconds": 5}}}, 5.0),
        ({"error": {"message": "m", "availability": {"retryable": True, "retry_after": 8}}}, 8.0),
        ({"error": {"message": "m", "details": [{"retryDelay": "13s"}]}}, 13.0),
        ({"error": {"message": "m", "retry_after": -3}}, None),
        ({"error": {"message": "m", "retry_after": True}}, None),
        ({"error": {"message": "m", "retry_after": "soon"}}, None),
    ],
)
def test_the_body_says_how_long_to_wait_where_no_header_does(
    body: dict[str, object], expected: float | None
) -> None:
    raw = json.dumps(body).encode()
    assert classify_error(429, {}, raw, TARGET).retry_after_s == pytest.approx(expected)
    assert classify_error(429, {"retry-after": "99"}, raw, TARGET).retry_after_s == 99.0


def test_trap_20_a_success_carries_retry_after_for_no_reason() -> None:
    body = {"error": {"type": "overloaded_error", "message": "m"}}
    error = classify_error(200, {"retry-after": "30", "x-should-retry": "false"}, body, TARGET)
    assert (error.retry_after_s, error.retryable) == (None, True)


@pytest.mark.parametrize(
    ("status", "verdict", "expected"),
    [
        (500, "false", False),
        (429, "FALSE", False),
        (400, "true", True),
        (500, "perhaps", True),
        (401, "true", False),
    ],
)
def test_the_server_may_say_whether_to_try_again(status: int, verdict: str, expected: bool) -> None:
    assert classify_error(status, {"x-should-retry": verdict}, b"", TARGET).retryable is expected


def test_no_verdict_makes_an_empty_account_or_a_long_prompt_worth_another_try() -> None:
    quota = classify_error(429, {"x-should-retry": "true"}, {"error": {"code": "insufficient_quota"}}, TARGET)
    assert isinstance(quota, QuotaExhaustedError)
    long = classify_error(
        400, {"x-should-retry": "true"}, {"error": {"code": "context_length_exceeded"}}, TARGET
    )
    assert isinstance(long, ContextLengthError)
    assert (quota.retryable, long.retryable) == (False, False)


def test_a_quota_that_comes_back_by_itself_is_a_rate_limit() -> None:
    words = "You exceeded your current quota, please check your plan and billing details."
    google = {"error": {"code": 429, "message": words, "details": [{"retryDelay": "13s"}]}}
    assert isinstance(classify_error(429, {}, google, TARGET), RateLimitError)
    assert isinstance(classify_error(429, {}, {"error": {"message": words}}, TARGET), QuotaExhaustedError)


@pytest.mark.parametrize(
    ("message", "secret"),
    [
        ("Incorrect API key provided: sk-abcdef1234567890. Look at https://x", "sk-abcdef1234567890"),
        ("Incorrect API key provided: whatever-it-is.", "whatever-it-is"),
        ("bad header Authorization: Bearer abc.def-ghi_123", "abc.def-ghi_123"),
        ("token gsk_abcdefghijkl is unknown", "gsk_abcdefghijkl"),
        ("key AIzaSyA1234567890abcd is unknown", "AIzaSyA1234567890abcd"),
    ],
)
def test_a_key_in_an_error_is_masked(message: str, secret: str) -> None:
    error = classify_error(401, {}, {"error": {"message": message}}, TARGET)
    assert secret not in str(error)
    assert "***" in str(error)


def test_a_message_is_one_bounded_line() -> None:
    error = classify_error(400, {}, {"error": {"message": "a\n\x1b[31mb\x00 \u2028" + "c" * 9000}}, TARGET)
    assert error.message.startswith("a [31mb ccc")
    assert len(error.message) == 500
    assert "\n" not in error.message


def test_hostile_text_costs_no_more_than_friendly_text() -> None:
    for text in (
        "model " * 2000,
        "exceed" * 2000,
        "'" * 9000,
        "<a" * 5000,
        "1," * 5000,
        "unsupported parameter " * 500,
    ):
        classify_error(400, {}, {"error": {"message": text}}, TARGET)
        classify_error(502, {}, b"<html>" + text.encode(), TARGET)


def test_a_web_page_is_told_by_its_title_or_its_words() -> None:
    pages = {
        b"<html><title>502 Bad Gateway</title>": "a web page instead of an answer: 502 Bad Gateway",
        b"<!doctype html><h1 class=x>Blocked</h1>": "a web page instead of an answer: Blocked",
        b"<html><p>plain <b>words</b></p>": "a web page instead of an answer: plain words",
    }
    for page, message in pages.items():
        assert classify_error(502, {}, page, TARGET).message == message


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 307])
def test_an_error_says_what_to_do_next(status: int) -> None:
    if status == 400:
        assert classify_error(400, {}, {"error": {"code": "context_length_exceeded"}}, TARGET).hint
    else:
        assert classify_error(status, {}, b"", TARGET).hint
