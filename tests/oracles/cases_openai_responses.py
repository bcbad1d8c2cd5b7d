"""Requests to OpenAI's Responses API, said to us and to the official SDK."""

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
from swebench_runner.providers.core.messages import (
    ImagePart,
    Message,
    OpaquePart,
    RefusalPart,
    ThinkingPart,
    ToolCall,
)
from swebench_runner.providers.core.request import (
    JsonObjectFormat,
    JsonSchemaFormat,
    NamedTool,
    Thinking,
    UnifiedRequest,
)

DIALECT = "openai_responses"
HI = {"role": "user", "content": "Hi"}
FUNCTION: dict[str, Any] = {
    "type": "function",
    "name": "get_weather",
    "description": "The weather of a city.",
    "parameters": WEATHER,
}
STRICT = {**FUNCTION, "strict": True}
LOOSE = {**FUNCTION, "strict": False}
CLOCK = {
    "type": "function",
    "name": "clock",
    "description": "What time it is.",
    "parameters": NO_PARAMETERS,
    "strict": False,
}
WIRE_CALL = {
    "type": "function_call",
    "call_id": "call_1",
    "name": "get_weather",
    "arguments": '{"city":"Zürich"}',
}
WIRE_CALL_2 = {
    "type": "function_call",
    "call_id": "call_2",
    "name": "get_weather",
    "arguments": '{"city":"東京"}',
}
WIRE_RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "Sunny, 25 °C"}
DATA_URL = f"data:image/png;base64,{PIXEL}"
REASONING = {
    "type": "reasoning",
    "id": "rs_1",
    "summary": [{"type": "summary_text", "text": "Look it up."}],
    "encrypted_content": "gAAAA=",
}
SEARCH = {
    "type": "web_search_call",
    "id": "ws_1",
    "status": "completed",
    "action": {"type": "search", "query": "Zürich"},
}


def _case(name: str, request: UnifiedRequest, items: Any, /, **sdk: Any) -> Case:
    differs = sdk.pop("differs", {})
    config = sdk.pop("config", {})
    stateless = {"store": False} if sdk.pop("stateless", True) else {}
    arguments = {"model": sdk.pop("model", "gpt-4o"), "input": items, **stateless, **sdk}
    return Case(name, request, arguments, differs, config=config)


def _answer(words: str) -> dict[str, Any]:
    return {"type": "message", "role": "assistant", "content": words}


def _tools() -> list[Case]:
    asked = user("What is the weather in Zürich?")
    wire = {"role": "user", "content": "What is the weather in Zürich?"}
    history = [asked, said("", calls=(CALL,)), RESULT.to_message()]
    item_call = ToolCall("call_1", "get_weather", {"city": "Zürich"}, wire_id="fc_1")
    seeing = Message(TOOL, [text("A cat:"), picture()], tool_call_id="call_1", name="get_weather")
    seen = [
        {"type": "input_text", "text": "A cat:"},
        {"type": "input_image", "image_url": DATA_URL, "detail": "auto"},
    ]
    thought = ThinkingPart("Look it up.", dialect=DIALECT, raw=REASONING)
    return [
        _case("one tool", ask(messages=[asked], tools=[WEATHER_TOOL]), [wire], tools=[LOOSE]),
        _case("two tools", ask(messages=[asked], tools=[WEATHER_TOOL, CLOCK_TOOL]), [wire], tools=[LOOSE, CLOCK]),
        _case("strict tool", ask(messages=[asked], tools=[STRICT_TOOL]), [wire], tools=[STRICT]),
        _case("choice auto", ask(messages=[asked], tools=[STRICT_TOOL], tool_choice="auto"), [wire], tools=[STRICT], tool_choice="auto"),
        _case("choice none", ask(messages=[asked], tools=[STRICT_TOOL], tool_choice="none"), [wire], tools=[STRICT], tool_choice="none"),
        _case("choice required", ask(messages=[asked], tools=[STRICT_TOOL], tool_choice="required"), [wire], tools=[STRICT], tool_choice="required"),
        _case("choice of one tool", ask(messages=[asked], tools=[STRICT_TOOL], tool_choice=NamedTool("get_weather")), [wire], tools=[STRICT], tool_choice={"type": "function", "name": "get_weather"}),
        _case("one call at a time", ask(messages=[asked], tools=[STRICT_TOOL], parallel_tool_calls=False), [wire], tools=[STRICT], parallel_tool_calls=False),
        _case("tool result", ask(messages=history, tools=[STRICT_TOOL]), [wire, WIRE_CALL, WIRE_RESULT], tools=[STRICT]),
        _case("the call id is enough where an item id is known", ask(messages=[asked, said("", calls=(item_call,)), RESULT.to_message()], tools=[STRICT_TOOL]), [wire, WIRE_CALL, WIRE_RESULT], tools=[STRICT]),
        _case("words before the call", ask(messages=[asked, said("Let me see.", calls=(CALL,)), RESULT.to_message()], tools=[STRICT_TOOL]), [wire, _answer("Let me see."), WIRE_CALL, WIRE_RESULT], tools=[STRICT]),
        _case(
            "two calls, two results", ask(messages=[asked, said("", calls=CALLS), RESULT.to_message(), RESULT_2.to_message()], tools=[STRICT_TOOL]),
            [wire, WIRE_CALL, WIRE_CALL_2, WIRE_RESULT, {"type": "function_call_output", "call_id": "call_2", "output": "Rain"}], tools=[STRICT],
        ),
        _case("failed tool, said in words", ask(messages=[asked, said("", calls=(CALL,)), FAILED.to_message()], tools=[STRICT_TOOL]), [wire, WIRE_CALL, {**WIRE_RESULT, "output": "Error: no such city"}], tools=[STRICT]),
        _case("tool result with an image", ask(messages=[asked, said("", calls=(CALL,)), seeing], tools=[STRICT_TOOL]), [wire, WIRE_CALL, {**WIRE_RESULT, "output": seen}], tools=[STRICT]),
        _case("call without arguments", ask(messages=[asked, said("", calls=(EMPTY_CALL,)), RESULT.to_message()], tools=[CLOCK_TOOL]), [wire, {**WIRE_CALL, "name": "clock", "arguments": "{}"}, WIRE_RESULT], tools=[CLOCK]),
        _case(
            "reasoning goes back before its call", ask(messages=[asked, said(thought, calls=(CALL,)), RESULT.to_message()], tools=[STRICT_TOOL], model="gpt-5"),
            [wire, REASONING, WIRE_CALL, WIRE_RESULT], model="gpt-5", tools=[STRICT], include=["reasoning.encrypted_content"],
        ),
        _case("streamed with tools", ask(messages=[asked], tools=[STRICT_TOOL], stream=True), [wire], tools=[STRICT], stream=True),
        _case("a server's tool by extra", ask(messages=[asked], extra={"tools": [{"type": "web_search"}]}), [wire], tools=[{"type": "web_search"}]),
        _case("a server's tool call in the history", ask(messages=[asked, said(OpaquePart(DIALECT, SEARCH), text("Sunny.")), user("And now?")]), [wire, SEARCH, _answer("Sunny."), {"role": "user", "content": "And now?"}]),
    ]  # fmt: skip


def _content() -> list[Case]:
    words = {"type": "input_text", "text": "What is this?"}
    by_url = {"type": "input_image", "image_url": PICTURE_URL, "detail": "auto"}
    by_data = {"type": "input_image", "image_url": DATA_URL, "detail": "auto"}
    return [
        _case("image by address", ask(messages=[user(text("What is this?"), ImagePart(PICTURE_URL))]), [{"role": "user", "content": [words, by_url]}]),
        _case("image by content", ask(messages=[user(text("What is this?"), picture())]), [{"role": "user", "content": [words, by_data]}]),
        _case("image with detail", ask(messages=[user(ImagePart(PICTURE_URL, detail="high"), text("What is this?"))]), [{"role": "user", "content": [{**by_url, "detail": "high"}, words]}]),
        _case("two images", ask(messages=[user(ImagePart(PICTURE_URL), picture())]), [{"role": "user", "content": [by_url, by_data]}]),
        _case("refusal in the history", ask(messages=[user("Hi"), said(RefusalPart("I cannot.")), user("Why?")]),
              [HI, _answer("I cannot."), {"role": "user", "content": "Why?"}]),
        _case("thinking of another dialect is left out", ask(messages=[user("Hi"), said(ThinkingPart("hm", "sig", dialect="anthropic_messages"), text("Hello.")), user("Go on")]), [HI, _answer("Hello."), {"role": "user", "content": "Go on"}]),
        _case("beyond ASCII", ask("Grüße, 東京 🙂\u2028\n\t\"'\\"), [{"role": "user", "content": "Grüße, 東京 🙂\u2028\n\t\"'\\"}]),
    ]  # fmt: skip


def _parameters() -> list[Case]:
    def schema(strict: bool | None) -> dict[str, Any]:
        inner = {"type": "json_schema", "name": "person", "schema": PERSON}
        return {"format": inner | ({} if strict is None else {"strict": strict})}

    encrypted = ["reasoning.encrypted_content"]
    return [
        _case("temperature 0", ask("Hi", temperature=0.0), [HI], temperature=0.0),
        _case("our default temperature", UnifiedRequest("Hi"), [HI], temperature=0.7),
        _case("top_p", ask("Hi", top_p=0.25), [HI], top_p=0.25),
        _case("ceiling", ask("Hi", max_tokens=100), [HI], max_output_tokens=100),
        _case("effort", ask("Hi", model="o3-mini", thinking=Thinking(effort="high")), [HI], model="o3-mini", reasoning={"effort": "high"}, include=encrypted),
        _case("effort and summary", ask("Hi", model="gpt-5", thinking=Thinking(effort="low", summary="auto")), [HI], model="gpt-5", reasoning={"effort": "low", "summary": "auto"}, include=encrypted),
        _case("summary alone", ask("Hi", model="gpt-5", thinking=Thinking(summary="detailed")), [HI], model="gpt-5", reasoning={"summary": "detailed"}, include=encrypted),
        _case("end user", ask("Hi", user="u-1"), [HI], user="u-1"),
        _case("json object", ask("Answer in JSON", response_format=JsonObjectFormat()), [{"role": "user", "content": "Answer in JSON"}], text={"format": {"type": "json_object"}}),
        _case("json schema", ask("Hi", response_format=JsonSchemaFormat(PERSON, "person", strict=True)), [HI], text=schema(True)),
        _case("loose json schema", ask("Hi", response_format=JsonSchemaFormat(PERSON, "person", strict=False)), [HI], text=schema(False)),
        _case("stored by extra", ask("Hi", extra={"store": True}), [HI], store=True, stateless=False),
        _case("goes on from a stored answer", ask("Hi", extra={"previous_response_id": "resp_1", "store": True}), [HI], previous_response_id="resp_1", store=True, stateless=False),
        _case("truncation and metadata by extra", ask("Hi", extra={"truncation": "auto", "metadata": {"k": "v"}}), [HI], truncation="auto", metadata={"k": "v"}),
        _case("verbosity by extra", ask("Hi", extra={"text": {"verbosity": "low"}}), [HI], text={"verbosity": "low"}),
        _case("everything at once", ask("Hi", system_message="Be brief.", max_tokens=50, temperature=0.5, top_p=0.9, tools=[STRICT_TOOL], tool_choice="auto", stream=True),
              [HI], instructions="Be brief.", max_output_tokens=50, temperature=0.5, top_p=0.9, tools=[STRICT], tool_choice="auto", stream=True),
    ]  # fmt: skip


def _plain() -> list[Case]:
    return [
        _case("prompt", ask("Hi"), [HI]),
        _case("system and prompt", ask("Hi", system_message="Be brief."), [HI], instructions="Be brief."),
        _case(
            "system as a message",
            ask(messages=[Message(SYSTEM, "Be brief."), user("Hi")]),
            [HI],
            instructions="Be brief.",
        ),
        _case(
            "conversation",
            ask(messages=[user("Hi"), said("Hello."), user("Bye")]),
            [HI, _answer("Hello."), {"role": "user", "content": "Bye"}],
        ),
        _case("streamed", ask("Hi", stream=True), [HI], stream=True),
        _case(
            "organisation and project", ask("Hi"), [HI], config={"organization": "org-1", "project": "proj-1"}
        ),
    ]


CASES = [*_plain(), *_tools(), *_content(), *_parameters()]
