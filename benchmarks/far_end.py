"""The far end of every measurement: an OpenAI-shaped server that only writes bytes it prepared before.

It reads as little of a request as it can, so that on its own core it is never what is measured.

    POST /v1/chat/completions          one answer of about 600 bytes, or a stream when the body asks for one
    POST /slow/v1/chat/completions     the same after 200 ms
    POST /trickle/v1/chat/completions  streams that arrive one event at a time, a few milliseconds apart
    POST …/v1/messages, …/api/chat     short answers in the other dialects, for the first call of a cold process

Usage: far_end.py CPU; it prints its address and stops when its standard input is closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from functools import lru_cache

STREAM_EVENTS = 1_000
TRICKLE_EVENTS = 100
TRICKLE_S = 0.005
DELAY_S = 0.2
EVENTS_PER_SEGMENT = 5  # about 1,400 bytes: what one Ethernet frame carries
WORDS = (
    "The",
    " quick",
    " brown",
    " fox",
    " jumps",
    " over",
    " the",
    " lazy",
    " dog",
    ".",
    "\n",
    "def",
    " fix",
    "(self",
    "):",
)
ANSWER = "Here is the change that makes the failing test pass, with the smallest possible diff."
USAGE = {
    "prompt_tokens": 19,
    "completion_tokens": 17,
    "total_tokens": 36,
    "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
    "completion_tokens_details": {
        "reasoning_tokens": 0,
        "audio_tokens": 0,
        "accepted_prediction_tokens": 0,
        "rejected_prediction_tokens": 0,
    },
}
MODEL = "gpt-4o-mini-2024-07-18"
IDENTITY = {"id": "chatcmpl-CTBench0000000000000000000000", "created": 1_760_000_000, "model": MODEL}
CONTENT_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
HEADERS = "x-request-id: req_0123456789abcdef\r\nopenai-processing-ms: 210\r\nx-ratelimit-limit-requests: 1000000\r\nx-ratelimit-remaining-requests: 999999\r\nx-ratelimit-limit-tokens: 200000000\r\nx-ratelimit-remaining-tokens: 199999000\r\n"


def whole_answer(body: dict[str, object]) -> bytes:
    """A complete HTTP answer around a JSON body."""
    payload = json.dumps(body, separators=(",", ":")).encode()
    head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n{HEADERS}content-length: {len(payload)}\r\n\r\n"
    return head.encode() + payload


def chat_answer() -> bytes:
    """OpenAI chat completion, about 600 bytes of body."""
    message: dict[str, object] = {"role": "assistant", "content": ANSWER, "refusal": None, "annotations": []}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    body = {**IDENTITY, "object": "chat.completion", "choices": [choice], "usage": USAGE}
    return whole_answer({**body, "service_tier": "default", "system_fingerprint": "fp_560af6e559"})


def messages_answer() -> bytes:
    """Anthropic message."""
    content = [{"type": "text", "text": ANSWER}]
    usage = {
        "input_tokens": 19,
        "output_tokens": 17,
        "cache_read_input_tokens": 0,
        "cache_creation_input_tokens": 0,
    }
    identity = {"id": "msg_01Bench", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5"}
    return whole_answer(
        {**identity, "content": content, "stop_reason": "end_turn", "stop_sequence": None, "usage": usage}
    )


def ollama_answer() -> bytes:
    """Ollama chat and generate at once: each client reads its own field."""
    counts = {"total_duration": 1_000_000, "prompt_eval_count": 19, "eval_count": 17}
    said = {"message": {"role": "assistant", "content": ANSWER}, "response": ANSWER}
    facts = {"model": "llama3", "created_at": "2026-01-01T00:00:00Z", "done": True, "done_reason": "stop"}
    return whole_answer({**facts, **said, **counts})


def stream_events(count: int) -> list[bytes]:
    """The events of one OpenAI chat stream: `count` of them with text, then the end and the usage."""
    common = {
        **IDENTITY,
        "object": "chat.completion.chunk",
        "service_tier": "default",
        "system_fingerprint": "fp_560af6e559",
    }

    def event(delta: dict[str, object], finish: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        body = {**common, "choices": [choice], "usage": None, "obfuscation": "a1B2c3D4"}
        return b"data: " + json.dumps(body, separators=(",", ":")).encode() + b"\n\n"

    first = event({"role": "assistant", "content": "", "refusal": None})
    texts = [event({"content": WORDS[i % len(WORDS)]}) for i in range(count)]
    usage = (
        b"data: "
        + json.dumps({**common, "choices": [], "usage": USAGE}, separators=(",", ":")).encode()
        + b"\n\n"
    )
    return [first, *texts, event({}, "stop"), usage, b"data: [DONE]\n\n"]


@lru_cache
def stream_segments(count: int, events_per_segment: int) -> tuple[bytes, ...]:
    """A streamed HTTP answer cut as a server flushes it: one HTTP chunk a segment."""
    events = stream_events(count)
    groups = [b"".join(events[i : i + events_per_segment]) for i in range(0, len(events), events_per_segment)]
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\n{HEADERS}transfer-encoding: chunked\r\n\r\n"
    chunks = [b"%x\r\n%s\r\n" % (len(group), group) for group in groups]
    return (head.encode(), *chunks, b"0\r\n\r\n")


CHAT, MESSAGES, OLLAMA = chat_answer(), messages_answer(), ollama_answer()


class FarEnd(asyncio.Protocol):
    """One connection. Requests on it are answered one after another."""

    transport: asyncio.Transport

    def __init__(self) -> None:
        self.buffer = b""
        self.resumed: asyncio.Event = asyncio.Event()
        self.resumed.set()
        self.work: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def pause_writing(self) -> None:
        self.resumed.clear()

    def resume_writing(self) -> None:
        self.resumed.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        if self.work is not None:
            self.work.cancel()

    def data_received(self, data: bytes) -> None:
        self.buffer = buffer = self.buffer + data if self.buffer else data
        head_end = buffer.find(b"\r\n\r\n")
        if head_end < 0:
            return
        length = CONTENT_LENGTH.search(buffer, 0, head_end)
        end = head_end + 4 + (int(length[1]) if length else 0)
        if len(buffer) < end:
            return
        self.buffer = buffer[end:]
        self.answer(buffer[: buffer.find(b"\r\n")], buffer[head_end + 4 : end])

    def answer(self, line: bytes, body: bytes) -> None:
        loop = asyncio.get_running_loop()
        if b'"stream":true' in body or b'"stream": true' in body:
            trickle = b"/trickle/" in line
            segments = (
                stream_segments(TRICKLE_EVENTS, 1)
                if trickle
                else stream_segments(STREAM_EVENTS, EVENTS_PER_SEGMENT)
            )
            self.work = loop.create_task(self.write_stream(segments, TRICKLE_S if trickle else 0))
        elif b"/slow/" in line:
            loop.call_later(DELAY_S, self.write, CHAT)
        elif b"/messages" in line:
            self.transport.write(MESSAGES)
        elif b"/api/" in line:
            self.transport.write(OLLAMA)
        else:
            self.transport.write(CHAT)

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    async def write_stream(self, segments: tuple[bytes, ...], pause_s: float) -> None:
        for segment in segments:
            if pause_s:
                await asyncio.sleep(pause_s)
            if not self.resumed.is_set():
                await self.resumed.wait()
            self.write(segment)


async def serve() -> None:
    """Listen until the standard input ends, which it does when the measuring process is gone."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(FarEnd, "127.0.0.1", 0, backlog=4096)
    host, port = server.sockets[0].getsockname()
    print(f"http://{host}:{port}", flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


if __name__ == "__main__":
    if len(sys.argv) > 1 and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {int(sys.argv[1])})
    if sys.platform != "win32":
        import resource

        hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve())
