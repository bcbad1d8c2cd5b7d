"""Runs made by hand, for comparisons and reports: no model is asked."""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from typing import TYPE_CHECKING

from swebench_runner.generation.journal.book import Journal
from swebench_runner.generation.journal.rows import REQUEUED, Answer, Failure, Intent, Result

if TYPE_CHECKING:
    from pathlib import Path

PATCH = "diff --git a/a.py b/a.py\n--- a/a.py\n+++ b/a.py\n@@ -1 +1 @@\n-old = 1\n+new = 2\n"


def write_run(
    folder: Path,
    outcomes: dict[str, str],
    *,
    lane: str = "openai/gpt-4o",
    cost_usd: str | None = "0.01",
    dataset: str = "sample",
    resolved: list[str] | None = None,
    answer: str = "Here it is.",
    patch: str = PATCH,
    detail: str = "",
) -> Path:
    """A run in a folder: its journal and, when given, its evaluation."""
    settings = {"dataset": dataset, "split": "", "model": lane}
    with Journal.open(folder, settings=settings, settings_sha256="x", reserve_bytes=4096) as journal:
        asyncio.run(
            _fill(journal, outcomes, lane=lane, cost_usd=cost_usd, text=answer, patch=patch, detail=detail)
        )
    if resolved is not None:
        (folder / "evaluation.json").write_text(json.dumps({"resolved_ids": resolved}))
    return folder


async def _fill(
    journal: Journal,
    outcomes: dict[str, str],
    *,
    lane: str,
    cost_usd: str | None,
    text: str,
    patch: str,
    detail: str,
) -> None:
    for place, (name, outcome) in enumerate(outcomes.items(), start=1):
        call = await journal.begin(Intent(key=name, request_sha256=name, instance_id=name, lane=lane))
        found: int | None = None
        if outcome == REQUEUED:
            await journal.failed(call, Failure(error_type="server_error", message="<b>busy</b>"))
        else:
            found = call
            answer = Answer(
                text=text,
                lane=lane,
                finish_reason="stop",
                usage={"prompt_tokens": 100, "completion_tokens": 10},
                cost_usd=None if cost_usd is None else Decimal(cost_usd),
                latency_ms=100.0 * place,
            )
            await journal.done(call, answer)
        await journal.settle(
            Result(
                instance_id=name,
                instance_sha256="x",
                outcome=outcome,
                patch=patch if outcome in {"applies", "unchecked", "does_not_apply"} else "",
                detail=detail,
                call_id=found,
                lane=lane if found else "",
            )
        )
