"""What simulated models say, and that they say the same thing again."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from support_simulator import DIALECTS, PATCH, PROBLEM, events_of, text_of
from swebench_runner.simulator import Simulator, describe_behaviours, describe_options
from swebench_runner.simulator.behaviours import BEHAVIOURS, COMMON_OPTIONS, FAULT_OPTIONS
from swebench_runner.simulator.patches import DAMAGES, damaged_answer, fenced, wrong_patch

if TYPE_CHECKING:
    from collections.abc import Callable

TOOLS: list[Any] = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object", "properties": {"n": {"type": "integer"}}}}}
    for name in ("first", "second")
]  # fmt: skip


@pytest.fixture
def say(ask: Callable[..., Any]) -> Callable[..., Any]:
    """`await say(model, text)`: the text of a chat completion."""

    async def say_text(model: str, text: str = PROBLEM, **more: Any) -> str:
        answer = await ask("openai", model, text, **more)
        assert answer.status == 200, answer.body
        return text_of("openai", answer.json)

    return say_text


async def test_one_behaviour_each(say: Callable[..., Any]) -> None:
    assert await say("sim-gold") == f"The patch below fixes the problem.\n\n{fenced(PATCH)}"
    assert await say("sim-wrong") == f"The patch below fixes the problem.\n\n{fenced(wrong_patch(PATCH))}"
    assert await say("sim-empty") == ""
    assert "```" not in await say("sim-prose")
    assert len((await say("sim-prose")).split()) > 20
    assert await say("sim-echo", "say this") == "say this"
    assert (await say("sim-lorem@tokens=7")).split() == [
        "lorem",
        "ipsum",
        "dolor",
        "sit",
        "amet",
        "sed",
        "do",
    ]
    assert (await say("sim-gold", "unheard of")).startswith("Hello!")
    assert await say("sim-damaged", "unheard of") == await say("sim-wrong", "unheard of")
    assert await say("sim-gold", 'If I say "ping", what do you say?') == "pong"


@pytest.mark.parametrize("how", DAMAGES)
async def test_damage_as_asked(how: str, say: Callable[..., Any]) -> None:
    assert await say(f"sim-damaged@how={how}") == damaged_answer(PATCH, how)


async def test_damage_by_the_prompt_is_some_damage_and_stays(say: Callable[..., Any]) -> None:
    first, again = await say("sim-damaged"), await say("sim-damaged")
    assert first == again
    assert first in {damaged_answer(PATCH, how) for how in DAMAGES}


async def test_mixed_answers_follow_their_weights() -> None:
    problems = {f"Problem number {number} is about a certain thing": PATCH for number in range(400)}
    gold = f"The patch below fixes the problem.\n\n{fenced(PATCH)}"
    wrong = f"The patch below fixes the problem.\n\n{fenced(wrong_patch(PATCH))}"
    async with Simulator(gold=problems) as sim:
        import aiohttp

        async def kinds(model: str) -> Counter[str]:
            counts: Counter[str] = Counter()
            async with aiohttp.ClientSession() as session:
                for problem in problems:
                    body = {
                        "model": model,
                        "messages": [{"role": "user", "content": problem}],
                        "stream": False,
                    }
                    async with session.post(sim.url + "/api/chat", json=body) as response:
                        text = (await response.json())["message"]["content"]
                    kind = {gold: "gold", wrong: "wrong", "": "empty"}.get(text)
                    counts[kind or ("damaged" if "@@" in text else "prose")] += 1
            return counts

        counts = await kinds("sim-mixed")
        assert set(counts) == {"gold", "damaged", "wrong", "prose", "empty"}
        assert counts["gold"] > 220
        assert counts == await kinds("sim-mixed")
        assert set(await kinds("sim-mixed@gold=0@prose=0@empty=0@damaged=0")) == {"wrong"}
        assert set(await kinds("sim-mixed@gold=0@prose=0@empty=0@damaged=0@wrong=0")) == {"gold"}


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_finish_reasons(dialect: str, ask: Callable[..., Any]) -> None:
    async def finish(model: str) -> str:
        told = (await ask(dialect, model, PROBLEM)).json
        if dialect == "responses":
            return (told["incomplete_details"] or {}).get("reason") or told["status"]
        if dialect == "anthropic":
            return str(told["stop_reason"])
        return str(told["done_reason"] if dialect == "ollama" else told["choices"][0]["finish_reason"])

    assert await finish("sim-truncated") in {"length", "max_output_tokens", "max_tokens"}
    assert await finish("sim-filtered") in {"content_filter", "refusal", "stop"}
    assert await finish("sim-refusal") in {"stop", "completed", "refusal"}
    assert await finish("sim-gold") in {"stop", "completed", "end_turn"}


async def test_refusals_are_where_the_dialect_has_them(ask: Callable[..., Any]) -> None:
    chat = (await ask("openai", "sim-refusal")).json["choices"][0]["message"]
    assert (chat["content"], "can't help" in chat["refusal"]) == (None, True)
    events = events_of((await ask("openai", "sim-refusal", stream=True)).body)[:-2]
    assert "".join(event["choices"][0]["delta"].get("refusal") or "" for event in events) == chat["refusal"]
    part = (await ask("responses", "sim-refusal")).json["output"][0]["content"][0]
    assert part == {"type": "refusal", "refusal": chat["refusal"]}
    told = (await ask("anthropic", "sim-refusal")).json
    assert told["stop_details"]["type"] == "refusal"
    assert chat["refusal"] in (await ask("ollama", "sim-refusal")).json["message"]["content"]


async def test_tools_are_called_as_the_options_say(ask: Callable[..., Any]) -> None:
    async def message(model: str, **more: Any) -> Any:
        return (await ask("openai", model, PROBLEM, tools=TOOLS, **more)).json["choices"][0]["message"]

    calls = (await message("sim-tools@calls=3"))["tool_calls"]
    assert [call["function"]["name"] for call in calls] == ["first", "second", "first"]
    assert len({call["id"] for call in calls}) == 3
    assert len((await message("sim-tools@calls=3", parallel_tool_calls=False))["tool_calls"]) == 1
    assert (await message("sim-tools@text=yes"))["content"] == "Let me use a tool."
    assert (await message("sim-tools@arguments=empty"))["tool_calls"][0]["function"]["arguments"] == ""
    cut = (await message("sim-tools@arguments=cut"))["tool_calls"][0]["function"]["arguments"]
    with pytest.raises(ValueError, match=r"Expecting|Unterminated"):
        json.loads(cut)
    assert "tool_calls" not in await message("sim-tools", tool_choice="none")
    assert (await message("sim-gold", tool_choice="required"))["tool_calls"][0]["function"]["name"] == "first"
    assert (await message("sim-thinking", tool_choice="required"))["tool_calls"]
    untold = await ask("openai", "sim-tools", "unheard of")
    assert "done" in text_of("openai", untold.json)
    for dialect in ("anthropic", "ollama"):
        flat = [{"name": "f", "input_schema": {"type": "object", "properties": {"a": {"type": "string"}}}}]
        told = (
            await ask(dialect, "sim-tools@arguments=cut", tools=flat if dialect == "anthropic" else TOOLS)
        ).json
        call = (
            told["content"][0]["input"]
            if dialect == "anthropic"
            else told["message"]["tool_calls"][0]["function"]["arguments"]
        )
        assert call == {}


@pytest.mark.parametrize(("choice", "name"), [({"type": "any"}, "f"), ({"type": "tool", "name": "g"}, "g")])
async def test_a_forced_choice_is_obeyed(choice: Any, name: str, ask: Callable[..., Any]) -> None:
    tools = [{"name": tool, "input_schema": {"type": "object"}} for tool in ("f", "g")]
    told = (await ask("anthropic", "sim-gold", tools=tools, tool_choice=choice)).json
    assert [(block["type"], block["name"]) for block in told["content"]] == [("tool_use", name)]


async def test_long_streams_arrive_whole(ask: Callable[..., Any]) -> None:
    for dialect in DIALECTS:
        answer = await ask(dialect, "sim-lorem@tokens=3000", stream=True)
        assert len(text_of(dialect, events_of(answer.body)).split()) == 3000


async def test_limits_cut_answers_with_the_right_reason(ask: Callable[..., Any]) -> None:
    told = (await ask("openai", "sim-lorem@tokens=200", max_tokens=10)).json
    assert (told["choices"][0]["finish_reason"], told["usage"]["completion_tokens"]) == ("length", 10)
    stopped = (await ask("openai", "sim-echo", "abc def", stop=" d")).json
    assert (stopped["choices"][0]["message"]["content"], stopped["choices"][0]["finish_reason"]) == (
        "abc",
        "stop",
    )
    thinking = (await ask("openai", "o3", PROBLEM, max_completion_tokens=1)).json
    assert thinking["choices"][0]["finish_reason"] == "length"
    assert thinking["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    off = (await ask("openai", "sim-thinking", PROBLEM, reasoning_effort="none")).json
    assert off["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_the_table_describes_every_behaviour_and_option() -> None:
    rows = {row["name"]: row for row in describe_behaviours()}
    assert set(rows) == set(BEHAVIOURS)
    assert len(rows) > 55
    for name, behaviour in BEHAVIOURS.items():
        told = rows[name]["options"]
        assert rows[name]["summary"]
        for option in behaviour.options:
            assert f"{option}=" in told
        assert ("n=0" in told or "n=1" in told) == (behaviour.fault is not None)
    assert "header=none" in rows["scn-02"]["options"]
    assert "retry_after=2" in rows["scn-01"]["options"]
    assert not set(COMMON_OPTIONS) & set(FAULT_OPTIONS)
    assert [row["name"] for row in describe_options()] == [*COMMON_OPTIONS, *FAULT_OPTIONS]
    own = {option for behaviour in BEHAVIOURS.values() for option in behaviour.options}
    assert not own & (set(COMMON_OPTIONS) | set(FAULT_OPTIONS))


@pytest.mark.parametrize(
    "name",
    [
        name
        for name in BEHAVIOURS
        if name
        not in (
            "sim-silent",
            "sim-endless",
            "sim-pings",
            "sim-slowloris",
            "sim-slow",
            "sim-stall",
            "scn-06",
            "scn-07",
            "scn-09",
        )
    ],
)
@pytest.mark.parametrize("stream", [False, True])
async def test_no_behaviour_fails_by_mistake(
    name: str, stream: bool, ask: Callable[..., Any], sim: Simulator
) -> None:
    answer = await ask("openai", name, PROBLEM, stream=stream)
    expected = {"sim-500": 500, "scn-03": 500}.get(name)
    assert (answer.status == 500) == (expected == 500)
    assert sim.requests[-1].outcome in ("finished", "refused", "broken")
