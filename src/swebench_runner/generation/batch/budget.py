"""Money set aside before each call, so that parallel calls cannot pass a limit together."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from typing import Final

WARN_SHARE: Final = Decimal("0.8")


class Budget:
    """A ceiling for what a run may spend.

    A call that does not fit waits while others are in flight, since most cost less than was set aside
    for them; it is refused when nothing is left to wait for.

    Args:
        limit_usd: The ceiling; None for none.
        spent_usd: What the run has spent before, calls with an unknown end included.
    """

    def __init__(self, limit_usd: Decimal | None, *, spent_usd: Decimal = Decimal(0)) -> None:
        self.limit_usd = limit_usd
        self.spent_usd = spent_usd
        self.reserved_usd = Decimal(0)
        self._in_flight = 0
        self._changed = asyncio.Condition()
        self._warned = False

    async def reserve(self, amount_usd: Decimal | None) -> bool:
        """Whether a call that may cost so much can be made; if so, `settle` has to follow.

        An unknown amount passes only where there is no limit.
        """
        if self.limit_usd is None:
            return True
        if amount_usd is None:
            return False
        async with self._changed:
            while self.spent_usd + self.reserved_usd + amount_usd > self.limit_usd:
                if not self._in_flight:
                    return False
                await self._changed.wait()
            self._in_flight += 1
            self.reserved_usd += amount_usd
        return True

    async def settle(self, reserved_usd: Decimal | None, cost_usd: Decimal | None) -> None:
        """Replace what was set aside by what it cost; by the amount itself when nobody knows."""
        actual = reserved_usd if cost_usd is None else cost_usd
        async with self._changed:
            self.spent_usd += actual or 0
            if self.limit_usd is not None:
                self._in_flight -= 1
                self.reserved_usd -= reserved_usd or 0
            self._changed.notify_all()

    def warning_due(self) -> bool:
        """True once, when most of the limit is spent."""
        if self.limit_usd is None or self._warned or self.spent_usd < self.limit_usd * WARN_SHARE:
            return False
        self._warned = True
        return True
