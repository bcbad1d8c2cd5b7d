"""Requests and answers of every dialect, as far as the tests of the simulator need them."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

PATCH = (
    "diff --git a/pkg/text.py b/pkg/text.py\n"
    "--- a/pkg/text.py\n"
    "+++ b/pkg/text.py\n"
    "@@ -1,5 +1,5 @@\n"
    " import re\n"
    " \n"
    " def first(words):\n"
    "-    return words[1]\n"
    "+    return words[0]\n"
    " \n"
)
PROBLEM = "first() returns the second word\n\nCalling `first(['a', 'b'])` gives 'b' where 'a' is expected."
HEADERS = {
    "openai": {"Authorization": "Bearer k"},
    "responses": {"Authorization": "Bearer k"},
    "anthropic": {"x-api-key": "k", "anthropic-version": "2023-06-01"},
    "ollama": {},
    "openrouter": {"Authorization": "Bearer k"},
    "compatible": {},
}
PATHS = {
    "openai": "/v1/chat/completions",
    "responses": "/v1/responses",
    "anthropic": "/v1/messages",
    "ollama": "/api/chat",
    "openrouter": "/openrouter/api/v1/chat/completions",
    "compatible": "/llamacpp/v1/chat/completions",
}
DIALECTS = tuple(PATHS)


@dataclass
class Answer:
    """What came back, however it ended."""

    status: int
    body: bytes
    headers: Any = field(default_factory=dict)
    error: BaseException | None = None

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def ask_body(
    dialect: str, model: str, text: str = "hello", *, stream: bool = False, **more: Any
) -> dict[str, Any]:
    """A minimal request of one dialect."""
    if dialect == "responses":
        return {"model": model, "input": text, "stream": stream, **more}
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream, **more}
    if dialect == "anthropic":
        body.setdefault("max_tokens", 4096)
    if dialect in ("openai", "compatible") and stream:
        body.setdefault("stream_options", {"include_usage": True})
    return body


def events_of(body: bytes) -> list[Any]:
    """The JSON of a stream's events, SSE or lines; `[DONE]` as that string."""
    if body.lstrip().startswith(b"{"):
        return [json.loads(line) for line in body.splitlines() if line.strip()]
    data = [line[6:] for line in body.decode().split("\n") if line.startswith("data: ")]
    return [part if part == "[DONE]" else json.loads(part) for part in data]


def text_of(dialect: str, answer: Any) -> str:
    """The visible text of a whole answer or of a stream's events."""
    if isinstance(answer, list):
        return "".join(_event_text(dialect, event) for event in answer if event != "[DONE]")
    if dialect == "responses":
        return "".join(
            p["text"] for item in answer["output"] if item["type"] == "message" for p in item["content"]
        )
    if dialect == "anthropic":
        return "".join(block["text"] for block in answer["content"] if block["type"] == "text")
    if dialect == "ollama":
        return answer["message"]["content"]
    return answer["choices"][0]["message"]["content"] or ""


def _event_text(dialect: str, event: Any) -> str:
    if dialect == "responses":
        return event["delta"] if event["type"] == "response.output_text.delta" else ""
    if dialect == "anthropic":
        return event.get("delta", {}).get("text", "")
    if dialect == "ollama":
        return event["message"]["content"]
    return "".join(choice["delta"].get("content") or "" for choice in event["choices"])
