"""Scripted replies in OpenAI's dialect, and a clock on which waiting takes no time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from swebench_runner.providers import ManualClock, Reply

if TYPE_CHECKING:
    from collections.abc import Iterable

SSE = {"content-type": "text/event-stream"}


class InstantClock(ManualClock):
    """Sleeping moves the clock at once; the waits are kept."""

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    async def sleep(self, delay_s: float) -> None:
        self.waits.append(delay_s)
        self.now += delay_s


def answer(text: str = "hello", **changes: Any) -> Reply:
    body = {
        "id": "chatcmpl-1",
        "model": "gpt-4o-2024-08-06",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
        **changes,
    }
    return Reply(
        200, [json.dumps(body).encode()], {"content-type": "application/json", "x-request-id": "req-1"}
    )


def failure(
    status: int, message: str = "failed", headers: dict[str, str] | None = None, **error: Any
) -> Reply:
    body = {"error": {"message": message, "type": "x", "param": None, "code": None, **error}}
    return Reply(status, [json.dumps(body).encode()], {"content-type": "application/json", **(headers or {})})


def event(delta: dict[str, Any] | None = None, finish: str | None = None, **rest: Any) -> bytes:
    choices = [] if delta is None else [{"index": 0, "delta": delta, "finish_reason": finish}]
    return (
        b"data: " + json.dumps({"id": "c", "model": "gpt-4o", "choices": choices, **rest}).encode() + b"\n\n"
    )


USAGE = {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12}
END = [event({}, "stop"), event(usage=USAGE), b"data: [DONE]\n\n"]


def streamed(*texts: str, end: Iterable[bytes] = END, **reply: Any) -> Reply:
    return Reply(200, [*(event({"content": text}) for text in texts), *end], SSE, **reply)
