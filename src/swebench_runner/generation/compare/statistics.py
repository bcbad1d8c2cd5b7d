"""What can be said of a difference between two models: intervals and an exact paired test, with no tables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

SIGNIFICANCE: Final = 0.05
_Z_95: Final = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a share lies, with 95 % confidence; both between 0 and 1."""

    low: float
    high: float


def wilson(successes: int, trials: int) -> Interval:
    """The interval of a share that was seen `successes` times in `trials`; everything when there are none.

    Source: Wilson, J. Am. Stat. Assoc. 22 (1927), the score interval without continuity correction. It stays
    within 0 and 1 and is usable for few trials and for shares near the ends.
    """
    if not trials:
        return Interval(0.0, 1.0)
    share, square = successes / trials, _Z_95**2
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z_95 * math.sqrt(share * (1 - share) / trials + square / (4 * trials**2)) / (1 + square / trials)
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


def mcnemar(only_first: int, only_second: int) -> float:
    """How likely a difference at least as large is when neither is better: two-sided, exact.

    Args:
        only_first: Instances that the first alone got right.
        only_second: Instances that the second alone got right.

    Source: McNemar, Psychometrika 12 (1947), in its exact binomial form.
    """
    discordant = only_first + only_second
    fewer = min(only_first, only_second)
    tail = sum(math.comb(discordant, k) for k in range(fewer + 1))
    # Exact: the parts of this fraction are too large for a float.
    return min(1.0, float(Fraction(2 * tail, 2**discordant)))


def holm(p_values: Sequence[float]) -> list[float]:
    """The values raised for having been several, in their order: looking often finds something by chance.

    Source: Holm, Scand. J. Stat. 6 (1979).
    """
    raised = [0.0] * len(p_values)
    highest = 0.0
    for rank, place in enumerate(sorted(range(len(p_values)), key=lambda place: p_values[place])):
        highest = max(highest, min(1.0, (len(p_values) - rank) * p_values[place]))
        raised[place] = highest
    return raised


def quantile(values: Sequence[float], share: float) -> float | None:
    """The smallest value that so large a share of the values does not pass; None without values."""
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
