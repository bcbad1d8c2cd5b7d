from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from swebench_runner.providers.core.capabilities import ModelFacts
from swebench_runner.providers.core.errors import (
    ContextLengthError,
    IncompleteStreamError,
    ModelNotFoundError,
    ProviderError,
    ResponseFormatError,
)
from swebench_runner.providers.core.messages import TextPart, ThinkingPart
from swebench_runner.providers.core.response import FinishReason
from swebench_runner.providers.core.stream import Frame
from swebench_runner.providers.core.usage import UNKNOWN_USAGE, TokenUsage
from swebench_runner.providers.transforms.ollama import Ollama
from transforms.support_native import golden, golden_json, replay, target

OLLAMA = Ollama()


def lines(*items: dict[str, Any]) -> bytes:
    return b"".join(json.dumps(item).encode() + b"\n" for item in items)


def chat(content: str = "", *calls: dict[str, Any], **line: Any) -> dict[str, Any]:
    message = {"role": "assistant", "content": content, **({"tool_calls": list(calls)} if calls else {})}
    return {"model": "m", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False, **line}


def function(name: str, arguments: Any, **more: Any) -> dict[str, Any]:
    return {"function": {"name": name, "arguments": arguments}, **more}


@pytest.mark.parametrize("size", [None, 1, 7, 64])
@pytest.mark.parametrize("name", ["chat", "generate"])
def test_a_stream_reads_as_the_whole_body_at_any_split_of_its_bytes(
    name: str, size: int | None
) -> None:  # A037, A038, A074
    streamed = replay(golden(f"ollama/{name}.ndjson"), OLLAMA, size=size)
    whole = OLLAMA.parse(golden_json(f"ollama/{name}.json"), target())
    assert replace(streamed.answer, raw_response={}) == replace(whole, raw_response={})
    assert (streamed.text, streamed.reasoning) == (whole.content, whole.reasoning)


def test_what_a_chat_answer_says() -> None:
    answer = OLLAMA.parse(golden_json("ollama/chat.json"), target())
    assert (answer.content, answer.model, answer.provider) == ("Hello, wörld 🙂", "llama3.2", "acme")
    assert answer.usage == TokenUsage(26, 5)
    assert answer.usage.raw == {"prompt_eval_count": 26, "eval_count": 5}
    assert (answer.finish_reason, answer.normalized_finish_reason) == ("stop", FinishReason.STOP)
    assert answer.latency_ms == pytest.approx(1230.275417)  # A025
    assert answer.metadata["load_duration_ms"] == pytest.approx(0.988875)
    assert answer.metadata["eval_duration_ms"] == pytest.approx(1194.343)


def test_what_a_generated_answer_says() -> None:  # A025
    answer = OLLAMA.parse(golden_json("ollama/generate.json"), target())
    assert answer.parts == (ThinkingPart("A greeting.", dialect="ollama"), TextPart("Hello"))
    assert answer.normalized_finish_reason is FinishReason.LENGTH
    assert answer.latency_ms == 2.0


def test_a_prompt_from_the_cache_has_no_count_and_is_no_error() -> None:
    usage = OLLAMA.parse(golden_json("ollama/generate.json"), target()).usage
    assert usage == TokenUsage(0, 4)
    assert usage.raw == {"eval_count": 4}


def test_content_on_the_last_line_is_not_lost() -> None:  # K10
    streamed = replay(lines(chat("a"), chat("b", done=True, done_reason="stop")), OLLAMA)
    assert (streamed.answer.content, streamed.text) == ("ab", "ab")


def test_calls_arrive_whole_and_get_ids_of_their_own() -> None:  # traps 11, 30
    answer = replay(golden("ollama/tools.ndjson"), OLLAMA).answer
    first, second = answer.tool_calls
    assert [(call.name, call.input) for call in answer.tool_calls] == [
        ("read_file", {"path": "ä.py"}),
        ("read_file", {"path": "b.py"}),
    ]
    assert first.id
    assert second.id
    assert first.id != second.id
    assert (answer.finish_reason, answer.normalized_finish_reason) == ("stop", FinishReason.TOOL_CALLS)
    again = replay(golden("ollama/tools.ndjson"), OLLAMA).answer
    assert [call.id for call in again.tool_calls] == [first.id, second.id]


def test_the_same_calls_in_another_answer_get_other_ids() -> None:
    def ids(created_at: str) -> list[str]:
        body = chat("", function("f", {}), done=True, created_at=created_at)
        return [call.id for call in OLLAMA.parse(body, target()).tool_calls]

    assert ids("2026-01-01T00:00:00Z") != ids("2026-01-01T00:00:01Z")


@pytest.mark.parametrize(
    ("arguments", "read", "error"),
    [
        ({"a": 1}, {"a": 1}, None),
        ('{"a": 1}', {"a": 1}, None),
        ("", {}, None),
        (None, {}, None),
        ('{"a": ', {}, "the arguments are cut off"),
        ([1], {}, "the arguments are not a JSON object"),
    ],
)
def test_arguments_come_as_an_object_or_as_text(
    arguments: Any, read: dict[str, Any], error: str | None
) -> None:  # trap 14
    whole = OLLAMA.parse(chat("", function("f", arguments, id="call_9"), done=True), target())
    streamed = replay(lines(chat("", function("f", arguments, id="call_9")), chat(done=True)), OLLAMA).answer
    for answer in (whole, streamed):
        (call,) = answer.tool_calls
        assert (call.id, call.input, call.error) == ("call_9", read, error)


@pytest.mark.parametrize("reason", ["load", "unload"])
def test_loading_and_unloading_do_not_look_like_an_empty_answer(reason: str) -> None:
    answer = OLLAMA.parse({"model": "m", "response": "", "done": True, "done_reason": reason}, target())
    assert (answer.content, answer.finish_reason) == ("", reason)
    assert answer.normalized_finish_reason is FinishReason.LOAD


def test_a_reason_that_nobody_knows_is_kept_and_none_means_stop() -> None:
    assert (
        OLLAMA.parse(chat("x", done=True, done_reason="odd"), target()).normalized_finish_reason
        is FinishReason.UNKNOWN
    )
    assert OLLAMA.parse(chat("x", done=True), target()).normalized_finish_reason is FinishReason.STOP


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("model 'nope' not found", ModelNotFoundError),
        ("the input length exceeds the context length", ContextLengthError),
        ("an error was encountered while running the model: unexpected EOF", ProviderError),
    ],
)
def test_an_error_line_under_a_success_status_is_that_error(text: str, error: type[ProviderError]) -> None:
    with pytest.raises(error, match=text[:20]):
        replay(lines(chat("Half an ans"), {"error": text}), OLLAMA)
    with pytest.raises(error):
        OLLAMA.parse({"error": text}, target())


def test_a_stream_that_never_says_done_is_not_an_answer() -> None:  # trap 7
    with pytest.raises(IncompleteStreamError) as caught:
        replay(lines(chat("Half "), chat("an ans")), OLLAMA)
    assert caught.value.partial_text == "Half an ans"
    assert caught.value.usage is None
    assert caught.value.retryable


def test_what_has_arrived_can_be_asked_for() -> None:
    decoder = OLLAMA.decoder(target("asked-for"))
    assert decoder.partial().content == ""
    decoder.feed(Frame("", lines(chat("Half")).strip()))
    partial = decoder.partial()
    assert (partial.content, partial.usage) == ("Half", UNKNOWN_USAGE)


@pytest.mark.parametrize("line", [b"not json\n", b"[1]\n", b"<html></html>\n", b'"text"\n'])
def test_a_line_that_is_no_object_is_an_error(line: bytes) -> None:  # trap 17
    with pytest.raises(ResponseFormatError):
        replay(line, OLLAMA)


@pytest.mark.parametrize("body", [{}, {"done": True}, {"message": None}, {"message": "x"}, {"choices": []}])
def test_a_body_that_is_no_answer_is_an_error(body: dict[str, Any]) -> None:
    with pytest.raises(ResponseFormatError, match="message"):
        OLLAMA.parse(body, target())


@pytest.mark.parametrize(
    ("body", "content"),
    [
        ({"message": {"content": "Hi"}}, "Hi"),
        ({"response": "Hi"}, "Hi"),
        ({"message": {}}, ""),
        ({"message": {"content": None, "thinking": None, "tool_calls": None}}, ""),
    ],
)
def test_a_minimal_body_is_an_answer(body: dict[str, Any], content: str) -> None:  # A026
    answer = OLLAMA.parse(body, target("asked-for"))
    assert (answer.content, answer.model, answer.usage, answer.latency_ms) == (
        content,
        "asked-for",
        UNKNOWN_USAGE,
        0,
    )


def test_nulls_and_new_fields_in_a_stream_are_no_error() -> None:
    odd = {"message": {"content": None}, "done": False, "new": {"x": 1}}
    assert replay(lines(odd, chat("x"), chat(done=True)), OLLAMA).answer.content == "x"


def test_thinking_streams_beside_the_words() -> None:
    line = chat("")
    line["message"]["thinking"] = "hm"
    out = replay(lines(line, chat("Hi"), chat(done=True)), OLLAMA)
    assert (out.reasoning, out.text) == ("hm", "Hi")
    assert out.answer.parts == (ThinkingPart("hm", dialect="ollama"), TextPart("Hi"))


def test_the_model_list() -> None:  # A068
    tags = {
        "models": [
            {"name": "llama3:latest", "model": "llama3:latest", "size": 4},
            {"model": "x"},
            {"size": 1},
        ]
    }
    first, second = OLLAMA.parse_models(tags)
    assert (first.id, first.context_window, first.details["size"]) == ("llama3:latest", None, 4)
    assert second.id == "x"
    loaded = OLLAMA.parse_models({"models": [{"name": "llama3", "context_length": 8192}]})
    assert loaded[0].context_window == 8192
    assert OLLAMA.parse_models({"models": None}) == []
    with pytest.raises(ResponseFormatError, match="models"):
        OLLAMA.parse_models({"data": []})


def test_a_models_own_file_says_how_much_it_holds_and_what_it_can_do() -> None:
    known = ModelFacts("llama3", 8192, thinking="none", tools=False, vision=None)
    show = {
        "model_info": {"general.architecture": "llama", "llama.context_length": 131_072},
        "capabilities": ["completion", "tools", "thinking"],
    }
    facts = OLLAMA.parse_show(show, known)
    assert (facts.context_window, facts.tools, facts.vision, facts.thinking) == (
        131_072,
        True,
        False,
        "toggle",
    )
    leveled = OLLAMA.parse_show(show, replace(known, thinking="effort"))
    assert leveled.thinking == "effort"
    plain = OLLAMA.parse_show({"capabilities": ["completion", "vision"]}, known)
    assert (plain.context_window, plain.vision, plain.thinking) == (8192, True, "none")
    assert OLLAMA.parse_show({}, known) == known


def test_its_name() -> None:
    assert OLLAMA.dialect == "ollama"
