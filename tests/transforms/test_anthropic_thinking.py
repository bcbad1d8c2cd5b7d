from __future__ import annotations

from typing import Any

import pytest

from swebench_runner.providers.catalog.models import facts
from swebench_runner.providers.core.messages import Message, ThinkingPart, ToolCall, ToolResult
from swebench_runner.providers.core.protocols import Target
from swebench_runner.providers.core.request import NamedTool, Thinking, ToolSpec, UnifiedRequest
from swebench_runner.providers.transforms.anthropic_messages import AnthropicMessages
from transforms.support_native import ASSISTANT, USER, body_of, said

MESSAGES = AnthropicMessages()
SONNET_45, OPUS_45, OPUS_46, SONNET_5 = (
    "claude-sonnet-4-5",
    "claude-opus-4-5",
    "claude-opus-4-6",
    "claude-sonnet-5",
)
SONNET_55, OPUS_55, HAIKU_35 = "claude-sonnet-5-5", "claude-opus-5-5", "claude-3-5-haiku-20241022"
UNKNOWN = "some-model"
TOOLS = [ToolSpec("f")]


def encoded(request: UnifiedRequest, model: str) -> tuple[dict[str, Any], str]:
    wire = MESSAGES.encode(request, Target("anthropic", model, facts("anthropic", model)))
    return body_of(wire), "\n".join(wire.warnings)


def asked(model: str, **thinking: Any) -> tuple[Any, Any, str]:
    """`thinking`, `output_config` and the warnings for a wish."""
    body, warnings = encoded(said("Hi", thinking=Thinking(**thinking)), model)
    return body.get("thinking"), body.get("output_config"), warnings


def budget(tokens: int) -> dict[str, Any]:
    return {"type": "enabled", "budget_tokens": tokens}


@pytest.mark.parametrize(
    ("model", "wish", "thinking", "effort"),
    [
        (SONNET_45, {"enabled": True, "budget_tokens": 2000}, budget(2000), None),
        (SONNET_45, {"budget_tokens": 2000}, budget(2000), None),
        (SONNET_45, {"enabled": True}, budget(4096), None),
        (SONNET_45, {"enabled": False}, {"type": "disabled"}, None),
        (SONNET_45, {}, None, None),
        (OPUS_45, {"effort": "high"}, None, "high"),
        (OPUS_45, {"enabled": True, "effort": "high"}, budget(16384), "high"),
        (OPUS_46, {"enabled": True}, {"type": "adaptive"}, None),
        (OPUS_46, {"enabled": True, "effort": "max"}, {"type": "adaptive"}, "max"),
        (OPUS_46, {"effort": "low"}, None, "low"),
        (OPUS_46, {"enabled": True, "budget_tokens": 3000}, budget(3000), None),
        (SONNET_5, {"enabled": True, "summary": "auto"}, {"type": "adaptive", "display": "summarized"}, None),
        (SONNET_5, {"summary": "auto"}, {"type": "adaptive", "display": "summarized"}, None),
        (SONNET_5, {"enabled": False}, {"type": "disabled"}, None),
        (SONNET_5, {"effort": "none"}, {"type": "disabled"}, None),
        (SONNET_55, {"enabled": False}, {"type": "between_tools"}, None),
        (OPUS_55, {"enabled": True, "effort": "xhigh"}, {"type": "adaptive"}, "xhigh"),
        (UNKNOWN, {"enabled": True}, budget(4096), None),
        (UNKNOWN, {"enabled": True, "budget_tokens": 2048}, budget(2048), None),
    ],
)
def test_each_model_is_asked_its_own_way_without_a_warning(
    model: str, wish: dict[str, Any], thinking: Any, effort: str | None
) -> None:
    assert asked(model, **wish) == (thinking, None if effort is None else {"effort": effort}, "")


@pytest.mark.parametrize(
    ("model", "wish", "thinking", "effort", "warning"),
    [
        (SONNET_45, {"effort": "low"}, budget(1024), None, "sent as a thinking budget of 1024"),
        (
            SONNET_45,
            {"enabled": True, "effort": "minimal"},
            budget(1024),
            None,
            "'minimal' was sent as 'low'",
        ),
        (SONNET_45, {"budget_tokens": 100}, budget(1024), None, "budget of 100 tokens was changed to 1024"),
        (
            SONNET_5,
            {"budget_tokens": 9000},
            {"type": "adaptive"},
            "high",
            "budget of 9000 tokens was sent as effort 'high'",
        ),
        (SONNET_5, {"budget_tokens": 900_000}, {"type": "adaptive"}, "max", "sent as effort 'max'"),
        (SONNET_5, {"budget_tokens": 9000, "effort": "low"}, {"type": "adaptive"}, "low", ""),
        (OPUS_55, {"enabled": False}, None, None, "always thinks"),
        (OPUS_55, {"enabled": False, "effort": "low"}, None, "low", "always thinks"),
        (HAIKU_35, {"enabled": True}, None, None, "does not think"),
        (HAIKU_35, {"effort": "high"}, None, None, "does not think"),
        (HAIKU_35, {"enabled": None}, None, None, ""),
    ],
)
def test_what_a_model_cannot_do_is_said_its_way_or_left_out_with_a_sentence(
    model: str, wish: dict[str, Any], thinking: Any, effort: str | None, warning: str
) -> None:
    got = asked(model, **wish)
    assert got[:2] == (thinking, None if effort is None else {"effort": effort})
    assert warning in got[2]


def test_the_ceiling_grows_with_the_budget_unless_it_was_given() -> None:
    free, _ = encoded(said("Hi", thinking=Thinking(budget_tokens=10_000)), SONNET_45)
    assert free["max_tokens"] == 14_000
    capped, _ = encoded(said("Hi", thinking=Thinking(budget_tokens=63_000)), SONNET_45)
    assert (capped["max_tokens"], capped["thinking"]["budget_tokens"]) == (64_000, 63_000)
    unknown, _ = encoded(said("Hi", thinking=Thinking(budget_tokens=63_000)), UNKNOWN)
    assert unknown["max_tokens"] == 67_000


def test_a_budget_above_a_given_ceiling_is_cut_and_one_that_cannot_fit_is_left_out() -> None:
    request = said("Hi", max_tokens=3000, thinking=Thinking(budget_tokens=3000))
    body, warning = encoded(request, SONNET_45)
    assert (body["thinking"], body["max_tokens"]) == (budget(2999), 3000)
    assert "changed to 2999" in warning
    body, warning = encoded(said("Hi", max_tokens=1000, thinking=Thinking(budget_tokens=3000)), SONNET_45)
    assert "thinking" not in body
    assert "does not fit under max_tokens=1000" in warning


def test_a_demanded_call_excludes_a_budget_but_not_adaptive_thinking() -> None:
    request = said("Hi", tools=TOOLS, tool_choice="required", thinking=Thinking(enabled=True))
    body, warning = encoded(request, SONNET_45)
    assert "thinking" not in body
    assert "demanded tool call" in warning
    # Recorded: Opus 4.6 answers both together.
    body, warning = encoded(request, OPUS_46)
    assert (body["thinking"], body["tool_choice"], warning) == ({"type": "adaptive"}, {"type": "any"}, "")


def test_calls_that_were_made_without_thinking_are_answered_without_it() -> None:
    """With a budget the API would say that it expected thinking and found tool_use."""
    calls = Message(ASSISTANT, "", [ToolCall("t", "f")])
    result = ToolResult("t", "f", "x").to_message()
    wish = Thinking(budget_tokens=2000)
    body, warning = encoded(said("go", calls, result, thinking=wish), SONNET_45)
    assert "thinking" not in body
    assert "made without it" in warning
    thought = Message(ASSISTANT, [ThinkingPart("hm", "sig")], [ToolCall("t", "f")])
    assert "thinking" in encoded(said("go", thought, result, thinking=wish), SONNET_45)[0]
    assert (
        "thinking"
        in encoded(said("go", Message(ASSISTANT, "plain"), Message(USER, "x"), thinking=wish), SONNET_45)[0]
    )
    settled = said("go", calls, result, Message(ASSISTANT, "done"), Message(USER, "more"), thinking=wish)
    assert "thinking" in encoded(settled, SONNET_45)[0]


@pytest.mark.parametrize(
    ("model", "temperature", "sent", "warned"),
    [
        (SONNET_45, 0.0, 0.0, False),
        (SONNET_45, 0.7, 0.7, False),
        (SONNET_45, 1.5, 1.0, True),
        (SONNET_45, None, None, False),
        (SONNET_5, 0.0, None, True),
        (SONNET_5, 0.7, None, False),
        (OPUS_46, 0.0, 0.0, False),
    ],
)
def test_temperature_is_sent_where_the_model_takes_it(
    model: str, temperature: float | None, sent: float | None, warned: bool
) -> None:
    body, warning = encoded(said("Hi", temperature=temperature), model)
    assert body.get("temperature") == sent
    assert ("temperature" in warning) is warned


def test_the_defaults_of_a_request_never_warn() -> None:
    """0.7 is nobody's wish: it goes without a word where it cannot be sent."""
    for model in (SONNET_45, SONNET_5, OPUS_55, UNKNOWN):
        assert encoded(UnifiedRequest("Hi"), model)[1] == ""
        assert encoded(UnifiedRequest("Hi", thinking=Thinking(enabled=True)), model)[1] == ""


def test_thinking_excludes_temperature_and_a_small_top_p() -> None:
    request = said("Hi", temperature=0.2, top_p=0.5, thinking=Thinking(budget_tokens=2000))
    body, warning = encoded(request, SONNET_45)
    assert not {"temperature", "top_p"} & set(body)
    assert "temperature was left out: with thinking it must be 1" in warning
    assert "top_p was left out" in warning
    body, warning = encoded(
        said("Hi", temperature=1.0, top_p=0.97, thinking=Thinking(budget_tokens=2000)), UNKNOWN
    )
    assert (body["temperature"], body["top_p"], warning) == (1.0, 0.97, "")


def test_newer_models_take_one_of_temperature_and_top_p() -> None:
    body, warning = encoded(said("Hi", temperature=0.2, top_p=0.5), SONNET_45)
    assert (body.get("temperature"), body["top_p"]) == (None, 0.5)
    assert "either top_p or temperature" in warning
    assert encoded(UnifiedRequest("Hi", top_p=0.5), SONNET_45)[1] == ""
    body, warning = encoded(said("Hi", temperature=0.2, top_p=0.5), HAIKU_35)
    assert (body["temperature"], body["top_p"], warning) == (0.2, 0.5, "")
    body, warning = encoded(said("Hi", top_p=0.5), SONNET_5)
    assert "top_p" not in body
    assert "top_p" in warning


def test_the_newest_api_version_has_no_sampling_at_all() -> None:
    newest = AnthropicMessages(version="2026-10-21")
    wire = newest.encode(said("Hi", temperature=0.0), Target("anthropic", SONNET_45))
    assert "temperature" not in wire.body
    assert wire.headers["anthropic-version"] == "2026-10-21"
    assert "2026-10-21 has none" in wire.warnings[0]
    assert newest.encode(UnifiedRequest("Hi"), Target("anthropic", SONNET_45)).warnings == ()


def test_a_prefilled_answer_is_sent_without_the_blanks_at_its_end() -> None:
    body, warning = encoded(said("Hi", "Once \n"), SONNET_45)
    assert (body["messages"][-1], warning) == ({"role": "assistant", "content": "Once"}, "")
    parts = Message(ASSISTANT, [ThinkingPart("x", "s")])
    assert encoded(said("Hi", parts), SONNET_45)[0]["messages"][-1]["role"] == "assistant"
    two = said("Hi", Message(ASSISTANT, "a"), Message(ASSISTANT, "b "))
    assert encoded(two, SONNET_45)[0]["messages"][-1]["content"][-1]["text"] == "b"


def test_a_prefilled_answer_is_left_out_where_the_model_refuses_it() -> None:
    body, warning = encoded(said("Hi", "Once"), OPUS_46)
    assert body["messages"] == [{"role": "user", "content": "Hi"}]
    assert "from a user's turn only" in warning


def test_a_paused_turn_goes_on_whatever_the_model_thinks_of_prefill() -> None:
    from swebench_runner.providers.core.messages import OpaquePart

    paused = Message(ASSISTANT, [OpaquePart("anthropic_messages", {"type": "server_tool_use", "id": "s"})])
    body, warning = encoded(said("Hi", paused), OPUS_46)
    assert (body["messages"][-1]["role"], warning) == ("assistant", "")


def test_a_named_tool_is_demanded_by_name() -> None:
    body, _ = encoded(said("Hi", tools=TOOLS, tool_choice=NamedTool("f")), SONNET_45)
    assert body["tool_choice"] == {"type": "tool", "name": "f"}
