"""Ollama's own SDK is served as by Ollama: chats, generations, tools, its library of models, errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ollama
import pytest
from ollama import AsyncClient, ChatResponse, GenerateResponse

from support_simulator import PATCH, PROBLEM, events_of, text_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from swebench_runner.simulator import Simulator

TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}},
        },
    }
]
SAID = [{"role": "user", "content": PROBLEM}]


@pytest.fixture
async def client(sim: Simulator) -> AsyncIterator[AsyncClient]:
    async with AsyncClient(host=sim.url) as made:
        yield made


async def test_a_chat_and_its_stream_say_the_same(client: AsyncClient) -> None:
    whole = await client.chat(model="sim-gold", messages=SAID)
    parts = [part async for part in await client.chat(model="sim-gold", messages=SAID, stream=True)]
    assert PATCH in (whole.message.content or "")
    assert "".join(part.message.content or "" for part in parts) == whole.message.content
    assert [part.done for part in parts[:-1]] == [False] * (len(parts) - 1)
    last = parts[-1]
    assert (last.done_reason, last.eval_count, last.prompt_eval_count) == (
        whole.done_reason,
        whole.eval_count,
        whole.prompt_eval_count,
    )
    assert last.total_duration == whole.total_duration


async def test_a_generation_and_its_stream_say_the_same(client: AsyncClient) -> None:
    whole = await client.generate(model="sim-gold", prompt=PROBLEM, system="Fix it.")
    parts = [part async for part in await client.generate(model="sim-gold", prompt=PROBLEM, stream=True)]
    assert "".join(part.response for part in parts) == whole.response
    assert whole.context
    assert parts[-1].context


async def test_tools_there_and_back(client: AsyncClient) -> None:
    first = await client.chat(model="sim-tools@calls=2", messages=SAID, tools=TOOLS)
    calls = first.message.tool_calls or []
    assert [call.function.arguments for call in calls] == [{"city": "sample-1"}, {"city": "sample-2"}]
    assert first.done_reason == "stop"
    streamed = [
        part async for part in await client.chat(model="sim-tools", messages=SAID, tools=TOOLS, stream=True)
    ]
    assert sum(len(part.message.tool_calls or []) for part in streamed) == 1
    history: list[Any] = [*SAID, first.message, {"role": "tool", "tool_name": "weather", "content": "sunny"}]
    done = await client.chat(model="sim-tools", messages=history, tools=TOOLS)
    assert PATCH in (done.message.content or "")


async def test_thinking_is_shown_unless_switched_off(client: AsyncClient) -> None:
    on = await client.chat(model="sim-thinking", messages=SAID, think=True)
    off = await client.chat(model="sim-thinking", messages=SAID, think=False)
    assert on.message.thinking
    assert off.message.thinking is None
    asked = [
        part async for part in await client.chat(model="qwen3", messages=SAID, think="high", stream=True)
    ]
    assert "".join(part.message.thinking or "" for part in asked) == on.message.thinking
    with pytest.raises(ollama.ResponseError, match='"llama3" does not support thinking'):
        await client.chat(model="llama3", messages=SAID, think=True)
    with pytest.raises(ollama.ResponseError, match="does not support tools"):
        await client.chat(model="gemma3", messages=SAID, tools=TOOLS)


async def test_errors_arrive_as_the_sdk_knows_them(client: AsyncClient) -> None:
    async def fails(model: str, *, stream: bool = False) -> ollama.ResponseError:
        async def run() -> None:
            answer: Any = await client.chat(model=model, messages=SAID, stream=stream)  # type: ignore[call-overload]
            if stream:
                async for _ in answer:
                    pass

        with pytest.raises(ollama.ResponseError) as caught:
            await run()
        return caught.value

    missing = await fails("llama-nonexistent")
    assert (missing.status_code, missing.error) == (404, "model 'llama-nonexistent' not found")
    assert (await fails("sim-503")).status_code == 503
    assert (await fails("sim-midstream-error", stream=True)).error == "overloaded"


async def test_the_library(client: AsyncClient, sim: Simulator) -> None:
    names = [model.model for model in (await client.list()).models]
    assert {"llama3:latest", "sim-gold:latest"} <= set(names)
    shown = await client.show("sim-gold@ctx=9000")
    assert shown.modelinfo is not None
    assert shown.modelinfo["llama.context_length"] == 9000
    assert shown.capabilities == ["completion", "tools", "thinking"]
    await client.chat(model="sim-gold", messages=SAID, options={"num_ctx": 16384})
    assert [(model.model, model.context_length) for model in (await client.ps()).models] == [
        ("sim-gold:latest", 16384)
    ]
    for name in ("sim-echo", "sim-prose", "sim-gold", "sim-wrong"):
        await client.chat(model=name, messages=SAID)
    assert [model.model for model in (await client.ps()).models] == [
        "sim-prose:latest",
        "sim-gold:latest",
        "sim-wrong:latest",
    ]
    assert (await client.delete("llama3")).status == "success"
    with pytest.raises(ollama.ResponseError, match="not found"):
        await client.show("llama3:latest")
    assert "llama3:latest" not in [model.model for model in (await client.list()).models]
    progress = [part async for part in await client.pull("llama3", stream=True)]
    assert [progress[0].status, progress[-1].status] == ["pulling manifest", "success"]
    assert progress[4].completed == progress[4].total
    assert (await client.pull("llama3")).status == "success"
    assert await client.show("llama3")
    with pytest.raises(ollama.ResponseError, match="file does not exist"):
        await client.pull("llama-missing")


@pytest.mark.parametrize(
    "model", ["sim-gold", "sim-tools", "sim-thinking", "sim-refusal", "sim-truncated", "sim-empty"]
)
async def test_the_types_accept_every_body_and_line(
    model: str, ask: Callable[..., Any], send: Callable[..., Any]
) -> None:
    whole = (await ask("ollama", model, PROBLEM, tools=TOOLS)).json
    ChatResponse.model_validate(whole)
    lines = events_of((await ask("ollama", model, PROBLEM, stream=True, tools=TOOLS)).body)
    for line in lines:
        ChatResponse.model_validate(line)
    assert text_of("ollama", lines) == text_of("ollama", whole)
    assert [line["done"] for line in lines] == [False] * (len(lines) - 1) + [True]
    figures = ("done_reason", "eval_count", "prompt_eval_count", "total_duration")
    assert {name: lines[-1].get(name) for name in figures} == {name: whole.get(name) for name in figures}
    generated = await send("/api/generate", {"model": model, "prompt": PROBLEM, "stream": False})
    GenerateResponse.model_validate(generated.json)
