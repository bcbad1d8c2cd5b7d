"""Requests to OpenAI's chat completions, said to us and to the official SDK."""

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
    WEATHER,
    WEATHER_TOOL,
    Case,
    ask,
    picture,
    said,
    text,
    user,
)
from swebench_runner.providers.core.messages import ImagePart, Message, RefusalPart, ThinkingPart
from swebench_runner.providers.core.request import (
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedTool,
    Thinking,
    UnifiedRequest,
)

HI = {"role": "user", "content": "Hi"}
SYSTEM_HI = {"role": "system", "content": "Be brief."}
TOOL: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": WEATHER},
}
STRICT: dict[str, Any] = {"type": "function", "function": {**TOOL["function"], "strict": True}}
CLOCK = {
    "type": "function",
    "function": {"name": "clock", "description": "What time it is.", "parameters": NO_PARAMETERS},
}
ARGUMENTS = '{"city":"Zürich"}'
WIRE_CALL = {"id": "call_1", "type": "function", "function": {"name": "get_weather", "arguments": ARGUMENTS}}
WIRE_CALL_2 = {
    "id": "call_2",
    "type": "function",
    "function": {"name": "get_weather", "arguments": '{"city":"東京"}'},
}
WIRE_RESULT = {"role": "tool", "tool_call_id": "call_1", "content": "Sunny, 25 °C"}
DATA_URL = f"data:image/png;base64,{PIXEL}"
USAGE = {"include_usage": True}


def _case(name: str, request: UnifiedRequest, messages: list[Any], /, **sdk: Any) -> Case:
    differs = sdk.pop("differs", {})
    config = sdk.pop("config", {})
    return Case(
        name,
        request,
        {"model": sdk.pop("model", "gpt-4o"), "messages": messages, **sdk},
        differs,
        config=config,
    )


def _tools() -> list[Case]:
    asked = user("What is the weather in Zürich?")
    wire = {"role": "user", "content": "What is the weather in Zürich?"}
    return [
        _case("one tool", ask(messages=[asked], tools=[WEATHER_TOOL]), [wire], tools=[TOOL]),
        _case("two tools", ask(messages=[asked], tools=[WEATHER_TOOL, CLOCK_TOOL]), [wire], tools=[TOOL, CLOCK]),
        _case("strict tool", ask(messages=[asked], tools=[STRICT_TOOL]), [wire], tools=[STRICT]),
        _case("choice auto", ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="auto"), [wire], tools=[TOOL], tool_choice="auto"),
        _case("choice none", ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="none"), [wire], tools=[TOOL], tool_choice="none"),
        _case("choice required", ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice="required"), [wire], tools=[TOOL], tool_choice="required"),
        _case(
            "choice of one tool", ask(messages=[asked], tools=[WEATHER_TOOL], tool_choice=NamedTool("get_weather")), [wire],
            tools=[TOOL], tool_choice={"type": "function", "function": {"name": "get_weather"}},
        ),
        _case("one call at a time", ask(messages=[asked], tools=[WEATHER_TOOL], parallel_tool_calls=False), [wire], tools=[TOOL], parallel_tool_calls=False),
        _case("several calls", ask(messages=[asked], tools=[WEATHER_TOOL], parallel_tool_calls=True), [wire], tools=[TOOL], parallel_tool_calls=True),
    ]  # fmt: skip


def _results() -> list[Case]:
    asked = user("What is the weather in Zürich?")
    wire = {"role": "user", "content": "What is the weather in Zürich?"}
    called = {"role": "assistant", "content": None, "tool_calls": [WIRE_CALL]}
    empty = {"id": "call_1", "type": "function", "function": {"name": "clock", "arguments": "{}"}}
    return [
        _case("tool result", ask(messages=[asked, said("", calls=(CALL,)), RESULT.to_message()], tools=[WEATHER_TOOL]), [wire, called, WIRE_RESULT], tools=[TOOL]),
        _case(
            "words before the call", ask(messages=[asked, said("Let me see.", calls=(CALL,)), RESULT.to_message()], tools=[WEATHER_TOOL]),
            [wire, {**called, "content": "Let me see."}, WIRE_RESULT], tools=[TOOL],
        ),
        _case(
            "two calls, two results", ask(messages=[asked, said("", calls=CALLS), RESULT.to_message(), RESULT_2.to_message()], tools=[WEATHER_TOOL]),
            [wire, {**called, "tool_calls": [WIRE_CALL, WIRE_CALL_2]}, WIRE_RESULT, {"role": "tool", "tool_call_id": "call_2", "content": "Rain"}], tools=[TOOL],
        ),
        _case(
            "failed tool, said in words", ask(messages=[asked, said("", calls=(CALL,)), FAILED.to_message()], tools=[WEATHER_TOOL]),
            [wire, called, {**WIRE_RESULT, "content": "Error: no such city"}], tools=[TOOL],
        ),
        _case(
            "call without arguments", ask(messages=[asked, said("", calls=(EMPTY_CALL,)), RESULT.to_message()], tools=[CLOCK_TOOL]),
            [wire, {**called, "tool_calls": [empty]}, WIRE_RESULT], tools=[CLOCK],
        ),
        _case(
            "on after a result", ask(messages=[asked, said("", calls=(CALL,)), RESULT.to_message(), said("Sunny."), user("And tomorrow?")], tools=[WEATHER_TOOL]),
            [wire, called, WIRE_RESULT, {"role": "assistant", "content": "Sunny."}, {"role": "user", "content": "And tomorrow?"}], tools=[TOOL],
        ),
        _case("streamed with tools", ask(messages=[asked], tools=[WEATHER_TOOL], stream=True), [wire], tools=[TOOL], stream=True, stream_options=USAGE),
    ]  # fmt: skip


def _content() -> list[Case]:
    words = {"type": "text", "text": "What is this?"}
    by_url = {"type": "image_url", "image_url": {"url": PICTURE_URL}}
    by_data = {"type": "image_url", "image_url": {"url": DATA_URL}}
    detailed = {"type": "image_url", "image_url": {"url": PICTURE_URL, "detail": "low"}}
    return [
        _case("image by address", ask(messages=[user(text("What is this?"), ImagePart(PICTURE_URL))]), [{"role": "user", "content": [words, by_url]}]),
        _case("image by content", ask(messages=[user(text("What is this?"), picture())]), [{"role": "user", "content": [words, by_data]}]),
        _case("image with detail", ask(messages=[user(text("What is this?"), ImagePart(PICTURE_URL, detail="low"))]), [{"role": "user", "content": [words, detailed]}]),
        _case("two images", ask(messages=[user(ImagePart(PICTURE_URL), picture())]), [{"role": "user", "content": [by_url, by_data]}]),
        _case("image first", ask(messages=[user(picture(), text("What is this?"))]), [{"role": "user", "content": [by_data, words]}]),
        _case("refusal in the history", ask(messages=[user("Hi"), said(RefusalPart("I cannot.")), user("Why?")]), [HI, {"role": "assistant", "content": None, "refusal": "I cannot."}, {"role": "user", "content": "Why?"}]),
        _case(
            "thinking of another dialect is left out", ask(messages=[user("Hi"), said(ThinkingPart("hm", "sig", dialect="anthropic_messages"), text("Hello.")), user("Go on")]),
            [HI, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Go on"}],
        ),
        _case("beyond ASCII", ask("Grüße, 東京 🙂\u2028\n\t\"'\\"), [{"role": "user", "content": "Grüße, 東京 🙂\u2028\n\t\"'\\"}]),
        _case("named speaker", ask(messages=[Message(user("x").role, "Hi", name="ada")]), [{**HI, "name": "ada"}]),
    ]  # fmt: skip


def _parameters() -> list[Case]:
    def schema(name: str, strict: bool | None) -> dict[str, Any]:
        inner = {"name": name, "schema": PERSON} | ({} if strict is None else {"strict": strict})
        return {"type": "json_schema", "json_schema": inner}

    return [
        _case("temperature 0", ask("Hi", temperature=0.0), [HI], temperature=0.0),
        _case("temperature 2", ask("Hi", temperature=2.0), [HI], temperature=2.0),
        _case("our default temperature", UnifiedRequest("Hi"), [HI], temperature=0.7),
        _case("top_p", ask("Hi", top_p=0.25), [HI], top_p=0.25),
        _case("seed", ask("Hi", seed=7), [HI], seed=7),
        _case("stop", ask("Hi", stop_sequences=["END"]), [HI], stop=["END"]),
        _case("four stops", ask("Hi", stop_sequences=["a", "b", "c", "d"]), [HI], stop=["a", "b", "c", "d"]),
        _case("ceiling of an older model", ask("Hi", max_tokens=100), [HI], max_tokens=100),
        _case("ceiling of a reasoning model", ask("Hi", max_tokens=100, model="o3-mini"), [HI], model="o3-mini", max_completion_tokens=100),
        _case("effort", ask("Hi", model="o3-mini", thinking=Thinking(effort="high")), [HI], model="o3-mini", reasoning_effort="high"),
        _case("low effort of gpt-5", ask("Hi", model="gpt-5", thinking=Thinking(effort="low")), [HI], model="gpt-5", reasoning_effort="low"),
        _case("end user", ask("Hi", user="u-1"), [HI], user="u-1"),
        _case("json object", ask("Answer in JSON", response_format=JsonObjectFormat()), [{"role": "user", "content": "Answer in JSON"}], response_format={"type": "json_object"}),
        _case("json schema", ask("Hi", response_format=JsonSchemaFormat(PERSON, "person", strict=True)), [HI], response_format=schema("person", True)),
        _case("loose json schema", ask("Hi", response_format=JsonSchemaFormat(PERSON, "person", strict=False)), [HI], response_format=schema("person", False)),
        _case("json schema as it is", ask("Hi", response_format=JsonSchemaFormat(PERSON)), [HI], response_format=schema("answer", None)),
        _case("extra fields", ask("Hi", extra={"logprobs": True, "top_logprobs": 2, "metadata": {"k": "v"}}), [HI], logprobs=True, top_logprobs=2, metadata={"k": "v"}),
        _case("penalties by extra", ask("Hi", extra={"frequency_penalty": 0.5, "presence_penalty": -0.5}), [HI], frequency_penalty=0.5, presence_penalty=-0.5),
        _case("everything at once", ask("Hi", system_message="Be brief.", max_tokens=50, temperature=0.5, top_p=0.9, seed=1, stop_sequences=["."], tools=[STRICT_TOOL], tool_choice="auto", stream=True),
              [SYSTEM_HI, HI], max_tokens=50, temperature=0.5, top_p=0.9, seed=1, stop=["."], tools=[STRICT], tool_choice="auto", stream=True, stream_options=USAGE),
    ]  # fmt: skip


def _plain() -> list[Case]:
    return [
        _case("prompt", ask("Hi"), [HI]),
        _case("system and prompt", ask("Hi", system_message="Be brief."), [SYSTEM_HI, HI]),
        _case(
            "system as a message", ask(messages=[Message(SYSTEM, "Be brief."), user("Hi")]), [SYSTEM_HI, HI]
        ),
        _case(
            "conversation",
            ask(messages=[user("Hi"), said("Hello."), user("Bye")]),
            [HI, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Bye"}],
        ),
        _case(
            "ends with the assistant",
            ask(messages=[user("Hi"), said("Hel")]),
            [HI, {"role": "assistant", "content": "Hel"}],
        ),
        _case("streamed", ask("Hi", stream=True), [HI], stream=True, stream_options=USAGE),
        _case(
            "organisation and project", ask("Hi"), [HI], config={"organization": "org-1", "project": "proj-1"}
        ),
    ]


CASES = [*_plain(), *_tools(), *_results(), *_content(), *_parameters()]
