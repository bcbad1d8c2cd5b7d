"""What differs between an answer as our code read it and as the reference readers did."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from swebench_runner.providers.core.messages import OpaquePart, TextPart, ThinkingPart, ToolCall

if TYPE_CHECKING:
    from recordings.expected import Call, Expected, Usage
    from swebench_runner.providers.core.errors import ProviderError
    from swebench_runner.providers.core.response import UnifiedResponse


def differences(expected: Expected, got: UnifiedResponse) -> list[str]:
    """One sentence for each thing that differs; empty when nothing does."""
    if expected.errors:
        return [
            f"expected {' or '.join(expected.errors)}, got an answer: {got.content[:80]!r} {got.finish_reason!r}"
        ]
    found = [
        *_unequal("content", expected.text, got.content),
        *_unequal("reasoning", expected.reasoning, got.reasoning),
        *_unequal("proofs", expected.proofs, proofs(got)),
        *_unequal(
            "refusal", expected.refusal or "", "" if got.refusal == expected.explained else got.refusal or ""
        ),
        *_unequal("response_id", expected.response_id or "", got.response_id or ""),
        *_unequal("model", expected.model or got.model, got.model),
        *_calls(expected.calls, got.tool_calls),
        *_usage(expected.usage, got),
        *_parts(expected, got),
    ]
    if expected.finish and got.finish_reason not in expected.finish:
        found.append(f"finish_reason: expected one of {expected.finish}, got {got.finish_reason!r}")
    if got.normalized_finish_reason.value not in expected.meaning:
        found.append(
            f"normalized: expected one of {expected.meaning}, got {got.normalized_finish_reason.value!r}"
        )
    return found


def wrong_error(expected: Expected, error: ProviderError) -> list[str]:
    """The difference between a failure that was expected and one that was raised."""
    classes = {cls.__name__ for cls in type(error).__mro__}
    if classes & set(expected.errors):
        return []
    wanted = " or ".join(expected.errors) or f"the answer {expected.text[:60]!r}"
    return [f"expected {wanted}, got {type(error).__name__}: {error.message[:160]}"]


def proofs(got: UnifiedResponse) -> list[str]:
    """Signatures and encrypted reasoning in their order, wherever a dialect keeps them."""
    found = []
    for part in got.parts:
        if isinstance(part, ThinkingPart):
            raw = part.raw or {}
            proof = part.signature or part.redacted or _first(raw, "signature", "encrypted_content", "data")
            if proof:
                found.append(str(proof))
    return found


def _first(raw: Any, *names: str) -> object:
    return next((raw[name] for name in names if raw.get(name)), None)


def _unequal(name: str, expected: object, got: object) -> list[str]:
    return [] if expected == got else [f"{name}: expected {_short(expected)}, got {_short(got)}"]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 300 else f"{text[:140]} … {text[-140:]}"


def _calls(expected: list[Call], got: tuple[ToolCall, ...]) -> list[str]:
    names = [call.name for call in expected]
    if [call.name for call in got][: len(names)] != names or len(got) != len(names):
        return [f"tool calls: expected {names}, got {[call.name for call in got]}"]
    found = []
    ids = [call.id for call in expected]
    for one, other in zip(expected, got, strict=True):
        if one.input is None:
            if other.error is None or other.input:
                found.append(
                    f"tool call {one.name}: arguments that are not an object were taken as {other.input!r}"
                )
        elif dict(other.input) != one.input or other.error:
            found.append(
                f"tool call {one.name}: expected {_short(one.input)}, got {_short(other.input)} ({other.error})"
            )
        if one.id and ids.count(one.id) == 1 and other.id != one.id:
            found.append(f"tool call {one.name}: expected id {one.id!r}, got {other.id!r}")
    if len({call.id for call in got}) != len(got) or not all(call.id for call in got):
        found.append(f"tool call ids are not unique: {[call.id for call in got]}")
    return found


def _usage(expected: Usage | None, response: UnifiedResponse) -> list[str]:
    got = response.usage
    if expected is None:
        return [] if got.source != "provider" else [f"usage: none was recorded, got {got}"]
    if got.source != "provider":
        return [f"usage: recorded figures, but the source is {got.source!r}"]
    cost = None if expected.cost_usd is None else Decimal(expected.cost_usd)
    pairs = {
        "prompt": (expected.prompt, got.prompt_tokens),
        "completion": (expected.completion, got.completion_tokens),
        "total": (expected.total, got.total_tokens),
        "cache_read": (expected.cache_read, got.cache_read_tokens),
        "cache_write": (expected.cache_write, got.cache_write_tokens),
        "cache_write_1h": (expected.cache_write_1h, got.cache_write_1h_tokens),
        "reasoning": (expected.reasoning, got.reasoning_tokens),
        "cost": (cost, got.reported_cost_usd),
    }
    wrong = {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}
    return [f"usage (expected, got): {wrong}"] if wrong else []


def _parts(expected: Expected, got: UnifiedResponse) -> list[str]:
    """Nothing that has to go back to the provider may be missing from `parts`."""
    found = []
    text = "".join(part.text for part in got.parts if isinstance(part, TextPart))
    if text != got.content:
        found.append(f"parts: text {_short(text)} is not the content {_short(got.content)}")
    calls = [part for part in got.parts if isinstance(part, ToolCall)]
    if calls != list(got.tool_calls):
        found.append(f"parts: calls {[call.name for call in calls]} are not tool_calls")
    kept = [dict(part.value) for part in got.parts if isinstance(part, OpaquePart)]
    lost = [block for block in expected.opaque if not any(_holds(value, block) for value in kept)]
    found += [f"parts: lost a block of type {block.get('type')!r}: {_short(block)}" for block in lost]
    return found


def _holds(value: dict[str, Any], block: dict[str, Any]) -> bool:
    return all(value.get(key) == item for key, item in block.items() if item is not None)
