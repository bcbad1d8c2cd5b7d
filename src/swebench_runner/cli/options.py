"""Kinds of values on the command line."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterable


class Dollars(click.ParamType):  # type: ignore[type-arg] # generic in newer versions of click only
    """An amount of US dollars, kept exactly: `5`, `0.25`, `$5`."""

    name = "USD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """The amount.

        Raises:
            click.BadParameter: It is not a positive number.
        """
        if isinstance(value, Decimal):
            return value
        try:
            amount = Decimal(str(value).strip().removeprefix("$"))
        except InvalidOperation:
            self.fail(f"{value!r} is not an amount of dollars", param, ctx)
        if not amount.is_finite() or amount <= 0:
            self.fail(f"{value!r} is not a positive amount", param, ctx)
        return amount


def split_commas(values: Iterable[str]) -> tuple[str, ...]:
    """The parts of options that may be repeated or hold several values with commas between them."""
    return tuple(part.strip() for value in values for part in value.split(",") if part.strip())
