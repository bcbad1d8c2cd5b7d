"""Requests to Anthropic's Messages API, said to us and to the official SDK."""

from __future__ import annotations

from typing import Any

from oracles.cases import (
    CALL,
    CALLS,
    CLOCK_TOOL,
    EMPTY_CALL,
    FAILED,
    NO_PARAMETERS,
    PERSON,
    PICTURE_URL,
    PIXEL,
    RESULT,
    RESULT_2,
    STRICT_TOOL,
    SYSTEM,
    TOOL,
    WEATHER,
    WEATHER_TOOL,
    Case,
    ask,
    picture,
    said,
    text,
    user,
)
from swebench_runner.providers.core.messages import CacheMark, ImagePart, Message, OpaquePart, ThinkingPart
from swebench_runner.providers.core.request import (
    JsonSchemaFormat,
    NamedTool,
    Thinking,
    ToolSpec,
    UnifiedRequest,
)

DIALECT = "anthropic_messages"
HAIKU, OPUS = "claude-haiku-4-5", "claude-opus-4-6"
HI = {"role": "user", "content": "Hi"}
EPHEMERAL = {"type": "ephemeral"}
HOUR = {"type": "ephemeral", "ttl": "1h"}
FUNCTION: dict[str, Any] = {
    "name": "get_weather",
    "description": "The weather of a city.",
    "input_schema": WEATHER,
}
CLOCK = {"name": "clock", "description": "What time it is.", "input_schema": NO_PARAMETERS}
USE = {"type": "tool_use", "id": "call_1", "name": "get_weather", "input": {"city": "Zürich"}}
USE_2 = {"type": "tool_use", "id": "call_2", "name": "get_weather", "input": {"city": "東京"}}
DONE = {"type": "tool_result", "tool_use_id": "call_1", "content": "Sunny, 25 °C"}
IMAGE = {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}
IMAGE_URL = {"type": "image", "source": {"type": "url", "url": PICTURE_URL}}
SIGNATURE = "EuYBCkQYAiJA+/signed=="
SEARCH = {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "Zürich"}}
FOUND = {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": []}


def _case(name: str, request: UnifiedRequest, messages: list[Any], /, **sdk: Any) -> Case:
    differs = sdk.pop("differs", {})
    if request.max_tokens is None:
        raise ValueError(f"{name}: Anthropic demands max_tokens")
    arguments = {
        "model": sdk.pop("model", HAIKU),
        "max_tokens": request.max_tokens,
        "messages": messages,
        **sdk,
    }
    return Case(name, request, arguments, differs)


def _ask(prompt: str | None = None, /, **fields: Any) -> UnifiedRequest:
    return ask(prompt, **{"max_tokens": 1000, **fields})


def _block(words: str, **more: Any) -> dict[str, Any]:
    return {"type": "text", "text": words, **more}


def _turn(*blocks: Any) -> dict[str, Any]:
    return {"role": "assistant", "content": list(blocks)}


def _given(*blocks: Any) -> dict[str, Any]:
    return {"role": "user", "content": list(blocks)}


def _tools() -> list[Case]:
    asked, wire = user("Weather?"), {"role": "user", "content": "Weather?"}
    seeing = Message(TOOL, [text("A cat:"), picture()], tool_call_id="call_1", name="get_weather")
    one = [asked, said("", calls=(CALL,))]
    with_tool: dict[str, Any] = {"tools": [FUNCTION]}
    return [
        _case("one tool", _ask(messages=[asked], tools=[WEATHER_TOOL]), [wire], **with_tool),
        _case("two tools", _ask(messages=[asked], tools=[WEATHER_TOOL, CLOCK_TOOL]), [wire], tools=[FUNCTION, CLOCK]),
        _case("strict tool", _ask(messages=[asked], tools=[STRICT_TOOL]), [wire], tools=[{**FUNCTION, "strict": True}]),
        _case("choice auto", _ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="auto"), [wire], tool_choice={"type": "auto"}, **with_tool),
        _case("choice none", _ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="none"), [wire], tool_choice={"type": "none"}, **with_tool),
        _case("choice required", _ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="required"), [wire], tool_choice={"type": "any"}, **with_tool),
        _case("choice of one tool", _ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice=NamedTool("get_weather")), [wire], tool_choice={"type": "tool", "name": "get_weather"}, **with_tool),
        _case("one call at a time", _ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="auto", parallel_tool_calls=False), [wire], tool_choice={"type": "auto", "disable_parallel_tool_use": True}, **with_tool),
        _case("one demanded call at a time", _ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="required", parallel_tool_calls=False), [wire], tool_choice={"type": "any", "disable_parallel_tool_use": True}, **with_tool),
        _case("tool result", _ask(messages=[*one, RESULT.to_message()], tools=[WEATHER_TOOL]), [wire, _turn(USE), _given(DONE)], **with_tool),
        _case("words before the call", _ask(messages=[asked, said("Let me see.", calls=(CALL,)), RESULT.to_message()], tools=[WEATHER_TOOL]), [wire, _turn(_block("Let me see."), USE), _given(DONE)], **with_tool),
        _case("two calls, two results in one turn", _ask(messages=[asked, said("", calls=CALLS), RESULT.to_message(), RESULT_2.to_message()], tools=[WEATHER_TOOL]), [wire, _turn(USE, USE_2), _given(DONE, {**DONE, "tool_use_id": "call_2", "content": "Rain"})], **with_tool),
        _case("failed tool", _ask(messages=[*one, FAILED.to_message()], tools=[WEATHER_TOOL]), [wire, _turn(USE), _given({**DONE, "content": "no such city", "is_error": True})], **with_tool),
        _case("tool result with an image", _ask(messages=[*one, seeing], tools=[WEATHER_TOOL]), [wire, _turn(USE), _given({**DONE, "content": [_block("A cat:"), IMAGE]})], **with_tool),
        _case("call without arguments", _ask(messages=[asked, said("", calls=(EMPTY_CALL,)), RESULT.to_message()], tools=[CLOCK_TOOL]), [wire, _turn({**USE, "name": "clock", "input": {}}), _given(DONE)], tools=[CLOCK]),
        _case("words after a result", _ask(messages=[*one, RESULT.to_message(), user("And tomorrow?")], tools=[WEATHER_TOOL]), [wire, _turn(USE), _given(DONE, _block("And tomorrow?"))], **with_tool),
        _case("streamed with tools", _ask(messages=[asked], tools=[WEATHER_TOOL], stream=True), [wire], stream=True, **with_tool),
        _case("server tool's blocks go back", _ask(messages=[asked, said(OpaquePart(DIALECT, SEARCH), OpaquePart(DIALECT, FOUND), text("Sunny.")), user("Sure?")]), [wire, _turn(SEARCH, FOUND, _block("Sunny.")), {"role": "user", "content": "Sure?"}]),
    ]  # fmt: skip


def _thinking() -> list[Case]:
    asked, wire = user("Weather?"), {"role": "user", "content": "Weather?"}
    thought = {"type": "thinking", "thinking": "Look it up.", "signature": SIGNATURE}
    hidden = {"type": "redacted_thinking", "data": "EmwKAhgBEgy="}
    signed = ThinkingPart("Look it up.", SIGNATURE, dialect=DIALECT)
    silent = ThinkingPart("", SIGNATURE, dialect=DIALECT)
    redacted = ThinkingPart(redacted="EmwKAhgBEgy=", dialect=DIALECT)
    foreign = ThinkingPart("hm", dialect="openai_chat")
    on = {"thinking": {"type": "enabled", "budget_tokens": 2000}, "tools": [FUNCTION]}
    budget = Thinking(enabled=True, budget_tokens=2000)

    def turn(name: str, *parts: Any, blocks: list[Any]) -> Case:
        request = _ask(
            messages=[asked, said(*parts, calls=(CALL,)), RESULT.to_message()],
            tools=[WEATHER_TOOL],
            thinking=budget,
            max_tokens=4000,
        )
        return _case(name, request, [wire, _turn(*blocks, USE), _given(DONE)], **on)

    return [
        _case("a budget for thinking", _ask("Hi", max_tokens=4000, thinking=budget), [HI], thinking=on["thinking"]),
        _case("adaptive thinking", _ask("Hi", model=OPUS, thinking=Thinking(enabled=True)), [HI], model=OPUS, thinking={"type": "adaptive"}),
        _case("effort", _ask("Hi", model=OPUS, thinking=Thinking(enabled=True, effort="high")), [HI], model=OPUS, thinking={"type": "adaptive"}, output_config={"effort": "high"}),
        _case("thinking off", _ask("Hi", thinking=Thinking(enabled=False)), [HI], thinking={"type": "disabled"}),
        turn("signed thinking before its call", signed, blocks=[thought]),
        turn("signed thinking without text", silent, blocks=[{**thought, "thinking": ""}]),
        turn("redacted thinking", redacted, blocks=[hidden]),
        turn("thinking of two kinds in its order", redacted, signed, blocks=[hidden, thought]),
        turn("thinking of another dialect is left out", foreign, signed, blocks=[thought]),
    ]  # fmt: skip


def _cache() -> list[Case]:
    marked_tool = ToolSpec("get_weather", "The weather of a city.", WEATHER, cache=CacheMark())
    system = Message(SYSTEM, [text("Be brief.", cache=CacheMark("1h"))])
    return [
        _case("automatic mark", _ask("Hi", cache=CacheMark()), [HI], cache_control=EPHEMERAL, differs={"cache_control.ttl": "ours says the default of five minutes"}),
        _case("automatic mark for an hour", _ask("Hi", cache=CacheMark("1h")), [HI], cache_control=HOUR),
        _case("mark on the system text", _ask(messages=[system, user("Hi")]), [HI], system=[_block("Be brief.", cache_control=HOUR)]),
        _case("mark on a part", _ask(messages=[user(text("Long.", cache=CacheMark("1h")), text("Short?"))]), [_given(_block("Long.", cache_control=HOUR), _block("Short?"))]),
        _case("mark on a message", _ask(messages=[Message(user("x").role, "Hi", cache=CacheMark("1h"))]), [_given(_block("Hi", cache_control=HOUR))]),
        _case("mark on the tools", _ask("Hi", tools=[marked_tool]), [HI], tools=[{**FUNCTION, "cache_control": EPHEMERAL}], differs={"tools.0.cache_control.ttl": "ours says the default of five minutes"}),
        _case("mark on an image", _ask(messages=[user(picture(cache=CacheMark("1h")), text("?"))]), [_given({**IMAGE, "cache_control": HOUR}, _block("?"))]),
    ]  # fmt: skip


def _parameters() -> list[Case]:
    return [
        _case("temperature", _ask("Hi", temperature=0.5), [HI], extra_body={"temperature": 0.5}),
        _case("our default temperature", UnifiedRequest("Hi", max_tokens=1000), [HI], extra_body={"temperature": 0.7}),
        _case("top_p", _ask("Hi", top_p=0.25), [HI], extra_body={"top_p": 0.25}),
        _case("stop", _ask("Hi", stop_sequences=["END", "\n\n\nx"]), [HI], stop_sequences=["END", "\n\n\nx"]),
        _case("small ceiling", _ask("Hi", max_tokens=1), [HI]),
        _case("end user", _ask("Hi", user="u-1"), [HI], metadata={"user_id": "u-1"}),
        _case("json schema", _ask("Hi", response_format=JsonSchemaFormat(PERSON, "person", strict=True)), [HI], output_config={"format": {"type": "json_schema", "schema": PERSON}}),
        _case("service tier by extra", _ask("Hi", extra={"service_tier": "auto"}), [HI], service_tier="auto"),
        _case("top_k by extra", _ask("Hi", extra={"top_k": 5}), [HI], extra_body={"top_k": 5}),
        _case("beta", _ask("Hi", betas=["context-1m-2025-08-07"]), [HI], extra_headers={"anthropic-beta": "context-1m-2025-08-07"}),
        _case("two betas", _ask("Hi", betas=["context-1m-2025-08-07", "output-300k-2026-03-24"]), [HI], extra_headers={"anthropic-beta": "context-1m-2025-08-07,output-300k-2026-03-24"}),
        _case("everything at once", _ask("Hi", system_message="Be brief.", stop_sequences=["."], tools=[WEATHER_TOOL], tool_choice="auto", stream=True, user="u"),
              [HI], system="Be brief.", stop_sequences=["."], tools=[FUNCTION], tool_choice={"type": "auto"}, stream=True, metadata={"user_id": "u"}),
    ]  # fmt: skip


def _plain() -> list[Case]:
    return [
        _case("prompt", _ask("Hi"), [HI]),
        _case("system and prompt", _ask("Hi", system_message="Be brief."), [HI], system="Be brief."),
        _case("system as a message", _ask(messages=[Message(SYSTEM, "Be brief."), user("Hi")]), [HI], system="Be brief."),
        _case("conversation", _ask(messages=[user("Hi"), said("Hello."), user("Bye")]), [HI, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Bye"}]),
        _case("image by address", _ask(messages=[user(text("What?"), ImagePart(PICTURE_URL))]), [_given(_block("What?"), IMAGE_URL)]),
        _case("image by content", _ask(messages=[user(picture(), text("What?"))]), [_given(IMAGE, _block("What?"))]),
        _case("prefilled answer", _ask(messages=[user("Hi"), said("Hel")]), [HI, {"role": "assistant", "content": "Hel"}]),
        _case("streamed", _ask("Hi", stream=True), [HI], stream=True),
        _case("beyond ASCII", _ask("Grüße, 東京 🙂\u2028\n\t\"'\\"), [{"role": "user", "content": "Grüße, 東京 🙂\u2028\n\t\"'\\"}]),
    ]  # fmt: skip


CASES = [*_plain(), *_tools(), *_thinking(), *_cache(), *_parameters()]
