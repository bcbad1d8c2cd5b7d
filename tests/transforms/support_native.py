"""Anthropic's and Ollama's streams and bodies, fed to the decoders as a network would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.messages import Message, MessageRole
from swebench_runner.providers.core.protocols import Target
from swebench_runner.providers.core.request import UnifiedRequest

if TYPE_CHECKING:
    from swebench_runner.providers.core.protocols import Transform, WireRequest
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import ProviderChunk

WIRE = Path(__file__).resolve().parents[1] / "wire"
USER, ASSISTANT, SYSTEM, TOOL = MessageRole.USER, MessageRole.ASSISTANT, MessageRole.SYSTEM, MessageRole.TOOL


@dataclass
class Replayed:
    chunks: list[ProviderChunk] = field(default_factory=list)
    response: UnifiedResponse | None = None

    @property
    def text(self) -> str:
        return "".join(chunk.text for chunk in self.chunks)

    @property
    def reasoning(self) -> str:
        return "".join(chunk.reasoning for chunk in self.chunks)

    @property
    def answer(self) -> UnifiedResponse:
        assert self.response is not None
        return self.response


def golden(name: str) -> bytes:
    """A file of wire traffic without the lines that say where it is from."""
    lines = (WIRE / name).read_bytes().splitlines(keepends=True)
    return b"".join(line for line in lines if not line.startswith(b"//"))


def golden_json(name: str) -> dict[str, Any]:
    body = json.loads(golden(name))
    assert isinstance(body, dict)
    return body


def target(model: str = "model-1", **facts: Any) -> Target:
    return Target("acme", model, ModelFacts(model, **facts))


def replay(wire: bytes, transform: Transform, *, size: int | None = None) -> Replayed:
    """Feed a stream in pieces of `size` bytes until the decoder has enough, and ask for the answer."""
    splitter, decoder, out = transform.splitter(), transform.decoder(target()), Replayed()
    size = size or max(1, len(wire))
    frames = [
        frame for start in range(0, len(wire), size) for frame in splitter.feed(wire[start : start + size])
    ]
    for frame in [*frames, *splitter.flush()]:
        chunk = decoder.feed(frame)
        if chunk is not None:
            out.chunks.append(chunk)
        assert decoder.complete == decoder.finished
        if decoder.finished:
            break
    out.response = decoder.finish()
    return out


def said(*contents: Any, **fields: Any) -> UnifiedRequest:
    """A conversation without the default temperature; text alternates between user and assistant."""
    messages = [
        content if isinstance(content, Message) else Message((USER, ASSISTANT)[place % 2], content)
        for place, content in enumerate(contents)
    ]
    return UnifiedRequest(messages=messages, **{"temperature": None, **fields})


def body_of(wire: WireRequest) -> dict[str, Any]:
    """The body as JSON would carry it."""
    body = json.loads(json.dumps(wire.body))
    assert isinstance(body, dict)
    return body


def events(*items: dict[str, Any]) -> bytes:
    """Server-sent events named by their type."""
    return b"".join(
        b"event: %s\ndata: %s\n\n" % (str(i["type"]).encode(), json.dumps(i).encode()) for i in items
    )


START: dict[str, Any] = {
    "type": "message_start",
    "message": {"id": "m", "model": "x", "usage": {"input_tokens": 5, "output_tokens": 1}},
}
STOP = {"type": "message_stop"}


def block(index: int, value: dict[str, Any], *deltas: dict[str, Any]) -> list[dict[str, Any]]:
    """A content block of Anthropic's, from its start to its stop."""
    return [
        {"type": "content_block_start", "index": index, "content_block": value},
        *({"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas),
        {"type": "content_block_stop", "index": index},
    ]


def ends(reason: str, **usage: Any) -> dict[str, Any]:
    return {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": usage}


def words(text: str) -> list[dict[str, Any]]:
    return block(0, {"type": "text", "text": ""}, {"type": "text_delta", "text": text})
