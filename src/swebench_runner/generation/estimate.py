"""What a run will cost, before anything is asked: a likely figure and one that it cannot pass."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from swebench_runner.generation.journal.rows import ZERO
from swebench_runner.providers.core.request import UnifiedRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from swebench_runner.generation.batch.answer import Sampling
    from swebench_runner.generation.batch.task import Task
    from swebench_runner.generation.datasets.instances import Instance
    from swebench_runner.providers.base import Provider

SAMPLE: Final = 200
LIKELY_ANSWER_TOKENS: Final = 1_000
"""Visible tokens of a long answer: of 300 real ones half were below 400 and nine in ten below 650."""

CONFIRM_ABOVE_USD: Final = Decimal(1)

Price = Literal["known", "unknown", "free"]
Consent = Literal["given", "ask", "refuse"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CostEstimate:
    """What the instances that are still to be asked will cost.

    Attributes:
        instances: How many they are.
        measured: How many prompts were really built and counted; the rest is taken to be like them.
        price: Whether the model's price is known, unknown, or nothing at all.
        prompt_tokens: Of all instances.
        likely_usd: With answers of 1,000 tokens; None when the price is unknown.
        ceiling_usd: With every answer as long as allowed; None when the price is unknown.
        median_usd: Of one instance, likely; None when the price is unknown.
        largest_usd: The dearest of those measured, likely; None when the price is unknown.
    """

    instances: int
    measured: int
    price: Price
    prompt_tokens: int = 0
    likely_usd: Decimal | None = None
    ceiling_usd: Decimal | None = None
    median_usd: Decimal | None = None
    largest_usd: Decimal | None = None


def estimate_run(
    instances: Iterable[Instance], *, total: int, provider: Provider, task: Task, sampling: Sampling
) -> CostEstimate:
    """What asking these instances costs.

    Args:
        instances: Those that are not settled yet.
        total: How many they are. Of more than 200, 200 spread evenly are measured.
        provider: Who is asked.
        task: Makes the prompts.
        sampling: Ceiling of an answer.
    """
    if total <= 0:
        return CostEstimate(instances=0, measured=0, price="free", likely_usd=ZERO, ceiling_usd=ZERO)
    step = max(1, -(-total // SAMPLE))
    tokens: list[int] = []
    likely: list[Decimal | None] = []
    ceiling: list[Decimal | None] = []
    for instance in islice(instances, 0, None, step):
        question = task.question(instance)
        request = UnifiedRequest(question.prompt, question.system, sampling.max_tokens)
        tokens.append(provider.estimate_tokens(request))
        likely.append(provider.estimate_cost(request, max_tokens=_likely_answer(sampling)))
        ceiling.append(provider.estimate_cost(request))
    share = Decimal(total) / max(1, len(tokens))
    likely_usd, ceiling_usd = _total(likely, share), _total(ceiling, share)
    priced = sorted(cost for cost in likely if cost is not None)
    return CostEstimate(
        instances=total,
        measured=len(tokens),
        price=_price(ceiling_usd),
        prompt_tokens=int(sum(tokens) * share),
        likely_usd=likely_usd,
        ceiling_usd=ceiling_usd,
        median_usd=priced[len(priced) // 2] if likely_usd is not None else None,
        largest_usd=priced[-1] if likely_usd is not None else None,
    )


def _likely_answer(sampling: Sampling) -> int:
    return min(LIKELY_ANSWER_TOKENS, sampling.max_tokens or LIKELY_ANSWER_TOKENS)


def _total(costs: list[Decimal | None], share: Decimal) -> Decimal | None:
    known = [cost for cost in costs if cost is not None]
    return sum(known, ZERO) * share if known and len(known) == len(costs) else None


def _price(ceiling_usd: Decimal | None) -> Price:
    if ceiling_usd is None:
        return "unknown"
    return "known" if ceiling_usd else "free"


def consent(
    estimate: CostEstimate, *, local: bool, yes: bool, budget_usd: Decimal | None, interactive: bool
) -> Consent:
    """Whether a run may begin: at once, after a question, or not at all.

    Free and local models need nothing. A budget is consent up to its amount, and worth nothing where
    the price is unknown. On a terminal a likely cost of a dollar or less goes without a question; without one
    paid models need `--yes` or `--budget`.
    """
    unpriced = estimate.price == "unknown"
    if yes or estimate.instances == 0 or estimate.price == "free" or (local and unpriced):
        return "given"
    if budget_usd is not None and not unpriced:
        return "given"
    if not interactive:
        return "refuse"
    return "ask" if unpriced or (estimate.likely_usd or ZERO) > CONFIRM_ABOVE_USD else "given"
