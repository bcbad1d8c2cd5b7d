"""How a Claude is asked to think: by a budget, by adapting, by a level of effort, or not at all.

Sources: https://platform.claude.com/docs/en/build-with-claude/thinking and the migration guides of the
models (2026-11); which model takes what is in the catalogue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from swebench_runner.providers.transforms.anthropic_messages_turns import lacks_thinking

if TYPE_CHECKING:
    from swebench_runner.providers.core.request import Thinking
    from swebench_runner.providers.transforms.openai_shared import Left

LEAST_BUDGET: Final = 1_024
BUDGETS: Final = {"low": 1_024, "medium": 4_096, "high": 16_384, "xhigh": 32_000, "max": 63_999}
"""What a level of effort is worth for models that take budgets only, in tokens."""


def think(wanted: Thinking, body: dict[str, Any], left: Left, *, ceiling_given: bool) -> dict[str, Any]:
    """The fields `thinking`, `output_config` and `max_tokens`, as far as they are needed.

    Args:
        wanted: What the caller asks for.
        body: What is said so far: turns, tools and the ceiling of the answer.
        left: Takes sentences about what could not be said.
        ceiling_given: Whether the caller set the ceiling; otherwise it grows with the budget.
    """
    facts = left.target.facts
    effort = _effort(wanted, left)
    if wanted.enabled is False or wanted.effort == "none":
        return {**_off(left), **_leveled(effort)}
    if facts.thinking == "none":
        if wanted.enabled or effort or wanted.budget_tokens:
            left.out("thinking", f"{left.target.model} does not think")
        return {}
    budget = _budget(wanted, effort, left)
    if budget is None:
        fields: dict[str, Any] = {}
        if (
            wanted.enabled
            or wanted.budget_tokens is not None
            or (wanted.summary and facts.thinking == "adaptive")
        ):
            fields["thinking"] = _shown({"type": "adaptive"}, wanted)
            if wanted.budget_tokens is not None and effort is None:
                effort = _effort_of_budget(wanted.budget_tokens)
                left.say(f"a thinking budget of {wanted.budget_tokens} tokens was sent as effort {effort!r}")
    else:
        fields = _with_budget(budget, wanted, body, left, ceiling_given=ceiling_given)
    if "effort" in facts.refuses:
        effort = None
    return {**fields, **_leveled(effort)}


def _off(left: Left) -> dict[str, Any]:
    refuses = left.target.facts.refuses
    if "thinking_off" in refuses:
        left.out("switching thinking off", f"{left.target.model} always thinks; a low effort keeps it short")
        return {}
    return {"thinking": {"type": "between_tools" if "thinking_disabled" in refuses else "disabled"}}


def _effort(wanted: Thinking, left: Left) -> str | None:
    """The level in Anthropic's words; "none" is not one."""
    if wanted.effort == "minimal":
        left.say("effort 'minimal' was sent as 'low', the least that Anthropic has")
        return "low"
    return None if wanted.effort == "none" else wanted.effort


def _budget(wanted: Thinking, effort: str | None, left: Left) -> int | None:
    """Tokens for thinking, for a model that is asked that way; None for one that is not."""
    facts = left.target.facts
    if "budget_tokens" in facts.refuses:
        return None
    if wanted.budget_tokens is not None:
        return wanted.budget_tokens
    if facts.thinking == "adaptive":
        return None
    if effort is not None and "effort" in facts.refuses:
        left.say(f"effort {effort!r} was sent as a thinking budget of {BUDGETS[effort]} tokens")
        return BUDGETS[effort]
    return BUDGETS[effort or "medium"] if wanted.enabled else None


def _with_budget(
    budget: int, wanted: Thinking, body: dict[str, Any], left: Left, *, ceiling_given: bool
) -> dict[str, Any]:
    """Thinking with a budget that fits under the ceiling of the answer, which it is part of."""
    most = left.target.facts.max_output_tokens
    ceiling = body["max_tokens"]
    if not ceiling_given:
        ceiling = ceiling + budget if most is None else min(ceiling + budget, most)
    fitting = min(max(budget, LEAST_BUDGET), ceiling - 1)
    if fitting < LEAST_BUDGET:
        left.out(
            "thinking", f"its least budget of {LEAST_BUDGET} tokens does not fit under max_tokens={ceiling}"
        )
        return {}
    if body.get("tool_choice", {}).get("type") in {"any", "tool"}:
        left.out("thinking", "a demanded tool call excludes a thinking budget")
        return {}
    if lacks_thinking(body["messages"]):
        left.out("thinking", "the calls that are being answered were made without it")
        return {}
    if fitting != budget:
        left.say(f"the thinking budget of {budget} tokens was changed to {fitting}")
    return {
        "thinking": _shown({"type": "enabled", "budget_tokens": fitting}, wanted),
        "max_tokens": ceiling,
    }


def _effort_of_budget(budget: int) -> str:
    return next((level for level, tokens in BUDGETS.items() if budget <= tokens), "max")


def _leveled(effort: str | None) -> dict[str, Any]:
    return {} if effort is None else {"output_config": {"effort": effort}}


def _shown(thinking: dict[str, Any], wanted: Thinking) -> dict[str, Any]:
    """With the wish for a readable summary; newer models give none by themselves."""
    return {**thinking, "display": "summarized"} if wanted.summary else thinking
