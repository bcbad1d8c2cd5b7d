"""What a recorded answer says, in plain values: what the reference readers give and the comparison takes."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class Call:
    """A tool call: `input` is None where the recorded arguments are not an object."""

    id: str | None
    name: str
    input: dict[str, Any] | None


@dataclass(slots=True)
class Usage:
    """Tokens in the meaning of `TokenUsage`."""

    prompt: int
    completion: int
    total: int
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    reasoning: int = 0
    cost_usd: str | None = None


@dataclass(slots=True)
class Expected:
    """One answer, or one failure.

    Attributes:
        text: Visible text.
        calls: Tool calls in order.
        reasoning: Readable thinking.
        proofs: Signatures and encrypted reasoning in order, byte for byte.
        opaque: Blocks of the vendor's own (server tools and the like) that have to survive.
        finish: Words that count as the provider's own finish reason.
        meaning: Values of `FinishReason` that are right.
        usage: None where the recording has no figures.
        refusal: The model's words for declining; None where there are none.
        explained: Words about a refusal that may, but need not, count as the model's.
        errors: Names of the classes that are right, where the answer is a failure.
        response_id: The provider's id of the answer; None where it has none.
        model: The model as the provider names it.
    """

    text: str = ""
    calls: list[Call] = field(default_factory=list)
    reasoning: str = ""
    proofs: list[str] = field(default_factory=list)
    opaque: list[dict[str, Any]] = field(default_factory=list)
    finish: tuple[str, ...] = ()
    meaning: tuple[str, ...] = ()
    usage: Usage | None = None
    refusal: str | None = None
    explained: str | None = None
    errors: tuple[str, ...] = ()
    response_id: str | None = None
    model: str | None = None


def failure(*classes: str) -> Expected:
    """An answer that has to be one of these errors."""
    return Expected(errors=classes)


def arguments_of(value: object) -> dict[str, Any] | None:
    """Arguments as an object; {} for none at all, None where they are something else."""
    if isinstance(value, dict):
        return value
    if value is None or not isinstance(value, str) or not value.strip():
        return {}
    try:
        decoded = json.loads(value)
    except ValueError:
        return None
    if decoded is None:
        return {}
    return decoded if isinstance(decoded, dict) else None


def number(value: object) -> int:
    """A count of tokens; 0 where there is none."""
    return int(value) if isinstance(value, int | float) else 0
