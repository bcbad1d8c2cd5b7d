"""Requests to OpenRouter, said to us and to the OpenAI SDK as OpenRouter's documents tell people to use it."""

from __future__ import annotations

from typing import Any

from oracles.cases import (
    CALL,
    PERSON,
    PICTURE_URL,
    RESULT,
    SYSTEM,
    WEATHER_TOOL,
    Case,
    ask,
    said,
    text,
    user,
)
from oracles.cases_openai_chat import HI, SYSTEM_HI, TOOL, USAGE, WIRE_CALL, WIRE_RESULT
from swebench_runner.providers.core.messages import CacheMark, ImagePart, Message, ThinkingPart
from swebench_runner.providers.core.request import JsonSchemaFormat, Thinking, UnifiedRequest

CLAUDE, GPT, GPT_5 = "anthropic/claude-haiku-4.5", "openai/gpt-4o", "openai/gpt-5"
DETAIL = {
    "type": "reasoning.text", "text": "Look it up.", "signature": "Eu+/==", "format": "anthropic-claude-v1", "index": 0,
}  # fmt: skip
MARK = {"type": "ephemeral", "ttl": "1h"}


def _case(name: str, request: UnifiedRequest, messages: list[Any], /, model: str = GPT, **sdk: Any) -> Case:
    return Case(name, request, {"model": model, "messages": messages, **sdk})


def _routing() -> list[Case]:
    order = {"order": ["azure", "openai"], "allow_fallbacks": False}
    return [
        _case("prompt", ask("Hi"), [HI]),
        _case("system", ask("Hi", system_message="Be brief."), [SYSTEM_HI, HI]),
        _case("streamed", ask("Hi", stream=True), [HI], stream=True, stream_options=USAGE),
        _case("routing by extra", ask("Hi", extra={"provider": order}), [HI], extra_body={"provider": order}),
        _case(
            "spare models by extra",
            ask("Hi", extra={"models": [CLAUDE]}),
            [HI],
            extra_body={"models": [CLAUDE]},
        ),
        _case("top_k by extra", ask("Hi", extra={"top_k": 5}), [HI], extra_body={"top_k": 5}),
        _case(
            "temperature and ceiling",
            ask("Hi", temperature=0.5, max_tokens=50),
            [HI],
            temperature=0.5,
            max_tokens=50,
        ),
        _case("stop and seed", ask("Hi", stop_sequences=["."], seed=1), [HI], stop=["."], seed=1),
    ]


def _content() -> list[Case]:
    return [
        _case(
            "json schema",
            ask("Hi", response_format=JsonSchemaFormat(PERSON, "person", strict=True)),
            [HI],
            response_format={
                "type": "json_schema",
                "json_schema": {"name": "person", "schema": PERSON, "strict": True},
            },
        ),
        _case(
            "image",
            ask(messages=[user(text("?"), ImagePart(PICTURE_URL))]),
            [
                {
                    "role": "user",
                    "content": [
                        {"type": "text", "text": "?"},
                        {"type": "image_url", "image_url": {"url": PICTURE_URL}},
                    ],
                }
            ],
        ),
    ]


def _reasoning() -> list[Case]:
    asked, wire = user("Weather?"), {"role": "user", "content": "Weather?"}
    thought = ThinkingPart("Look it up.", "Eu+/==", dialect="openai_chat", raw=DETAIL)
    called = {"role": "assistant", "content": None, "tool_calls": [WIRE_CALL]}
    return [
        _case("effort", ask("Hi", model=GPT_5, thinking=Thinking(effort="high")), [HI], GPT_5, extra_body={"reasoning": {"effort": "high"}}),
        _case("budget", ask("Hi", model=CLAUDE, thinking=Thinking(budget_tokens=2000)), [HI], CLAUDE, extra_body={"reasoning": {"max_tokens": 2000}}),
        _case("tools", ask(messages=[asked], tools=[WEATHER_TOOL]), [wire], tools=[TOOL]),
        _case("tool result", ask(messages=[asked, said("", calls=(CALL,)), RESULT.to_message()], tools=[WEATHER_TOOL]), [wire, called, WIRE_RESULT], tools=[TOOL]),
        _case(
            "reasoning goes back unchanged",
            ask(messages=[asked, said(thought, calls=(CALL,)), RESULT.to_message()], tools=[WEATHER_TOOL], model=CLAUDE),
            [wire, {**called, "reasoning_details": [DETAIL]}, WIRE_RESULT],
            CLAUDE,
            tools=[TOOL],
        ),
    ]  # fmt: skip


def _cache() -> list[Case]:
    system = Message(SYSTEM, [text("Be brief.", cache=CacheMark("1h"))])
    marked = {"role": "system", "content": [{"type": "text", "text": "Be brief.", "cache_control": MARK}]}
    return [
        _case(
            "a mark for a model that takes marks",
            ask(messages=[system, user("Hi")], model=CLAUDE),
            [marked, HI],
            CLAUDE,
        ),
        _case("no mark for one that does not", ask(messages=[system, user("Hi")]), [SYSTEM_HI, HI]),
    ]


CASES = [*_routing(), *_content(), *_reasoning(), *_cache()]
