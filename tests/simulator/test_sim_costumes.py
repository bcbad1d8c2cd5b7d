"""Compatible servers: what each of them says about itself, and its habits in answers and errors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletion, ChatCompletionChunk

from support_simulator import PATCH, PROBLEM, ask_body, events_of, text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.simulator import Simulator

COSTUMES = ("vllm", "llamacpp", "fastchat", "lmstudio", "ollama")
BAD = {"Authorization": "Bearer sk-bad"}
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "string"}}}},
    }
]


@pytest.mark.parametrize("name", COSTUMES)
async def test_a_keyless_call_and_stream_through_the_sdk(name: str, sim: Simulator) -> None:
    said: list[Any] = [{"role": "user", "content": PROBLEM}]
    async with AsyncOpenAI(base_url=f"{sim.url}/{name}/v1", api_key="none", max_retries=0) as client:
        whole = await client.chat.completions.create(model="sim-gold", messages=said, extra_body={"top_k": 3})
        stream = await client.chat.completions.create(
            model="sim-gold", messages=said, stream=True, stream_options={"include_usage": True}
        )
        chunks = [chunk async for chunk in stream]
        listed = [model.id async for model in client.models.list()]
    assert PATCH in (whole.choices[0].message.content or "")
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == (None if name == "fastchat" else whole.usage)
    assert "sim-gold" in listed


@pytest.mark.parametrize("name", COSTUMES)
@pytest.mark.parametrize(
    "model", ["sim-gold", "sim-tools@calls=2", "sim-thinking", "sim-refusal", "sim-truncated"]
)
async def test_the_types_accept_every_body_and_chunk(name: str, model: str, send: Callable[..., Any]) -> None:
    path = f"/{name}/v1/chat/completions"
    whole = (await send(path, ask_body("compatible", model, PROBLEM, tools=TOOLS))).json
    ChatCompletion.model_validate(whole)
    *events, mark = events_of(
        (await send(path, ask_body("compatible", model, PROBLEM, stream=True, tools=TOOLS))).body
    )
    assert mark == "[DONE]"
    for event in events:
        ChatCompletionChunk.model_validate(event)
    assert text_of("compatible", events) == text_of("compatible", whole)


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("vllm", "reasoning"),
        ("llamacpp", "reasoning_content"),
        ("lmstudio", "reasoning_content"),
        ("ollama", "reasoning"),
    ],
)
async def test_thinking_is_shown_in_a_field_of_its_own(
    name: str, field: str, send: Callable[..., Any]
) -> None:
    path = f"/{name}/v1/chat/completions"
    whole = (await send(path, ask_body("compatible", "sim-thinking", PROBLEM))).json
    thought = whole["choices"][0]["message"][field]
    events = events_of((await send(path, ask_body("compatible", "sim-thinking", PROBLEM, stream=True))).body)[
        :-1
    ]
    deltas = [choice["delta"] for event in events for choice in event["choices"]]
    assert "".join(delta.get(field) or "" for delta in deltas) == thought
    assert len(thought) > 50


ERRORS: list[tuple[str, str, int, Callable[[Any], Any], Any]] = [
    ("vllm", "nobody-missing", 404, lambda told: (told["error"]["type"], told["error"]["code"]), ("NotFoundError", 404)),
    ("vllm", "sim-gold@ctx=1", 400, lambda told: told["error"]["message"][:52], "This model's maximum context length is 1 tokens. How"),
    ("vllm", "sim-503", 503, lambda told: told["error"]["code"], 503),
    ("llamacpp", "nobody-missing", 404, lambda told: told["error"]["type"], "not_found_error"),
    ("llamacpp", "sim-gold@ctx=1", 400, lambda told: (told["error"]["type"], told["error"]["n_ctx"], told["error"]["n_prompt_tokens"]), ("exceed_context_size_error", 1, 2)),
    ("llamacpp", "sim-503", 503, lambda told: told["error"]["type"], "unavailable_error"),
    ("fastchat", "nobody-missing", 400, lambda told: (told["object"], told["code"]), ("error", 40301)),
    ("fastchat", "sim-gold@ctx=1", 400, lambda told: told["code"], 40303),
    ("fastchat", "sim-429", 400, lambda told: told["code"], 42901),
    ("fastchat", "sim-500", 400, lambda told: told["code"], 50002),
    ("lmstudio", "nobody-missing", 404, lambda told: told["error"]["code"], "model_not_found"),
    ("lmstudio", "sim-gold@ctx=1", 400, lambda told: told["error"][:29], "Trying to keep the first 2 to"),
    ("ollama", "gpt-missing", 404, lambda told: (told["error"]["message"], told["error"]["type"]), ("model 'gpt-missing' not found", "not_found_error")),
    ("ollama", "sim-gold@ctx=1", 400, lambda told: told["error"]["message"], "prompt too long; exceeded max context length by 1 tokens"),
    ("ollama", "sim-500", 500, lambda told: (told["error"]["type"], told["error"]["code"]), ("api_error", None)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "model", "status", "look", "seen"), ERRORS)
async def test_errors_have_their_own_shape(  # noqa: PLR0917 - a row of the table
    name: str, model: str, status: int, look: Callable[[Any], Any], seen: Any, send: Callable[..., Any]
) -> None:
    answer = await send(f"/{name}/v1/chat/completions", ask_body("compatible", model))
    assert (answer.status, look(answer.json)) == (status, seen)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("vllm", {"error": "Unauthorized"}),
        ("llamacpp", {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}}),
        ("fastchat", {"detail": {"error": {"message": "", "type": "invalid_request_error", "param": None, "code": "invalid_api_key"}}}),
        ("ollama", {"error": {"message": "Unauthorized", "type": "api_error", "param": None, "code": None}}),
    ],
)  # fmt: skip
async def test_a_wrong_key_is_refused(name: str, body: Any, send: Callable[..., Any]) -> None:
    for path, method in ((f"/{name}/v1/chat/completions", "POST"), (f"/{name}/v1/models", "GET")):
        answer = await send(path, ask_body("compatible", "sim-gold"), BAD, method)
        assert (answer.status, answer.json) == (401, body)


async def test_every_server_can_be_told_from_the_others(send: Callable[..., Any]) -> None:
    async def get(path: str) -> Any:
        return await send(path, method="GET")

    assert "version" in (await get("/vllm/version")).json
    assert (await get("/vllm/health")).body == (await get("/vllm/ping")).body == b""
    assert b"vllm:" in (await get("/vllm/metrics")).body
    assert (await get("/vllm/v1/models")).json["data"][0]["max_model_len"] > 0
    props = await get("/llamacpp/props")
    assert (props.headers["Server"], "build_info" in props.json) == ("llama.cpp", True)
    assert (await get("/llamacpp/health")).json == {"status": "ok"}
    assert (await get("/llamacpp/v1/models")).json["data"][0]["meta"]["n_ctx_train"] > 0
    assert len((await get("/llamacpp/slots")).json) == 1
    assert (await get("/lmstudio/api/v1/models")).json["models"][0]["key"]
    assert (await get("/lmstudio/api/v0/models")).json["data"][0]["state"]
    owners = {name: (await get(f"/{name}/v1/models")).json["data"][0]["owned_by"] for name in COSTUMES}
    assert owners == {
        "vllm": "vllm",
        "llamacpp": "llamacpp",
        "fastchat": "fastchat",
        "lmstudio": "organization_owner",
        "ollama": "library",
    }


async def test_paths_that_a_server_does_not_have(send: Callable[..., Any]) -> None:
    async def get(path: str) -> tuple[int, Any]:
        answer = await send(path, method="GET")
        return answer.status, answer.body if path.startswith("/ollama") else answer.json

    assert await get("/vllm/api/version") == await get("/fastchat/props") == (404, {"detail": "Not Found"})
    assert (await get("/llamacpp/version"))[1]["error"]["message"] == "File Not Found"
    assert await get("/lmstudio/x") == (200, {"error": "Unexpected endpoint or method. (GET /lmstudio/x)"})
    assert await get("/ollama/x") == (404, b"404 page not found")


async def test_habits_of_streams(send: Callable[..., Any]) -> None:
    async def events(name: str, model: str, **more: Any) -> list[Any]:
        body = ask_body("compatible", model, PROBLEM, stream=True, **more)
        return events_of((await send(f"/{name}/v1/chat/completions", body)).body)

    *_, error, mark = await events("vllm", "sim-midstream-error")
    assert (error["error"]["code"], mark) == (529, "[DONE]")
    *_, error, mark = await events("fastchat", "sim-midstream-error")
    assert (error["error_code"], mark) == (50002, "[DONE]")
    *_, usage, _ = await events("llamacpp", "sim-gold")
    assert usage["timings"]["predicted_n"] == usage["usage"]["completion_tokens"]
    quiet = await events("llamacpp", "sim-gold", stream_options={})
    assert not any("timings" in event for event in quiet)
    calls = [
        event
        for event in await events("ollama", "sim-tools@calls=2", tools=TOOLS)
        if "tool_calls" in str(event)
    ]
    deltas = [
        event["choices"][0]["delta"]["tool_calls"]
        for event in calls
        if "tool_calls" in event["choices"][0]["delta"]
    ]
    assert [[call["index"] for call in delta] for delta in deltas] == [[0], [0]]
    cut = await events("vllm", "sim-tools@arguments=cut", tools=TOOLS)
    assert cut[-3]["choices"][0]["finish_reason"] == "tool_calls"


async def test_small_pages(send: Callable[..., Any]) -> None:
    counted = (await send("/vllm/tokenize", {"prompt": "12345678"})).json
    assert counted["count"] == len(counted["tokens"]) == 3
    assert (await send("/vllm/tokenize", b"{")).json["count"] == 0
    checked = (await send("/fastchat/api/v1/token_check", {"prompts": [{"prompt": "x"}]})).json
    assert checked["prompts"][0]["fits"] is True
    text = await send("/vllm/v1/completions", {"model": "sim-echo", "prompt": "hi", "top_k": 5})
    assert text.json["choices"][0]["text"] == "hi"
    wrong = await send("/llamacpp/v1/completions", {"model": "a-missing", "prompt": "hi"})
    assert (wrong.status, wrong.headers["Server"]) == (404, "llama.cpp")


async def test_ids_of_ollama_collide(sim: Simulator, send: Callable[..., Any]) -> None:
    ids = {
        (await send("/ollama/v1/chat/completions", ask_body("compatible", "sim-echo"))).json["id"]
        for _ in range(3)
    }
    assert all(one.removeprefix("chatcmpl-").isdigit() and len(one) <= 12 for one in ids)
