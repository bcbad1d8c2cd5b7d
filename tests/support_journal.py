"""Rows as a run would write them."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, TypeAlias

from swebench_runner.generation.journal.rows import Answer, Intent, Result

if TYPE_CHECKING:
    from collections.abc import Callable

    from swebench_runner.generation.journal.book import Journal

OpenJournal: TypeAlias = "Callable[..., Journal]"


def intent(instance_id: str = "a__b-1", **given: object) -> Intent:
    values: dict[str, object] = {
        "key": f"key of {instance_id}",
        "request_sha256": f"digest of {instance_id}",
        "instance_id": instance_id,
        "lane": "openai/gpt-4o",
        "reserved_usd": Decimal("0.05"),
    }
    return Intent(**{**values, **given})  # type: ignore[arg-type] # tests choose what to give


def answer(text: str = "a patch", **given: object) -> Answer:
    values: dict[str, object] = {
        "text": text,
        "lane": "openai/gpt-4o",
        "model": "gpt-4o-2024-08-06",
        "finish_reason": "stop",
        "usage": {"prompt_tokens": 10, "completion_tokens": 3},
        "cost_usd": Decimal("0.0000000123"),
        "latency_ms": 12.5,
        "request_id": "req_1",
        "tries": 2,
        "warnings": ("temperature was dropped",),
    }
    return Answer(**{**values, **given})  # type: ignore[arg-type] # tests choose what to give


def result(instance_id: str = "a__b-1", **given: object) -> Result:
    values: dict[str, object] = {
        "instance_id": instance_id,
        "instance_sha256": "data",
        "outcome": "applies",
        "patch": f"patch of {instance_id}\n",
        "lane": "openai/gpt-4o",
    }
    return Result(**{**values, **given})  # type: ignore[arg-type] # tests choose what to give
