"""Streams and bodies of OpenAI's dialects, fed to the decoders as a network would."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings

from swebench_runner.providers.core.protocols import Target

if TYPE_CHECKING:
    from swebench_runner.providers.core.protocols import Transform
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import ProviderChunk

WIRE = Path(__file__).resolve().parent / "wire" / "openai"
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
TARGET = Target("acme", "model-1", stream=True)


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
    return (WIRE / name).read_bytes()


def golden_json(name: str) -> dict[str, object]:
    lines = [line for line in golden(name).decode().splitlines() if not line.startswith("//")]
    body = json.loads("\n".join(lines))
    assert isinstance(body, dict)
    return body


def replay(
    wire: bytes, transform: Transform, *, size: int | None = None, target: Target = TARGET
) -> Replayed:
    """Feed a stream in pieces of `size` bytes until the decoder has enough, and ask for the answer."""
    splitter, decoder, out = transform.splitter(), transform.decoder(target), Replayed()
    size = size or max(1, len(wire))
    frames = [
        frame for start in range(0, len(wire), size) for frame in splitter.feed(wire[start : start + size])
    ]
    for frame in [*frames, *splitter.flush()]:
        chunk = decoder.feed(frame)
        if chunk is not None:
            out.chunks.append(chunk)
        if decoder.finished:
            break
    out.response = decoder.finish()
    return out


def sse(*events: object) -> bytes:
    """Events as `data:` lines; text is taken as it is."""
    return b"".join(
        b"data: " + (e.encode() if isinstance(e, str) else json.dumps(e).encode()) + b"\n\n" for e in events
    )


def delta(finish: str | None = None, **fields: object) -> dict[str, object]:
    """One chat chunk."""
    return {"id": "c1", "choices": [{"index": 0, "delta": fields, "finish_reason": finish}]}


def fragment(
    index: int | None, call_id: str | None = None, name: str | None = None, arguments: object = None
) -> dict[str, object]:
    """One piece of a tool call; what is None is absent."""
    function = {k: v for k, v in (("name", name), ("arguments", arguments)) if v is not None}
    out = {"index": index, "id": call_id, "function": function}
    return {name: value for name, value in out.items() if value is not None}
