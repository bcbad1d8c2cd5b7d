"""What Ollama refuses, the simulator refuses; what Ollama silently cuts, it silently cuts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from support_simulator import PATCH, PROBLEM, ask_body

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.simulator import Simulator

USER = {"role": "user", "content": "hi"}
STRING_CALL = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{}"}}]}
OBJECT_CALL = {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": {"a": 1}}}]}

RULES: list[tuple[dict[str, Any], int, str]] = [
    ({"model": "llama-nonexistent"}, 404, "model 'llama-nonexistent' not found"),
    ({"model": "gpt-4o"}, 404, "model 'gpt-4o' not found"),
    ({"model": "sim-golf"}, 404, "model 'sim-golf' not found (the simulator has no behaviour 'sim-golf')"),
    ({"model": ""}, 400, "model is required"),
    ({"model": 3}, 400, "json: cannot unmarshal number into Go struct field ChatRequest.model of type string"),
    ({"messages": "hi"}, 400, "json: cannot unmarshal string into Go struct field ChatRequest.messages of type array"),
    ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, 400, "json: cannot unmarshal array into Go struct field ChatRequest.messages.content of type string"),
    ({"messages": [USER, STRING_CALL]}, 400, "json: cannot unmarshal string into Go struct field ChatRequest.messages.tool_calls.function.arguments of type api.ToolCallFunctionArguments"),
    ({"messages": [{"role": "robot", "content": "x"}]}, 400, 'invalid role: robot, must be one of ["system", "user", "assistant", "tool"]'),
    ({"model": "llama3", "think": True}, 400, '"llama3" does not support thinking'),
    ({"model": "gemma3", "tools": [{"type": "function", "function": {"name": "f"}}]}, 400, "registry.ollama.ai/library/gemma3 does not support tools"),
    ({"options": {"num_ctx": "big"}}, 400, 'option "num_ctx" must be of type integer'),
    ({"options": {"num_predict": True}}, 400, 'option "num_predict" must be of type integer'),
    ({"options": {"stop": "x"}}, 400, 'option "stop" must be of type array'),
    ({"format": "xml"}, 400, 'invalid format: "xml"; expected "json" or a valid JSON Schema object'),
    ({"options": {"num_ctx": 1}, "truncate": False}, 400, "the input length exceeds the context length"),
]  # fmt: skip


@pytest.mark.parametrize(("change", "status", "message"), RULES)
async def test_chats_are_refused(
    change: dict[str, Any], status: int, message: str, send: Callable[..., Any]
) -> None:
    answer = await send("/api/chat", ask_body("ollama", "sim-echo") | change)
    assert (answer.status, answer.json) == (status, {"error": message})


async def test_what_is_unknown_is_ignored_and_what_is_known_is_heeded(send: Callable[..., Any]) -> None:
    async def said(**change: Any) -> Any:
        answer = await send("/api/chat", ask_body("ollama", "sim-echo") | change)
        assert answer.status == 200, answer.body
        return answer.json

    assert (await said(foo=1))["message"]["content"] == "hello"
    assert (await said(messages=[USER, OBJECT_CALL, {"role": "tool", "content": "x"}]))["message"][
        "content"
    ] == "hi"
    cut = await said(model="sim-lorem", options={"num_predict": 4})
    assert (cut["done_reason"], cut["eval_count"]) == ("length", 4)
    assert (await said(model="sim-lorem", options={"num_predict": -1}))["done_reason"] == "stop"
    assert (await said(options={"stop": ["ll"]}))["message"]["content"] == "he"
    assert (await said(format="json"))["message"]["content"] == '{"answer":"hello"}'
    schema = {"type": "object", "properties": {"patch": {"type": "string"}}}
    assert (await said(format=schema))["message"]["content"] == '{"patch":"hello"}'


async def test_streaming_is_the_default(send: Callable[..., Any]) -> None:
    body = ask_body("ollama", "sim-echo")
    del body["stream"]
    answer = await send("/api/chat", body)
    assert answer.headers["Content-Type"] == "application/x-ndjson"
    assert answer.body.count(b"\n") > 1


async def test_asking_for_nothing_loads_and_unloads(send: Callable[..., Any]) -> None:
    loaded = (await send("/api/chat", {"model": "llama3", "stream": False})).json
    assert (loaded["done"], loaded["done_reason"], loaded["message"]["content"]) == (True, "load", "")
    unloaded = (await send("/api/generate", {"model": "llama3", "keep_alive": 0})).json
    assert (unloaded["done_reason"], unloaded["response"]) == ("unload", "")


async def test_an_over_long_conversation_is_cut_without_a_word(
    send: Callable[..., Any], sim: Simulator
) -> None:
    filler = {"role": "user", "content": "x" * 40_000}
    system = {"role": "system", "content": "be brief"}
    problem = {"role": "user", "content": PROBLEM}

    async def ask(*messages: dict[str, str], **options: Any) -> Any:
        body = {"model": "sim-gold", "messages": messages, "stream": False, "options": options}
        answer = await send("/api/chat", body)
        assert answer.status == 200
        return answer.json

    kept = await ask(system, filler, problem)
    assert PATCH in kept["message"]["content"]
    assert kept["prompt_eval_count"] < 100
    lost = await ask(system, {"role": "user", "content": PROBLEM + "\n" + "x" * 40_000})
    assert PATCH not in lost["message"]["content"]
    assert lost["prompt_eval_count"] == 4096
    roomy = await ask(system, {"role": "user", "content": PROBLEM + "\n" + "x" * 40_000}, num_ctx=16_384)
    assert PATCH in roomy["message"]["content"]
    assert roomy["prompt_eval_count"] > 10_000
    assert sim.answered(PROBLEM) == 2


async def test_bodies_paths_and_methods(send: Callable[..., Any]) -> None:
    assert (await send("/api/chat", b"")).json == {"error": "missing request body"}
    assert (await send("/api/chat", b"{")).json["error"].startswith("invalid JSON")
    assert (await send("/api/show", b"")).json == {"error": "missing request body"}
    assert (await send("/api/show", {"model": 3})).status == 400
    assert (await send("/api/nowhere")).body == b"404 page not found"
    assert (await send("/api/chat", method="GET")).status == 405
    root = await send("/", method="GET")
    assert (root.status, root.body) == (200, b"Ollama is running")
    assert (await send("/", method="HEAD")).status == 200
    assert "version" in (await send("/api/version", method="GET")).json
    quiet = await send("/api/pull", {"model": "llama-missing", "stream": False})
    assert (quiet.status, "error" in quiet.json) == (500, True)


async def test_a_wrong_key_is_refused_and_none_is_needed(send: Callable[..., Any]) -> None:
    answer = await send("/api/chat", ask_body("ollama", "sim-echo"), {"Authorization": "Bearer sk-bad"})
    assert answer.status == 401
    assert set(answer.json) == {"error", "signin_url"}
    assert (await send("/api/tags", None, {"Authorization": "Bearer sk-bad"}, "GET")).status == 401
    assert (
        await send("/api/chat", ask_body("ollama", "sim-echo"), {"Authorization": "Bearer any"})
    ).status == 200
