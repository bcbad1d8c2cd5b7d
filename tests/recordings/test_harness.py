"""The harness itself: every format is loaded, and an answer that differs is noticed."""

from __future__ import annotations

import base64
import gzip
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from recordings.compare import differences, wrong_error
from recordings.expected import Call, Expected, Usage, failure
from recordings.kinds import wire
from recordings.loaders import index, load_file
from swebench_runner.providers.core.errors import RateLimitError, ServerError
from swebench_runner.providers.core.messages import TextPart, ThinkingPart, ToolCall
from swebench_runner.providers.core.response import FinishReason, UnifiedResponse
from swebench_runner.providers.core.usage import TokenUsage

if TYPE_CHECKING:
    from pathlib import Path

ASKED = {"model": "m", "messages": [{"role": "user", "content": "Grüße"}]}
ANSWER = {"id": "c1", "model": "m", "choices": [{"message": {"content": "東京"}, "finish_reason": "stop"}]}
TEXT = json.dumps(ANSWER, ensure_ascii=False)
STREAM = 'data: {"choices":[]}\n\ndata: [DONE]\n\n'


def vcr(body: str) -> str:
    return f"interactions:\n- request: {{body: '{json.dumps(ASKED)}', method: POST}}\n  response:\n    body: {{string: {body}}}\n    status: {{code: 200}}\n"


def parsed() -> str:
    return f"interactions:\n- request: {{parsed_body: {json.dumps(ASKED)}, method: POST}}\n  response: {{parsed_body: {TEXT}, status: {{code: 200}}}}\n"


def ruby(body: str) -> str:
    return f"http_interactions:\n- request: {{method: post, body: {{string: '{json.dumps(ASKED)}'}}}}\n  response: {{status: {{code: 200}}, body: {body}}}\n"


def lists(body: str) -> str:
    return f"requests:\n- {{body: '{json.dumps(ASKED)}', method: POST}}\nresponses:\n- {{body: {{string: {body}}}, status: {{code: 200}}}}\n"


def packed(data: bytes) -> str:
    return base64.b64encode(data).decode()


DUMP = {
    "request": {"method": "POST", "body": ASKED},
    "response": {"body": {"__type__": "x", "__data__": ANSWER}, "is_streaming": False},
}
LINES = {
    "request": {"body": ASKED},
    "response": {"body": [{"__data__": {"choices": []}}], "is_streaming": True},
}
FORMATS: dict[str, tuple[str, bytes, bytes]] = {
    "vcrpy": ("a.yaml", vcr(f"'{TEXT}'").encode(), TEXT.encode()),
    "vcrpy, zipped body": ("a.yaml", vcr(f"!!binary {packed(gzip.compress(TEXT.encode()))}").encode(), TEXT.encode()),
    "vcrpy, decoded": ("a.yaml", parsed().encode(), TEXT.encode()),
    "Ruby": ("a.yml", ruby(f"{{string: '{TEXT}'}}").encode(), TEXT.encode()),
    "Ruby, binary": ("a.yml", ruby(f"{{string: !binary {packed(TEXT.encode())}}}").encode(), TEXT.encode()),
    "Ruby, base64": ("a.yml", ruby(f"{{base64_string: {packed(TEXT.encode())}}}").encode(), TEXT.encode()),
    "lists": ("a.yaml", lists(f"!!binary {packed(TEXT.encode())}").encode(), TEXT.encode()),
    "lists, zipped file": ("a.yaml.gz", gzip.compress(lists(f"'{TEXT}'").encode()), TEXT.encode()),
    "a body": ("a.json", TEXT.encode(), TEXT.encode()),
    "payloads": ("a.chunks.txt", b'{"choices":[]}\n[DONE]\n', STREAM.encode()),
    "event stream": ("a.sse", STREAM.encode(), STREAM.encode()),
    "a dump": ("a.json", json.dumps(DUMP).encode(), TEXT.encode()),
    "a dumped stream": ("a.json", json.dumps(LINES).encode(), b'data: {"choices": []}\n\n'),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_loaded(name: str, tmp_path: Path) -> None:
    file, data, expected = FORMATS[name]
    (tmp_path / file).write_bytes(data)
    row: dict[str, Any] = {
        "file": file, "interaction": 0, "provider": "openai", "api": "openai.chat", "endpoint": "/v1/chat/completions",
        "method": "POST", "status": 200, "usable": True, "fidelity": "raw", "model": "m", "streaming": False,
    }  # fmt: skip
    (tmp_path / "index.jsonl").write_text(json.dumps(row) + "\n")
    index.cache_clear()
    (one,) = load_file(file, tmp_path)
    index.cache_clear()
    assert wire(one)[1] == expected
    assert one.request_body in (ASKED, None)
    assert (one.request_body is None) == (name in {"a body", "payloads", "event stream"})


CALLED = ToolCall("a", "f", {"x": 1})
GOOD = UnifiedResponse(
    "hi", "m", TokenUsage(3, 2, 5, cache_read_tokens=1), finish_reason="tool_calls", tool_calls=(CALLED,),
    parts=(ThinkingPart("hm", "sig"), TextPart("hi"), CALLED), response_id="c1",
    normalized_finish_reason=FinishReason.TOOL_CALLS,
)  # fmt: skip
MEANT = Expected(
    text="hi", calls=[Call("a", "f", {"x": 1})], reasoning="hm", proofs=["sig"], finish=("tool_calls",),
    meaning=("tool_calls",), usage=Usage(3, 2, 5, cache_read=1), response_id="c1", model="m",
)  # fmt: skip
OTHER_CALL = ToolCall("a", "f", {"x": 2})


@pytest.mark.parametrize(
    "changed",
    [
        {"content": "ho", "parts": (ThinkingPart("hm", "sig"), TextPart("ho"), CALLED)},
        {"model": "n"},
        {"usage": TokenUsage(3, 2, 5)},
        {"usage": TokenUsage(3, 2, 5, cache_read_tokens=1, source="estimate")},
        {"finish_reason": "stop"},
        {"normalized_finish_reason": FinishReason.STOP},
        {"response_id": None},
        {"refusal": "no"},
        {"tool_calls": ()},
        {"tool_calls": (OTHER_CALL,), "parts": (ThinkingPart("hm", "sig"), TextPart("hi"), OTHER_CALL)},
        {"parts": (ThinkingPart("hm", "gis"), TextPart("hi"), CALLED)},
        {"parts": (ThinkingPart("ha", "sig"), TextPart("hi"), CALLED)},
        {"parts": (ThinkingPart("hm", "sig"), CALLED)},
    ],
)
def test_an_answer_that_differs_is_noticed(changed: dict[str, Any]) -> None:
    assert differences(MEANT, GOOD) == []
    assert differences(MEANT, replace(GOOD, **changed))


def test_an_answer_in_place_of_a_failure_and_the_wrong_failure_are_noticed() -> None:
    assert differences(failure("ServerError"), GOOD)
    assert wrong_error(MEANT, ServerError("x"))
    assert wrong_error(failure("RateLimitError"), ServerError("x"))
    assert not wrong_error(failure("RateLimitError", "ServerError"), RateLimitError("x"))


def test_a_block_that_is_lost_is_noticed() -> None:
    assert differences(replace(MEANT, opaque=[{"type": "web_search_call", "id": "ws_1"}]), GOOD)
