"""`swebench estimate` and `swebench prompt`: from the real prompts, and nobody is asked."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from swebench_runner.generation import sample
from swebench_runner.generation.prompts.template import default_text

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from support_cli import SwebenchCommand
    from swebench_runner.simulator import Simulator


def test_three_figures_in_order_without_a_key(swebench: SwebenchCommand) -> None:
    done = swebench("estimate", "-p", "openai", "-m", "gpt-4o", "-d", "sample", "--json")
    assert done.code == 0
    p50, p95, worst = (Decimal(done.json[name]) for name in ("p50_usd", "p95_usd", "worst_usd"))
    assert Decimal(0) < p50 < p95 < worst
    assert done.json["instances"] == 12
    assert done.json["settings"]["edit format"] == "search_replace"


def test_more_answers_and_retries_cost_more(swebench: SwebenchCommand) -> None:
    def worst(*options: object) -> Decimal:
        common = ("estimate", "-p", "openai", "-m", "gpt-4o", "-d", "sample", "--json")
        return Decimal(swebench(*common, *options).json["worst_usd"])

    usual = worst()
    assert worst("--retries-on-mismatch", 0) < usual < worst("--retries-on-mismatch", 2)
    assert worst("--max-tokens", 100) < usual
    assert worst("-c", 3) < usual


def test_nobody_is_asked(
    swebench: SwebenchCommand, simulator: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in simulator.env().items():
        monkeypatch.setenv(name, value)
    for provider, model in (
        ("openai", "gpt-4o"),
        ("anthropic", "claude-sonnet-4-5"),
        ("simulator", "sim-gold"),
    ):
        assert swebench("estimate", "-p", provider, "-m", model, "-d", "sample").code == 0
        assert (
            swebench("prompt", "show", "sample__lru-1", "-p", provider, "-m", model, "-d", "sample").code == 0
        )
    assert simulator.requests == ()


def test_an_unknown_price_is_unknown(swebench: SwebenchCommand) -> None:
    done = swebench("estimate", "-p", "openai", "-m", "brand-new-model", "-d", "sample")
    assert "unknown" in done.out
    assert "Cost: nothing" in swebench("estimate").out


def test_a_table_for_people(swebench: SwebenchCommand) -> None:
    done = swebench("estimate", "-p", "openai", "-m", "gpt-4o", "-d", "sample", "-c", 2)
    assert "openai/gpt-4o: 2 instances" in done.out
    assert [line.split()[0] for line in done.out.splitlines()[2:]] == ["p50", "p95", "worst"]


def test_a_prompt_is_shown_to_the_letter(swebench: SwebenchCommand) -> None:
    done = swebench("prompt", "show", "sample__slug-1", "-d", "sample", "-p", "openai", "-m", "gpt-4o")
    for path, text in sample.files("sample__slug-1").items():
        assert f"[start of {path}]\n{text}" in done.out
    assert "<<<<<<< SEARCH" in done.out
    told = swebench(
        "prompt", "show", "sample__slug-1", "-d", "sample", "--edit-format", "whole_file", "--json"
    )
    assert told.json["format"] == "whole_file"
    assert told.json["context"]["dropped"] == []
    assert told.json["tokens"] > 100


def test_the_template_is_printed_and_taken_back(swebench: SwebenchCommand, workplace: Path) -> None:
    done = swebench("prompt", "template")
    assert done.out == default_text()
    (workplace / "mine.txt").write_text(done.out.replace("Repository:", "Project:"))
    shown = swebench("prompt", "show", "sample__lru-1", "-d", "sample", "--template", "mine.txt")
    assert "Project: " in shown.out
    run = swebench("generate", "-o", "run", "-c", 1, "--template", "mine.txt", "--json")
    assert run.json["settings"]["template"].startswith("mine.txt ")


def test_an_instance_that_is_not_there_is_one_line(swebench: SwebenchCommand) -> None:
    assert "nowhere-1" in swebench("prompt", "show", "nowhere-1", "-d", "sample").complaint
