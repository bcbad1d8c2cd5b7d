"""One configuration from all its sources, with the origin of each value."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from swebench_runner.providers.core.config import ALIASES, ProviderConfig
from swebench_runner.providers.settings.env import from_environment

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.protocols import ProviderSpec


@dataclass(frozen=True, slots=True)
class Resolved:
    """A provider's configuration and, for each field that is set, where it came from."""

    config: ProviderConfig
    origins: Mapping[str, str]


def resolve(
    spec: ProviderSpec,
    arguments: Mapping[str, object] | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Resolved:
    """The configuration of a provider: argument, then environment, then what the provider brings along.

    Args:
        spec: The provider.
        arguments: Values given by the caller; None counts as not given.
        environ: Variables; those of the process when None.

    Raises:
        ConfigurationError: A value is out of range.
    """
    values: dict[str, object] = {}
    origins: dict[str, str] = {}
    for field, found in from_environment(spec, os.environ if environ is None else environ).items():
        values[field], origins[field] = found.value, f"environment {found.origin}"
    for name, value in (arguments or {}).items():
        if value is not None:
            field = ALIASES.get(name, name)
            values[field], origins[field] = value, "argument"
    return Resolved(ProviderConfig.of(spec.name, values), origins)
