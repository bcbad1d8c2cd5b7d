"""How long an answer may become, from how long the last ones were."""

from __future__ import annotations

from typing import Final

QUANTILE: Final = 0.9
MARGIN: Final = 1.2
FIRST_GUESS: Final = 1_000
STEP: Final = 0.1


class OutputForecast:
    """A running estimate of the length that nine answers in ten do not exceed, in tokens."""

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens: float | None = None

    def learn(self, output_tokens: int) -> None:
        """One more answer had so many tokens."""
        known = self._tokens
        if known is None:
            self._tokens = float(output_tokens)
            return
        step = STEP * max(known, 10.0)
        self._tokens = known + step * (QUANTILE if output_tokens > known else QUANTILE - 1.0)

    def expect(self, max_tokens: int | None) -> int:
        """What to reserve for the next answer, with a margin; never more than it may have."""
        guess = FIRST_GUESS if self._tokens is None else int(self._tokens * MARGIN) + 1
        return guess if max_tokens is None else min(guess, max_tokens)
