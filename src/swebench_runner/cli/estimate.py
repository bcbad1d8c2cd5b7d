"""`swebench estimate`: what a run would cost, from its real prompts; nobody is asked."""

from __future__ import annotations

import json
import os
from dataclasses import fields
from decimal import Decimal
from typing import TYPE_CHECKING

import click

from swebench_runner.cli.wishes import read_wishes, wish_options

if TYPE_CHECKING:
    from swebench_runner.generation.estimate import CostEstimate
    from swebench_runner.generation.run.plan import RunPlan


@click.command()
@wish_options
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document instead of tables.")
def estimate(**options: object) -> int:
    """Say what a run would cost: in the middle, nearly always at most, and at worst.

    Prompts are made and counted as `swebench generate` would make them, and nobody is asked. What is
    answered already in a run's folder is not taken off.

    Example: swebench estimate --provider openai --dataset lite --count 50 --context bm25
    """
    from swebench_runner.generation.run.generate import Pending, estimate_plan  # noqa: PLC0415 - for start-up
    from swebench_runner.generation.run.plan import plan_run  # noqa: PLC0415 - for start-up

    plan = plan_run(read_wishes(options), environ=os.environ, asks=False)
    found = estimate_plan(plan, Pending(frozenset(plan.instances.digests), {}))
    if options["as_json"]:
        click.echo(json.dumps(to_json(found, plan), indent=2, ensure_ascii=False))
        return 0
    for note in plan.notes:
        click.echo(f"  {note}", err=True)
    _print(found, plan)
    return 0


def to_json(found: CostEstimate, plan: RunPlan) -> dict[str, object]:
    """The estimate; money as text, so that it stays exact."""
    values = {field.name: getattr(found, field.name) for field in fields(found)}
    told = {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}
    return {"settings": plan.settings.to_dict(), **told}


def _print(found: CostEstimate, plan: RunPlan) -> None:
    from swebench_runner.cli.provider import print_table  # noqa: PLC0415 - brings rich
    from swebench_runner.generation.run.summary import money  # noqa: PLC0415 - for start-up

    click.echo(
        f"{plan.lanes[0].name}: {found.instances} instances, about {found.prompt_tokens:,} prompt tokens"
    )
    if found.price == "free":
        click.echo("Cost: nothing")
        return
    if found.price == "unknown":
        click.echo("Cost: unknown, no price is known for this model")
        return
    rows = [
        ("p50", money(found.p50_usd), "as likely more as less"),
        ("p95", money(found.p95_usd), "nineteen runs of twenty cost less"),
        ("worst", money(found.worst_usd), "every answer as long as allowed, every one asked for again"),
    ]
    print_table(("", "cost", ""), rows)
