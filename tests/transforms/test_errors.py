"""One function for all failures: what each body and status of each provider means."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from support_openai import UNHURRIED
from swebench_runner.providers.core.errors import (
    AuthenticationError,
    ContentFilterError,
    ContextLengthError,
    InvalidRequestError,
    ModelNotFoundError,
    OverloadedError,
    PermissionDeniedError,
    ProviderError,
    QuotaExhaustedError,
    RateLimitError,
    ResponseFormatError,
    ServerError,
    UnsupportedParameterError,
)
from swebench_runner.providers.core.protocols import Target
from swebench_runner.providers.transforms.errors import classify_error, has_error

TARGET = Target("acme", "model-1")


def openai(
    code: str | None, message: str = "m", kind: str = "invalid_request_error", param: str | None = None
) -> object:
    return {"error": {"message": message, "type": kind, "param": param, "code": code}}


def anthropic(kind: str, message: str = "m") -> object:
    return {"type": "error", "error": {"type": kind, "message": message}, "request_id": "req_1"}


def openrouter(code: int, message: str = "m", **metadata: object) -> object:
    return {"error": {"code": code, "message": message, "metadata": metadata}, "user_id": "u"}


def classify(status: int, body: object, headers: dict[str, str] | None = None) -> ProviderError:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return classify_error(status, headers or {}, raw, TARGET)


CASES: list[tuple[int, object, type[ProviderError], str, bool]] = [
    # OpenAI (section 3.3; reliability table)
    (401, openai("invalid_api_key"), AuthenticationError, "authentication", False),
    (403, openai("unsupported_country_region_territory"), PermissionDeniedError, "permission", False),
    (404, openai("model_not_found"), ModelNotFoundError, "not_found", False),
    (400, openai("model_not_found"), ModelNotFoundError, "not_found", False),
    (404, openai(None, "Invalid URL (POST /v1/chat/completions/x)"), ModelNotFoundError, "wrong_path", False),
    (400, openai("empty_array"), InvalidRequestError, "invalid_request", False),
    (400, openai("context_length_exceeded"), ContextLengthError, "context_length", False),
    (400, openai("unsupported_parameter", param="max_tokens"), UnsupportedParameterError, "unsupported_parameter", False),
    (400, openai("content_policy_violation"), ContentFilterError, "content_filter", False),
    (400, openai("invalid_prompt", "Your prompt was flagged as violating our usage policy"), ContentFilterError, "content_filter", False),
    (408, openai(None), ServerError, "server_timeout", True),
    (409, openai(None), InvalidRequestError, "conflict", True),
    (429, openai("rate_limit_exceeded", kind="tokens"), RateLimitError, "rate_limit", True),
    (429, openai("slow_down"), RateLimitError, "rate_limit", True),
    (429, openai("insufficient_quota", kind="insufficient_quota"), QuotaExhaustedError, "quota", False),
    (429, openai("credit_balance_exhausted"), QuotaExhaustedError, "quota", False),
    (429, openai("organization_spend_limit_exceeded"), QuotaExhaustedError, "quota", False),
    (429, openai("project_spend_limit_exceeded"), QuotaExhaustedError, "quota", False),
    (429, openai("organization_usage_limit_exceeded"), QuotaExhaustedError, "quota", False),
    (500, openai(None, kind="server_error"), ServerError, "server_error", True),
    (503, openai("server_is_overloaded"), OverloadedError, "overloaded", True),
    # Anthropic (section 3.4)
    (400, anthropic("invalid_request_error"), InvalidRequestError, "invalid_request", False),
    (400, anthropic("invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"), ContextLengthError, "context_length", False),
    (400, anthropic("invalid_request_error", "Your credit balance is too low to access the API"), QuotaExhaustedError, "quota", False),
    (400, anthropic("invalid_request_error", "You have reached your specified API usage limits."), QuotaExhaustedError, "quota", False),
    (400, anthropic("invalid_request_error", "temperature: Extra inputs are not permitted"), UnsupportedParameterError, "unsupported_parameter", False),
    (401, anthropic("authentication_error"), AuthenticationError, "authentication", False),
    (402, anthropic("billing_error"), QuotaExhaustedError, "quota", False),
    (403, anthropic("permission_error"), PermissionDeniedError, "permission", False),
    (404, anthropic("not_found_error", "model: claude-x"), ModelNotFoundError, "not_found", False),
    (404, anthropic("not_found_error", "Not found"), ModelNotFoundError, "wrong_path", False),
    (413, anthropic("request_too_large"), InvalidRequestError, "invalid_request", False),
    (429, anthropic("rate_limit_error"), RateLimitError, "rate_limit", True),
    (429, anthropic("enforced_spend_limit_reached"), QuotaExhaustedError, "quota", False),
    (500, anthropic("api_error"), ServerError, "server_error", True),
    (504, anthropic("timeout_error"), ServerError, "server_timeout", True),
    (529, anthropic("overloaded_error"), OverloadedError, "overloaded", True),
    # Ollama (section 3.5): the error is text
    (404, {"error": "model 'llama3.2:1b' not found"}, ModelNotFoundError, "not_found", False),
    (400, {"error": '"llama3" does not support tools'}, UnsupportedParameterError, "unsupported_parameter", False),
    (401, {"error": "unauthorized", "signin_url": "https://ollama.com"}, AuthenticationError, "authentication", False),
    (400, {"error": "prompt too long; exceeded max context length by 7 tokens"}, ContextLengthError, "context_length", False),
    (500, {"error": "llama runner process has terminated"}, ServerError, "server_error", True),
    (503, {"error": "server busy, please try again"}, OverloadedError, "overloaded", True),
    # OpenRouter (section 3.6)
    (400, openrouter(400, error_type="context_length_exceeded"), ContextLengthError, "context_length", False),
    (402, openrouter(402), QuotaExhaustedError, "quota", False),
    (402, openrouter(402, limit_source="openrouter_in_flight_budget"), RateLimitError, "rate_limit", True),
    (403, openrouter(403, reasons=["violence"], flagged_input="…"), ContentFilterError, "content_filter", False),
    (404, openrouter(404, "No endpoints found for acme/x."), ModelNotFoundError, "not_found", False),
    (429, openrouter(429, error_type="rate_limit_exceeded"), RateLimitError, "rate_limit", True),
    (502, openrouter(502, error_type="provider_unavailable"), ServerError, "server_error", True),
    (503, openrouter(503, error_type="provider_overloaded"), OverloadedError, "overloaded", True),
    # Compatible servers (section 3.7)
    (400, {"error": {"message": "m", "type": "BadRequestError", "param": None, "code": 400}}, InvalidRequestError, "invalid_request", False),
    (404, {"object": "error", "message": "The model `x` does not exist.", "type": "NotFoundError", "code": 404}, ModelNotFoundError, "not_found", False),
    (401, {"error": "Unauthorized"}, AuthenticationError, "authentication", False),
    (400, {"error": {"code": 400, "message": "m", "type": "exceed_context_size_error", "n_prompt_tokens": 9, "n_ctx": 8}}, ContextLengthError, "context_length", False),
    (503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}, OverloadedError, "overloaded", True),
    (501, {"error": {"code": 501, "message": "m", "type": "not_supported_error"}}, InvalidRequestError, "invalid_request", False),
    (404, {"error": {"code": 404, "message": "File Not Found", "type": "not_found_error"}}, ModelNotFoundError, "wrong_path", False),
    (400, {"object": "error", "message": "m", "code": 40303}, ContextLengthError, "context_length", False),
    (400, {"object": "error", "message": "m", "code": 40301}, ModelNotFoundError, "not_found", False),
    (400, {"object": "error", "message": "m", "code": 42901}, RateLimitError, "rate_limit", True),
    (400, {"object": "error", "message": "m", "code": 42902}, QuotaExhaustedError, "quota", False),
    (400, {"object": "error", "message": "m", "code": 50002}, ServerError, "server_error", True),  # FastChat: always 400
    (401, {"detail": {"error": {"message": "", "code": "invalid_api_key"}}}, AuthenticationError, "authentication", False),
    (401, {"detail": "Unauthorized"}, AuthenticationError, "authentication", False),
    (422, {"detail": [{"loc": ["body", "temperature"], "msg": "too big", "type": "less_than"}]}, InvalidRequestError, "invalid_request", False),
    (400, {"code": "Client specified an invalid argument", "error": "Incorrect API key provided: xa***ab."}, AuthenticationError, "authentication", False),
    (400, {"error": {"message": "too long", "type": "too_many_prompt_tokens", "code": 400}}, ContextLengthError, "context_length", False),
    (402, {"error": {"message": "Insufficient Balance", "type": "unknown_error", "code": "invalid_request_error"}}, QuotaExhaustedError, "quota", False),
    (400, {"error": {"code": "content_filter", "message": "m", "innererror": {"code": "ResponsibleAIPolicyViolation"}}}, ContentFilterError, "content_filter", False),
    (429, [{"error": {"code": 429, "message": "Quota exceeded", "status": "RESOURCE_EXHAUSTED"}}], RateLimitError, "rate_limit", True),
    # trap 25: a prompt that does not fit is no passing fault, whatever the status
    (500, {"error": {"code": 500, "message": "the request exceeds the available context size", "type": "server_error"}}, ContextLengthError, "context_length", False),
    # trap 17: bodies of proxies
    (502, b"<html><head><title>502 Bad Gateway</title></head></html>", ServerError, "server_error", True),
    (403, b"<!DOCTYPE html><h1>Just a moment</h1>", PermissionDeniedError, "permission", False),
    (500, b"", ServerError, "server_error", True),
    (404, b"404 page not found", ModelNotFoundError, "wrong_path", False),
    (404, b"", ModelNotFoundError, "wrong_path", False),
    (405, b"", ModelNotFoundError, "wrong_path", False),
    (418, b"teapot", InvalidRequestError, "invalid_request", False),
    (599, b"", ServerError, "server_error", True),
    (307, b"", InvalidRequestError, "redirect", False),
    (429, b"Too Many Requests", RateLimitError, "rate_limit", True),
    (400, b'"a JSON string"', InvalidRequestError, "invalid_request", False),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "cls", "error_type", "retryable"), CASES)
def test_an_error_status_has_one_meaning(
    status: int, body: object, cls: type[ProviderError], error_type: str, retryable: bool
) -> None:
    error = classify(status, body)
    assert (type(error), error.error_type, error.retryable) == (cls, error_type, retryable)
    assert error.status_code == status
    assert (error.provider, error.model) == ("acme", "model-1")
    assert error.message


IN_BODY: list[tuple[object, type[ProviderError], bool, int | None]] = [
    (anthropic("overloaded_error", "Overloaded"), OverloadedError, True, None),  # trap 18
    (anthropic("invalid_request_error"), InvalidRequestError, False, None),
    (anthropic("api_error"), ServerError, True, None),
    (openai("insufficient_quota", kind="insufficient_quota"), QuotaExhaustedError, False, None),  # trap 19
    ({"type": "error", "code": "credit_balance_exhausted", "message": "m", "param": None}, QuotaExhaustedError, False, None),
    ({"type": "error", "sequence_number": 2, "error": {"type": "server_error", "message": "m"}}, ServerError, True, None),
    (openrouter(502), ServerError, True, 502),  # trap 16
    (openrouter(400, "Token limit reached"), InvalidRequestError, False, 400),
    ({"code": 500, "msg": "404 NOT_FOUND", "success": False}, ServerError, True, 500),
    ({"error": "an error was encountered while running the model"}, ServerError, True, None),
    ({"text": "NETWORK ERROR", "error_code": 50001}, ServerError, True, None),
    ({"response": {"status": "failed", "error": {"code": "rate_limit_exceeded", "message": "m"}}}, RateLimitError, True, None),
    ({"detail": "m"}, ServerError, True, None),
    ({"error": {}}, ServerError, True, None),
]  # fmt: skip


@pytest.mark.parametrize(("body", "cls", "retryable", "status"), IN_BODY)
def test_an_error_under_a_success_status_is_known_by_its_words_never_by_the_status(
    body: object, cls: type[ProviderError], retryable: bool, status: int | None
) -> None:
    error = classify(200, body)
    assert (type(error), error.retryable, error.status_code) == (cls, retryable, status)


@pytest.mark.parametrize("body", [b"<html>busy</html>", b"", b"hello", b"[]", b"3"])
def test_a_success_without_a_json_object_is_a_malformed_answer(body: bytes) -> None:
    error = classify(200, body, {"x-request-id": "r1"})
    assert isinstance(error, ResponseFormatError)
    assert error.request_id == "r1"
    assert error.retryable


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"error": {"message": "m"}}, True),
        ({"error": "m"}, True),
        ({"error": None, "choices": []}, False),
        ({"object": "error", "message": "m"}, True),
        ({"success": False}, True),
        ({"detail": "m"}, True),
        ({"error_code": 50001, "text": "t"}, True),
        ({"choices": [{}], "detail": "m"}, False),
        ({"choices": []}, False),
        ({"type": "message", "content": []}, False),
        ({"response": "x", "done": True, "error_code": 0}, False),
    ],
)
def test_which_success_bodies_are_errors(body: dict[str, object], expected: bool) -> None:
    assert has_error(body) is expected


@pytest.mark.parametrize(
    ("body", "count", "limit"),
    [
        (anthropic("invalid_request_error", "prompt is too long: 3333404 tokens > 200000 maximum"), 3333404, 200000),
        (openrouter(400, "This endpoint's maximum context length is 200000 tokens. However, you requested about 2500021 tokens"), 2500021, 200000),
        (openai("context_length_exceeded", "This model's maximum context length is 8,192 tokens. However, your messages resulted in 9,000 tokens."), 9000, 8192),
        (openai(None, "This model's maximum context length is 2048 tokens. However, your request has 5000 input tokens."), 5000, 2048),
        (openai(None, "input length and `max_tokens` exceed context limit: 199999 + 8192 > 200000"), 199999, 200000),
        (openai(None, "The input token count (1200000) exceeds the maximum number of tokens allowed (1048576)."), 1200000, 1048576),
        (openai(None, "Prompt contains 40001 tokens, too large for model with 32768 maximum context length"), 40001, 32768),
        (openai(None, "request (5000 tokens) exceeds the available context size (4096 tokens)"), 5000, 4096),
        (openai(None, "This model's maximum prompt length is 131072 but the request contains 200005 tokens."), 200005, 131072),
        ({"error": {"message": "too big", "type": "exceed_context_size_error", "n_prompt_tokens": 12, "n_ctx": 10}}, 12, 10),
        (openai("context_length_exceeded", "Your input exceeds the context window of this model."), None, None),
    ],
)  # fmt: skip
def test_a_prompt_that_does_not_fit_says_how_much_and_how_much_fits(
    body: object, count: int, limit: int
) -> None:
    error = classify(400, body)
    assert isinstance(error, ContextLengthError)
    assert (error.token_count, error.limit) == (count, limit)


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        (openai("unsupported_parameter", param="max_tokens"), "max_tokens"),
        (openai("unsupported_value", param="messages[0].role"), "messages[0].role"),
        (openai(None, "Unsupported parameter: 'top_p' is not supported with this model."), "top_p"),
        (openai(None, "Unrecognized request argument supplied: foo"), "foo"),
        (openai(None, "property 'seed' is unsupported"), "seed"),
        (openai(None, "`temperature` is deprecated for this model."), "temperature"),
        (openai(None, "Argument not supported on this model: stop"), "stop"),
        (openai(None, "Model m does not support parameter presencePenalty."), "presencePenalty"),
        (anthropic("invalid_request_error", "This model does not support effort level 'xhigh'."), "effort"),
        ({"error": '"llama3" does not support thinking'}, "thinking"),
    ],
)
def test_a_refused_parameter_is_named(body: object, parameter: str) -> None:
    error = classify(400, body)
    assert isinstance(error, UnsupportedParameterError)
    assert error.parameter == parameter
    assert parameter in str(error.hint)


def test_a_field_that_is_merely_wrong_is_named_too() -> None:
    error = classify(
        422,
        {"detail": [{"loc": ["body", "messages", 0, "content"], "msg": "field required", "input": "PROMPT"}]},
    )
    assert isinstance(error, InvalidRequestError)
    assert (error.parameter, error.message) == ("content", "field required")


def test_the_reason_of_the_provider_behind_openrouter_is_what_is_told() -> None:
    plain = classify(
        429, openrouter(429, "Provider returned error", provider_name="Google", raw="model is busy")
    )
    assert plain.message == "Google: model is busy"
    inner = json.dumps(openai("context_length_exceeded", "maximum context length is 10 tokens"))
    wrapped = classify(400, openrouter(400, "Provider returned error", provider_name="OpenAI", raw=inner))
    assert isinstance(wrapped, ContextLengthError)
    assert wrapped.message == "OpenAI: maximum context length is 10 tokens"


def test_ids_and_codes_are_kept() -> None:
    error = classify(529, anthropic("overloaded_error"), {"request-id": "other"})
    assert (error.request_id, error.code) == ("req_1", "overloaded_error")
    assert classify(500, b"", {"x-generation-id": "gen-1"}).request_id == "gen-1"
    assert classify(500, b"").request_id is None
    assert classify(429, openrouter(429)).code == "429"


def test_an_empty_error_is_told_by_its_status() -> None:
    assert classify(500, b"").message == "Internal Server Error, without an explanation"
    assert classify(599, b"").message == "an error without an explanation"


@UNHURRIED
@given(status=st.integers(100, 999), body=st.binary(max_size=300))
def test_any_bytes_under_any_status_give_one_of_our_errors(status: int, body: bytes) -> None:
    error = classify_error(status, {}, body, TARGET)
    assert isinstance(error, ProviderError)
    assert len(error.message) <= 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["error", "code", "message", "type", "param", "metadata", "raw", "detail", "loc", "msg", "innererror", "errors",
         "availability", "retry_after", "details", "retryDelay", "headers", "success", "n_ctx", "status", "x"]
    ), inner, max_size=5),
    max_leaves=20,
)  # fmt: skip


@UNHURRIED
@given(
    status=st.sampled_from([200, 400, 404, 429, 500]),
    body=st.dictionaries(st.sampled_from(["error", "detail", "message", "code", "type"]), JSON),
)
def test_any_json_gives_one_of_our_errors(status: int, body: dict[str, object]) -> None:
    assert isinstance(classify_error(status, {}, body, TARGET), ProviderError)
    assert has_error(body) in {True, False}
