"""What the headers of an error say: how long to wait, whether to try again, which call it was."""

from __future__ import annotations

import math
import time
from datetime import UTC
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_WAIT_S: Final = 24 * 3600.0
_IDS: Final = ("x-request-id", "request-id", "x-generation-id", "apim-request-id", "cf-ray")


def retry_after_s(headers: Mapping[str, str], *, now_s: float | None = None) -> float | None:
    """Seconds that the headers ask to wait.

    Args:
        headers: Of an error, names in lower case; on a success `retry-after` means nothing.
        now_s: Seconds since the epoch, for a date; by default the answer's own `date`, else the system's.

    Returns:
        None where there is no such header, or its value is not a number, negative or longer than a day.
    """
    wait_s = _number(headers.get("retry-after-ms"))
    if wait_s is not None:
        return usable_wait_s(wait_s / 1000)
    value = headers.get("retry-after")
    wait_s = _number(value)
    if wait_s is None and value:
        at_s = _date_s(value)
        if at_s is not None:
            sent_s = now_s if now_s is not None else _date_s(headers.get("date", ""))
            wait_s = at_s - (time.time() if sent_s is None else sent_s)
    return usable_wait_s(wait_s)


def usable_wait_s(wait_s: float | None) -> float | None:
    """`wait_s` where it makes sense as a wait, else None."""
    if wait_s is None or not math.isfinite(wait_s) or not 0 <= wait_s <= LONGEST_WAIT_S:
        return None
    return wait_s


def should_retry(headers: Mapping[str, str]) -> bool | None:
    """The server's own verdict; None where it gives none."""
    return {"true": True, "false": False}.get(headers.get("x-should-retry", "").strip().lower())


def request_id(headers: Mapping[str, str]) -> str | None:
    """The provider's id of the call; None where it gives none."""
    return next((value[:200] for name in _IDS if (value := headers.get(name, "").strip())), None)


def _number(value: str | None) -> float | None:
    if value is None or len(value) > 40:
        return None
    try:
        return float(value)
    except ValueError:
        return None


def _date_s(value: str) -> float | None:
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - dates are rare and the module is not small

    try:
        date = parsedate_to_datetime(value)
    except (ValueError, IndexError, TypeError, OverflowError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()
