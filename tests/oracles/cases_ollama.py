"""Requests to Ollama's own API, said to us and to the official client."""

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
    PIXEL,
    RESULT,
    RESULT_2,
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
from swebench_runner.providers.core.messages import Message, ThinkingPart
from swebench_runner.providers.core.request import (
    JsonObjectFormat,
    JsonSchemaFormat,
    Thinking,
    UnifiedRequest,
)

HI = {"role": "user", "content": "Hi"}
FUNCTION: dict[str, Any] = {
    "type": "function",
    "function": {"name": "get_weather", "description": "The weather of a city.", "parameters": WEATHER},
}
CLOCK = {
    "type": "function",
    "function": {"name": "clock", "description": "What time it is.", "parameters": NO_PARAMETERS},
}
CALLED = {"function": {"name": "get_weather", "arguments": {"city": "Zürich"}}}
CALLED_2 = {"function": {"name": "get_weather", "arguments": {"city": "東京"}}}
DONE = {"role": "tool", "content": "Sunny, 25 °C", "tool_name": "get_weather"}


def _chat(name: str, request: UnifiedRequest, messages: list[Any], /, **sdk: Any) -> Case:
    return Case(name, request, {"model": "qwen3", "messages": messages, **sdk}, method="chat")


def _generate(name: str, request: UnifiedRequest, prompt: str, /, **sdk: Any) -> Case:
    return Case(name, request, {"model": "qwen3", "prompt": prompt, **sdk}, method="generate")


def _prompts() -> list[Case]:
    return [
        _generate("prompt", ask("Hi"), "Hi"),
        _generate("system and prompt", ask("Hi", system_message="Be brief."), "Hi", system="Be brief."),
        _generate("prompt, streamed", ask("Hi", stream=True), "Hi", stream=True),
        _generate("beyond ASCII", ask("Grüße, 東京 🙂\u2028\n\t\"'\\"), "Grüße, 東京 🙂\u2028\n\t\"'\\"),
        _generate("temperature", ask("Hi", temperature=0.5), "Hi", options={"temperature": 0.5}),
        _generate("temperature 0", ask("Hi", temperature=0.0), "Hi", options={"temperature": 0.0}),
        _generate("our default temperature", UnifiedRequest("Hi"), "Hi", options={"temperature": 0.7}),
        _generate("top_p", ask("Hi", top_p=0.25), "Hi", options={"top_p": 0.25}),
        _generate("seed", ask("Hi", seed=7), "Hi", options={"seed": 7}),
        _generate("ceiling", ask("Hi", max_tokens=100), "Hi", options={"num_predict": 100}),
        _generate("stop", ask("Hi", stop_sequences=["END"]), "Hi", options={"stop": ["END"]}),
        _generate("two stops", ask("Hi", stop_sequences=["END", "\n"]), "Hi", options={"stop": ["END", "\n"]}),
        _generate("json object", ask("Hi", response_format=JsonObjectFormat()), "Hi", format="json"),
        _generate("json schema", ask("Hi", response_format=JsonSchemaFormat(PERSON)), "Hi", format=PERSON),
        _generate("thinking on", ask("Hi", thinking=Thinking(enabled=True)), "Hi", think=True),
        _generate("thinking off", ask("Hi", thinking=Thinking(enabled=False)), "Hi", think=False),
        _generate("thinking at a level", ask("Hi", thinking=Thinking(effort="high")), "Hi", think="high"),
        _generate("kept loaded by extra", ask("Hi", extra={"keep_alive": "5m"}), "Hi", keep_alive="5m"),
        _generate("raw by extra", ask("Hi", extra={"raw": True}), "Hi", raw=True),
        _generate("template by extra", ask("Hi", extra={"template": "{{ .Prompt }}"}), "Hi", template="{{ .Prompt }}"),
        _generate("suffix by extra", ask("def f(", extra={"suffix": "return 1"}), "def f(", suffix="return 1"),
        _generate("options by extra", ask("Hi", extra={"options": {"top_k": 5, "num_ctx": 2048}}), "Hi", options={"top_k": 5, "num_ctx": 2048}),
        _generate("all options", ask("Hi", temperature=0.5, top_p=0.9, seed=1, max_tokens=10, stop_sequences=["."]), "Hi", options={"temperature": 0.5, "top_p": 0.9, "seed": 1, "num_predict": 10, "stop": ["."]}),
    ]  # fmt: skip


def _chats() -> list[Case]:
    asked, wire = user("Weather?"), {"role": "user", "content": "Weather?"}
    one = [asked, said("", calls=(CALL,))]
    called = {"role": "assistant", "content": "", "tool_calls": [CALLED]}
    thought = ThinkingPart("Look it up.", dialect="ollama")
    foreign = ThinkingPart("hm", "sig", dialect="anthropic_messages")
    tool: dict[str, Any] = {"tools": [FUNCTION]}
    return [
        _chat("one message", ask(messages=[user("Hi")]), [HI]),
        _chat("conversation", ask(messages=[user("Hi"), said("Hello."), user("Bye")]), [HI, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Bye"}]),
        _chat("system as a message", ask(messages=[Message(SYSTEM, "Be brief."), user("Hi")]), [{"role": "system", "content": "Be brief."}, HI]),
        _chat("system beside messages", ask(messages=[user("Hi")], system_message="Be brief."), [{"role": "system", "content": "Be brief."}, HI]),
        _chat("streamed", ask(messages=[user("Hi")], stream=True), [HI], stream=True),
        _chat("image", ask(messages=[user(text("What?"), picture())]), [{"role": "user", "content": "What?", "images": [PIXEL]}]),
        _chat("two images", ask(messages=[user(picture(), picture(), text("What?"))]), [{"role": "user", "content": "What?", "images": [PIXEL, PIXEL]}]),
        _chat("one tool", ask(messages=[asked], tools=[WEATHER_TOOL]), [wire], **tool),
        _chat("two tools", ask(messages=[asked], tools=[WEATHER_TOOL, CLOCK_TOOL]), [wire], tools=[FUNCTION, CLOCK]),
        _chat("streamed with tools", ask(messages=[asked], tools=[WEATHER_TOOL], stream=True), [wire], stream=True, **tool),
        _chat("tool result", ask(messages=[*one, RESULT.to_message()], tools=[WEATHER_TOOL]), [wire, called, DONE], **tool),
        _chat("words before the call", ask(messages=[asked, said("Let me see.", calls=(CALL,)), RESULT.to_message()], tools=[WEATHER_TOOL]), [wire, {**called, "content": "Let me see."}, DONE], **tool),
        _chat("two calls, two results", ask(messages=[asked, said("", calls=CALLS), RESULT.to_message(), RESULT_2.to_message()], tools=[WEATHER_TOOL]), [wire, {**called, "tool_calls": [CALLED, CALLED_2]}, DONE, {**DONE, "content": "Rain"}], **tool),
        _chat("failed tool, said in words", ask(messages=[*one, FAILED.to_message()], tools=[WEATHER_TOOL]), [wire, called, {**DONE, "content": "Error: no such city"}], **tool),
        _chat("call without arguments", ask(messages=[asked, said("", calls=(EMPTY_CALL,)), RESULT.to_message()], tools=[CLOCK_TOOL]), [wire, {**called, "tool_calls": [{"function": {"name": "clock", "arguments": {}}}]}, DONE], tools=[CLOCK]),
        _chat("thinking goes back", ask(messages=[asked, said(thought, calls=(CALL,)), RESULT.to_message()], tools=[WEATHER_TOOL]), [wire, {**called, "thinking": "Look it up."}, DONE], **tool),
        _chat("thinking of another dialect is left out", ask(messages=[user("Hi"), said(foreign, text("Hello.")), user("Go on")]), [HI, {"role": "assistant", "content": "Hello."}, {"role": "user", "content": "Go on"}]),
        _chat("chat with schema and thinking", ask(messages=[user("Hi")], response_format=JsonSchemaFormat(PERSON), thinking=Thinking(enabled=True)), [HI], format=PERSON, think=True),
        _chat("chat with options", ask(messages=[user("Hi")], temperature=0.5, max_tokens=10, stop_sequences=["."]), [HI], options={"temperature": 0.5, "num_predict": 10, "stop": ["."]}),
        _chat("everything at once", ask(messages=[user("Hi")], system_message="Be brief.", temperature=0.5, tools=[WEATHER_TOOL], thinking=Thinking(enabled=True), stream=True),
              [{"role": "system", "content": "Be brief."}, HI], options={"temperature": 0.5}, think=True, stream=True, **tool),
    ]  # fmt: skip


CASES = [*_prompts(), *_chats()]
