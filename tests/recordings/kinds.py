"""Which recordings are answers of a dialect of ours, how they go over the wire, and which are left out and why."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from recordings.loaders import Interaction

Dialect = Literal["openai_chat", "openai_responses", "anthropic_messages", "ollama"]
Framing = Literal["whole", "sse", "json_lines"]

DIALECTS: dict[str, Dialect] = {
    "openai.chat": "openai_chat",
    "openai.responses": "openai_responses",
    "anthropic.messages": "anthropic_messages",
    "ollama.native": "ollama",
}


@dataclass(frozen=True, slots=True)
class Exclusion:
    """A rule that leaves recordings out: every pattern must match."""

    reason: str
    file: str = "*"
    endpoint: str = "*"


# Interactions that the index files under one of the four dialects, though no transform reads them.
EXCLUSIONS = (
    Exclusion(
        "token counting: a number, not an answer; read by the token counters", endpoint="*/input_tokens"
    ),
    Exclusion(
        "token counting: a number, not an answer; read by the token counters", endpoint="*/count_tokens"
    ),
    Exclusion("compaction of a history: items without an answer", endpoint="*/compact"),
    Exclusion("deletes or cancels a stored answer", endpoint="*/cancel"),
    Exclusion("management of local models, no answer in it", endpoint="/api/pull"),
    Exclusion("management of local models, no answer in it", endpoint="/api/show"),
    Exclusion("management of local models, no answer in it", endpoint="/api/tags"),
    Exclusion("management of local models, no answer in it", endpoint="/api/ps"),
    Exclusion("embeddings, no answer in it", endpoint="/api/embed*"),
    Exclusion("an audio transcription kept among the chat fixtures", file="vercel-ai/*transcription*"),
    Exclusion("an object of the skills API kept among the message fixtures", file="vercel-ai/*__skills__*"),
    Exclusion("an uploaded file's metadata kept among the fixtures", file="vercel-ai/*__files__*"),
)

# Everything else in the collection, by the index's name of its API.
OTHER_APIS = {
    "anthropic.batches": "asynchronous batches: another protocol around the same messages",
    "openai.batches": "asynchronous batches: another protocol around the same answers",
    "anthropic.count_tokens": "token counting: a number, not an answer; read by the token counters",
    "openai.completions": "legacy text completions: a dialect that the product does not speak",
    "openai.files": "file uploads and downloads",
    "openai.embeddings": "embeddings",
    "openai.audio": "audio",
    "openai.images": "images",
    "other": "assistants, threads, conversations, vector stores, tracing, images, redacted addresses",
}


def dialect_of(one: Interaction) -> Dialect | None:
    """The dialect of an interaction; None for those that no transform of ours speaks."""
    return DIALECTS.get(one.api)


def left_out(one: Interaction) -> str | None:
    """Why an interaction is not used; None when it is."""
    if not one.usable:
        return "the recording lost its body"
    if one.api not in DIALECTS:
        return OTHER_APIS.get(one.api, f"unknown API {one.api}")
    for rule in EXCLUSIONS:
        if fnmatchcase(one.file, rule.file) and fnmatchcase(one.endpoint, rule.endpoint):
            return rule.reason
    return None


def wire(one: Interaction) -> tuple[Framing, bytes]:
    """The framing and bytes of an answer; what the collection kept without framing gets it back."""
    answer = one.response
    if isinstance(answer, dict):
        return "whole", json.dumps(answer, ensure_ascii=False).encode()
    if isinstance(answer, list):
        if one.api == "ollama.native":
            return "json_lines", b"".join(line + b"\n" for line in answer)
        return "sse", b"".join(_event(payload) for payload in answer)
    if re.match(rb"\s*(data|event|id|retry|error)?:", answer):
        return "sse", answer
    if one.api == "ollama.native" and _several_lines(answer):
        return "json_lines", answer
    return "whole", answer


def body_of(data: bytes) -> dict[str, Any] | None:
    """A whole body as an object; None when it is not one."""
    try:
        value = json.loads(data)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _event(payload: bytes) -> bytes:
    """Chat completions send bare data; the other two name the event after its type."""
    kind = re.match(rb'\s*\{\s*"type"\s*:\s*"([^"]+)"', payload)
    if kind is None:
        try:
            value = json.loads(payload).get("type")
        except ValueError:
            value = None
        name = value.encode() if isinstance(value, str) else b""
    else:
        name = kind[1]
    return (b"event: " + name + b"\n" if name else b"") + b"data: " + payload + b"\n\n"


def _several_lines(data: bytes) -> bool:
    lines = [line for line in data.splitlines() if line.strip()]
    return len(lines) > 1 and all(line.lstrip()[:1] == b"{" for line in lines)
