"""Money, reserved before a call and settled after it, so that parallel calls cannot overshoot a ceiling.

A reservation is taken from every scope it concerns (run, day, provider, key) in one step, or from none.
What is not settled stays reserved: after a crash or an unknown outcome the money counts as spent.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.errors import BudgetExceededError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

ZERO: Final = Decimal(0)


@dataclass(frozen=True, slots=True)
class BudgetState:
    """One scope as it stands, in US dollars.

    Attributes:
        scope: For example "run", "day:2026-11-20", "provider:openai", "key:2".
        limit_usd: Ceiling; None for none.
        spent_usd: Settled.
        reserved_usd: Held for calls in flight.
        unpriced_calls: Settled calls whose cost nobody knows; they are not part of `spent_usd`.
    """

    scope: str
    limit_usd: Decimal | None
    spent_usd: Decimal
    reserved_usd: Decimal
    unpriced_calls: int

    @property
    def left_usd(self) -> Decimal | None:
        """What may still be reserved; None without a ceiling."""
        return None if self.limit_usd is None else self.limit_usd - self.spent_usd - self.reserved_usd


@dataclass(eq=False, slots=True)
class Reservation:
    """Money held for one call in each of its scopes."""

    scopes: tuple[str, ...]
    amount_usd: Decimal
    settled: bool = False


class BudgetLedger:
    """Ceilings and what was spent under them. Safe to use from many threads.

    Args:
        limits_usd: Scope to ceiling; scopes without one are only counted.
        warn_at: Share of a ceiling at which `on_warning` is called, once a scope.
        on_warning: Called with the scope's state, outside the lock.
        allow_unknown: Whether a call without a known price may be made under a ceiling.
    """

    def __init__(
        self,
        limits_usd: Mapping[str, Decimal] | None = None,
        *,
        warn_at: Decimal = Decimal("0.8"),
        on_warning: Callable[[BudgetState], None] | None = None,
        allow_unknown: bool = False,
    ) -> None:
        self._limits = dict(limits_usd or {})
        self._warn_at = warn_at
        self._on_warning = on_warning
        self._allow_unknown = allow_unknown
        self._spent: dict[str, Decimal] = {}
        self._reserved: dict[str, Decimal] = {}
        self._unpriced: dict[str, int] = {}
        self._warned: set[str] = set()
        self._lock = threading.Lock()

    def reserve(self, amount_usd: Decimal | None, scopes: Iterable[str] = ("run",)) -> Reservation:
        """Hold money for one call.

        Args:
            amount_usd: The most the call may cost; None when no price is known.
            scopes: Whose money it is.

        Raises:
            BudgetExceededError: A scope has not that much left, or the price is unknown under a ceiling.
        """
        named = tuple(scopes)
        if amount_usd is None:
            self._refuse_unknown(named)
        amount = amount_usd or ZERO
        with self._lock:
            for scope in named:
                self._refuse_overshoot(scope, amount)
            for scope in named:
                self._reserved[scope] = self._reserved.get(scope, ZERO) + amount
        return Reservation(named, amount)

    def settle(self, reservation: Reservation, cost_usd: Decimal | None) -> None:
        """Replace a reservation by what the call cost; once.

        Args:
            reservation: From `reserve`.
            cost_usd: The cost; None when nobody knows it, and the call is then counted as unpriced
                and books what was reserved for it.
        """
        with self._lock:
            if reservation.settled:
                return
            reservation.settled = True
            for scope in reservation.scopes:
                self._reserved[scope] -= reservation.amount_usd
                booked = reservation.amount_usd if cost_usd is None else cost_usd
                self._spent[scope] = self._spent.get(scope, ZERO) + booked
                if cost_usd is None:
                    self._unpriced[scope] = self._unpriced.get(scope, 0) + 1
            warnings = self._due_warnings(reservation.scopes)
        if self._on_warning is not None:
            for state in warnings:
                self._on_warning(state)

    def cancel(self, reservation: Reservation) -> None:
        """Give a reservation back: the call was never sent."""
        with self._lock:
            if not reservation.settled:
                reservation.settled = True
                for scope in reservation.scopes:
                    self._reserved[scope] -= reservation.amount_usd

    def state(self, scope: str = "run") -> BudgetState:
        """One scope as it stands."""
        with self._lock:
            return self._state(scope)

    def states(self) -> list[BudgetState]:
        """Every scope that has a ceiling or has seen a call."""
        with self._lock:
            names = dict.fromkeys([*self._limits, *self._reserved, *self._spent])
            return [self._state(scope) for scope in names]

    # -- within, under the lock ---------------------------------------------------------------

    def _state(self, scope: str) -> BudgetState:
        return BudgetState(
            scope,
            self._limits.get(scope),
            self._spent.get(scope, ZERO),
            self._reserved.get(scope, ZERO),
            self._unpriced.get(scope, 0),
        )

    def _refuse_unknown(self, scopes: tuple[str, ...]) -> None:
        limited = [scope for scope in scopes if scope in self._limits]
        if limited and not self._allow_unknown:
            raise BudgetExceededError(
                f"no price is known for this model, and {limited[0]!r} has a budget",
                hint="choose a model with a known price, set one, or allow unknown prices",
            )

    def _refuse_overshoot(self, scope: str, amount: Decimal) -> None:
        state = self._state(scope)
        left = state.left_usd
        if left is not None and amount > left:
            raise BudgetExceededError(
                f"the budget of {scope!r} is ${state.limit_usd:f}: ${state.spent_usd:f} is spent, "
                f"${state.reserved_usd:f} is held for calls in flight, and this one may cost ${amount:f}",
                hint="raise --budget, or choose a cheaper model",
            )

    def _due_warnings(self, scopes: tuple[str, ...]) -> list[BudgetState]:
        due = []
        for scope in scopes:
            limit = self._limits.get(scope)
            if limit is None or scope in self._warned:
                continue
            state = self._state(scope)
            if state.spent_usd + state.reserved_usd >= self._warn_at * limit:
                self._warned.add(scope)
                due.append(state)
        return due
