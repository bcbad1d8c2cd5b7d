"""Amounts of money as the wire writes them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation


def usd_of(value: object) -> Decimal | None:
    """US dollars from a number or its text; None for anything else, and for a negative amount."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        return None
    return amount if amount.is_finite() and amount >= 0 else None


def per_million(value: object) -> Decimal | None:
    """A price per token as a price per million tokens."""
    amount = usd_of(value)
    return None if amount is None else amount * 1_000_000
