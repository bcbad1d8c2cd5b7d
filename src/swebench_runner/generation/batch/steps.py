"""Several answers for one instance: how the next question is put, and which answer counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.batch.events import Settled
from swebench_runner.generation.journal.rows import Answer, Result
from swebench_runner.generation.run.key import instance_sha256
from swebench_runner.providers.core.messages import Message, MessageRole

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.generation.batch.lanes import Lane
    from swebench_runner.generation.batch.task import Judgement, Question
    from swebench_runner.generation.datasets.instances import Instance
    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.request import UnifiedRequest

LONGER: Final = 2
"""An answer that was cut may be so many times as long the next time."""


@dataclass(frozen=True, slots=True)
class Step:
    """One answer and what it is worth.

    Attributes:
        call_id: The call that it came from.
        answer: What the model said.
        judgement: What it is worth.
        paid_before: It was in the journal already.
    """

    call_id: int
    answer: Answer
    judgement: Judgement
    paid_before: bool


def next_request(first: UnifiedRequest, last: Step, lane: Lane) -> UnifiedRequest:
    """The request that asks again, made from the first one and the last answer alone.

    So a process that finds both in the journal makes the same one, to the byte.
    """
    again = last.judgement.again
    if again is None:
        raise ValueError("there is nothing to ask again")
    request = first
    if again.longer and first.max_tokens is not None:
        request = replace(request, max_tokens=_longer(first.max_tokens, lane))
    if not again.quotes_answer:
        return replace(request, prompt=f"{first.prompt}\n\n{again.text}\n")
    said = (
        (MessageRole.SYSTEM, first.system_message or ""),
        (MessageRole.USER, first.prompt or ""),
        (MessageRole.ASSISTANT, last.answer.text.strip()),
        (MessageRole.USER, again.text),
    )
    messages = tuple(Message(role, text) for role, text in said if text)
    return replace(request, prompt=None, system_message=None, messages=messages)


def best_of(steps: Sequence[Step]) -> Step:
    """The answer that came furthest; of equal ones the first."""
    return min(steps, key=lambda step: step.judgement.rank)


def result_of(instance: Instance, question: Question, steps: Sequence[Step]) -> Result:
    """What the journal keeps of an instance: its best answer, and the story of all of them."""
    best = best_of(steps)
    return Result(
        instance_id=instance.instance_id,
        instance_sha256=instance_sha256(instance),
        outcome=best.judgement.outcome,
        patch=best.judgement.patch,
        detail=_detail(steps),
        call_id=best.call_id,
        lane=best.answer.lane,
        record=record_of(question, steps) if question.record or len(steps) > 1 else {},
    )


def record_of(question: Question, steps: Sequence[Step]) -> dict[str, JSON]:
    """How a result came about, for the report."""
    told: list[JSON] = [
        {"call": step.call_id, "outcome": step.judgement.outcome, "detail": step.judgement.detail}
        for step in steps
    ]
    return {**question.record, "answers": told}


def settled_of(instance: Instance, steps: Sequence[Step]) -> Settled:
    """What whoever watches is told: the best answer, and what all the new ones cost together."""
    best = best_of(steps)
    new = [step for step in steps if not step.paid_before]
    costs = [step.answer.cost_usd for step in new or steps]
    known = [cost for cost in costs if cost is not None]
    return Settled(
        instance_id=instance.instance_id,
        outcome=best.judgement.outcome,
        lane=best.answer.lane,
        detail=_detail(steps),
        cost_usd=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        latency_ms=sum(step.answer.latency_ms for step in steps),
        paid_before=not new,
    )


def _detail(steps: Sequence[Step]) -> str:
    best, first = best_of(steps), steps[0].judgement
    if len(steps) == 1:
        return best.judgement.detail
    reason = f" ({first.detail})" if first.detail and best is not steps[0] else ""
    asked = f"asked {len(steps)} times, first answer: {first.outcome}{reason}"
    return f"{best.judgement.detail}; {asked}" if best.judgement.detail else asked


def _longer(max_tokens: int, lane: Lane) -> int:
    facts = getattr(lane.provider, "facts", None)
    ceiling = facts().max_output_tokens if callable(facts) else None
    longer = max_tokens * LONGER
    return longer if ceiling is None else max(max_tokens, min(longer, ceiling))
