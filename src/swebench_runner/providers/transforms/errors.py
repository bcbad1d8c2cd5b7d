"""From what a server answered to the error it means: the one place where failures are classified."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.providers.transforms.errors_headers import retry_after_s

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.errors import ProviderError
    from swebench_runner.providers.core.protocols import Target

__all__ = ["classify_error", "has_error", "retry_after_s"]


def classify_error(
    status: int,
    headers: Mapping[str, str],
    body: bytes | Mapping[str, object],
    target: Target,
    *,
    now_s: float | None = None,
) -> ProviderError:
    """The error that an answer means. Never raises.

    One function for error statuses, for error bodies under a success status and for error events of a
    stream. Structured codes and types decide first, then the status, then the words.

    Args:
        status: Of HTTP; a success status says nothing, the body decides.
        headers: Names in lower case; ignored under a success status.
        body: As received, or decoded.
        target: Who was asked for which model.
        now_s: Seconds since the epoch, for a `retry-after` that is a date.

    Returns:
        An error whose message is the provider's own, as one bounded line without keys.

    Source: tables of `errors_words`.
    """
    from swebench_runner.providers.transforms.errors_classify import (  # noqa: PLC0415 - its patterns take 3 ms
        classify,
    )

    return classify(status, headers, body, target, now_s)


def has_error(body: Mapping[str, object]) -> bool:
    """Whether a body under a success status is an error all the same."""
    if body.get("error"):
        return True
    if body.get("object") == "error" or body.get("type") == "error" or body.get("success") is False:
        return True
    answers = ("choices", "output", "content", "message", "response", "done")
    return bool(body.get("detail") or body.get("error_code")) and not any(body.get(name) for name in answers)
