"""What a run will cost, before anything is asked: a likely figure and one that it cannot pass."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING, Final, Literal

from swebench_runner.generation.journal.rows import ZERO
from swebench_runner.providers.core.request import UnifiedRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from swebench_runner.generation.batch.answer import Sampling
    from swebench_runner.generation.batch.task import Question, Task
    from swebench_runner.generation.datasets.instances import Instance
    from swebench_runner.providers.base import Provider

SAMPLE: Final = 200
LIKELY_ANSWER_TOKENS: Final = 1_000
"""Visible tokens of a long answer: of 300 real ones half were below 400 and nine in ten below 650."""

USUAL_ANSWERS: Final = (400, 1_000)
"""A usual and a long answer, in tokens, where the question does not say: of the same 300 answers."""

RETRY_SHARES: Final = (Decimal("0.1"), Decimal("0.33"))
"""How many instances are asked again: usually, and at most nineteen times in twenty."""

QUOTED_SHARE: Final = Decimal("0.5")
"""What the quoted lines of a second question may add, as a share of the first question's ceiling."""

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
        p50_usd: As likely too much as too little; None when the price is unknown.
        p95_usd: With long answers everywhere and every third one asked for again; as above.
        worst_usd: With every answer as long as allowed, and every one asked for again as often as
            allowed; what a run cannot pass. None when the price is unknown.
    """

    instances: int
    measured: int
    price: Price
    prompt_tokens: int = 0
    likely_usd: Decimal | None = None
    ceiling_usd: Decimal | None = None
    median_usd: Decimal | None = None
    largest_usd: Decimal | None = None
    p50_usd: Decimal | None = None
    p95_usd: Decimal | None = None
    worst_usd: Decimal | None = None


@dataclass(slots=True)
class _Costs:
    """What one instance costs, for each of those measured."""

    tokens: list[int] = field(default_factory=list)
    likely: list[Decimal | None] = field(default_factory=list)
    ceiling: list[Decimal | None] = field(default_factory=list)
    p50: list[Decimal | None] = field(default_factory=list)
    p95: list[Decimal | None] = field(default_factory=list)
    worst: list[Decimal | None] = field(default_factory=list)


def estimate_run(
    instances: Iterable[Instance],
    *,
    total: int,
    provider: Provider,
    task: Task,
    sampling: Sampling,
    retries: int = 0,
) -> CostEstimate:
    """What asking these instances costs.

    Args:
        instances: Those that are not settled yet.
        total: How many they are. Of more than 200, 200 spread evenly are measured.
        provider: Who is asked.
        task: Makes the prompts.
        sampling: Ceiling of an answer.
        retries: How often an instance may be asked again.
    """
    if total <= 0:
        return CostEstimate(
            instances=0,
            measured=0,
            price="free",
            likely_usd=ZERO,
            ceiling_usd=ZERO,
            p50_usd=ZERO,
            p95_usd=ZERO,
            worst_usd=ZERO,
        )
    step = max(1, -(-total // SAMPLE))
    costs = _Costs()
    for instance in islice(instances, 0, None, step):
        _measure(costs, task.question(instance), provider, sampling, retries)
    share = Decimal(total) / max(1, len(costs.tokens))
    likely_usd, ceiling_usd = _total(costs.likely, share), _total(costs.ceiling, share)
    priced = sorted(cost for cost in costs.likely if cost is not None)
    return CostEstimate(
        instances=total,
        measured=len(costs.tokens),
        price=_price(ceiling_usd),
        prompt_tokens=int(sum(costs.tokens) * share),
        likely_usd=likely_usd,
        ceiling_usd=ceiling_usd,
        median_usd=priced[len(priced) // 2] if likely_usd is not None else None,
        largest_usd=priced[-1] if likely_usd is not None else None,
        p50_usd=_total(costs.p50, share),
        p95_usd=_total(costs.p95, share),
        worst_usd=_total(costs.worst, share),
    )


def _measure(costs: _Costs, question: Question, provider: Provider, sampling: Sampling, retries: int) -> None:
    request = UnifiedRequest(question.prompt, question.system, sampling.max_tokens)
    usual, long = question.answer_tokens or USUAL_ANSWERS
    limit = sampling.max_tokens

    def cost(answer_tokens: int | None) -> Decimal | None:
        if answer_tokens is not None and limit is not None:
            answer_tokens = min(answer_tokens, limit)
        return provider.estimate_cost(request, max_tokens=answer_tokens)

    ceiling = provider.estimate_cost(request)
    likely = provider.estimate_cost(request, max_tokens=_likely_answer(sampling))
    costs.tokens.append(provider.estimate_tokens(request))
    costs.likely.append(likely)
    costs.ceiling.append(ceiling)
    costs.p50.append(_times(cost(usual), 1 + min(retries, 1) * RETRY_SHARES[0]))
    costs.p95.append(_times(cost(long), 1 + min(retries, 1) * RETRY_SHARES[1]))
    # The second question brings the first answer along, and its own answer may be twice as long.
    again = provider.estimate_cost(request, max_tokens=3 * limit) if retries and limit else ceiling
    costs.worst.append(
        None if ceiling is None or again is None else ceiling + retries * (again + QUOTED_SHARE * ceiling)
    )


def _times(cost: Decimal | None, factor: Decimal) -> Decimal | None:
    return None if cost is None else cost * factor


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
