"""The rules behind `classify_error`, apart from it because they are needed only when something fails."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

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
from swebench_runner.providers.transforms import errors_text as text
from swebench_runner.providers.transforms.errors_body import ErrorFacts, read_error_body
from swebench_runner.providers.transforms.errors_headers import request_id, retry_after_s, should_retry
from swebench_runner.providers.transforms.errors_words import STRONG, WEAK, Kind, kind_of_status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.protocols import Target


class _Meaning(NamedTuple):
    cls: type[ProviderError]
    error_type: str | None = None
    retryable: bool | None = None
    hint: str | None = None


_MEANINGS: Final[dict[Kind, _Meaning]] = {
    "key": _Meaning(AuthenticationError),
    "permission": _Meaning(PermissionDeniedError),
    "quota": _Meaning(QuotaExhaustedError),
    "rate": _Meaning(RateLimitError, hint="send fewer requests at once, or raise the limit at the provider"),
    "not_found": _Meaning(
        ModelNotFoundError, hint="check the model's name; the provider's model list has the right one"
    ),
    "path": _Meaning(
        ModelNotFoundError, "wrong_path", hint="nothing answers at this address: check the base URL"
    ),
    "bad": _Meaning(InvalidRequestError),
    "parameter": _Meaning(UnsupportedParameterError),
    "context": _Meaning(
        ContextLengthError, hint="shorten the prompt, or choose a model with a larger window"
    ),
    "policy": _Meaning(
        ContentFilterError, hint="the provider's content policy refused this; another wording may pass"
    ),
    "server": _Meaning(ServerError),
    "overloaded": _Meaning(OverloadedError),
    "timeout": _Meaning(ServerError, "server_timeout"),
    "conflict": _Meaning(InvalidRequestError, "conflict", retryable=True),
    "redirect": _Meaning(
        InvalidRequestError, "redirect", hint="set the base URL to the address that is redirected to"
    ),
}
_NEVER_RETRIED: Final = (QuotaExhaustedError, AuthenticationError, ContextLengthError, ContentFilterError)


def classify(
    status: int,
    headers: Mapping[str, str],
    body: bytes | Mapping[str, object],
    target: Target,
    now_s: float | None,
) -> ProviderError:
    """What `classify_error` promises."""
    facts = read_error_body(body)
    failed = status >= 300
    if not failed and not facts.json:
        return ResponseFormatError(
            text.cleaned(facts.message) or "an empty body instead of an answer",
            target.provider,
            model=target.model or None,
            request_id=request_id(headers),
            hint="check the base URL: something other than the provider may have answered",
        )
    if failed and (wait_s := retry_after_s(headers, now_s=now_s)) is not None:
        facts.retry_after_s = wait_s
    effective = status if failed else facts.status or 0
    error = _made(_kind(effective, facts, target), effective, facts, target)
    error.request_id = facts.request_id or (request_id(headers) if failed else None)
    verdict = should_retry(headers) if failed else None
    verdict = facts.retryable if verdict is None else verdict
    if verdict is not None and not isinstance(error, _NEVER_RETRIED):
        error.retryable = verdict
    return error


# FastChat answers 400 to everything; its own failures are told by their codes alone.
_FASTCHAT_FAILURES: Final = frozenset({"50001", "50002", "50003", "50004", "50005"})


def _kind(status: int, facts: ErrorFacts, target: Target) -> Kind:
    if facts.moderated:
        return "policy"
    if "openrouter_in_flight_budget" in facts.words:
        return "rate"  # a ceiling on what may be in flight at once, under status 402
    strong = next((STRONG[word] for word in facts.words if word in STRONG), None)
    if strong is not None and (strong != "server" or not _FASTCHAT_FAILURES.isdisjoint(facts.words)):
        return strong
    kind = kind_of_status(status) or strong
    if kind is None:
        kind = next((WEAK[word] for word in facts.words if word in WEAK), None)
    return _refined(kind, facts, target)


def _refined(kind: Kind | None, facts: ErrorFacts, target: Target) -> Kind:
    """What the words add where codes and status leave it open."""
    words = facts.message
    if kind in {"bad", "server", None} and text.CONTEXT.search(words):
        return "context"
    if (
        kind in {"bad", "permission", "rate", None}
        and facts.retry_after_s is None
        and text.QUOTA.search(words)
    ):
        return "quota"
    if kind in {"bad", "permission", None} and text.POLICY.search(words):
        return "policy"
    if kind in {"bad", None} and text.KEY.search(words):
        return "key"
    if kind in {"bad", "path", None} and _names_model(words, target):
        return "not_found"
    if kind in {"bad", None} and text.refused_parameter(words):
        return "parameter"
    return kind or "server"


def _names_model(words: str, target: Target) -> bool:
    if text.MODEL.search(words):
        return True
    return bool(target.model) and target.model in words and "not found" in words.lower()


def _made(kind: Kind, status: int, facts: ErrorFacts, target: Target) -> ProviderError:
    meaning = _MEANINGS[kind]
    wait_s = facts.retry_after_s
    if wait_s is None and kind in {"rate", "overloaded"}:
        wait_s = text.retry_in_s(facts.message)
    error = meaning.cls(
        text.cleaned(facts.message) or _status_words(status),
        target.provider,
        meaning.error_type,
        meaning.retryable,
        status_code=status or None,
        retry_after_s=wait_s,
        model=target.model or None,
        code=facts.code,
        hint=meaning.hint,
    )
    if isinstance(error, ContextLengthError):
        numbers = text.context_numbers(facts.message)
        error.token_count = numbers.token_count if facts.token_count is None else facts.token_count
        error.limit = numbers.limit if facts.limit is None else facts.limit
    if isinstance(error, InvalidRequestError):
        error.parameter = facts.parameter or text.refused_parameter(facts.message)
    if isinstance(error, UnsupportedParameterError):
        error.hint = f"leave out or change {error.parameter or 'what the message names'}"
    return error


def _status_words(status: int) -> str:
    try:
        return f"{HTTPStatus(status).phrase}, without an explanation"
    except ValueError:
        return "an error without an explanation"
