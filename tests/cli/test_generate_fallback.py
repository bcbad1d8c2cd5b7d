"""`--fallback` answers where the provider cannot, and says who did."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support_dataset import gold, write_dataset
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from support_cli import SwebenchCommand


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    with Simulator(gold=gold(10)).start_in_thread() as running:
        for name, value in running.env().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def asked(workplace: Path) -> list[object]:
    dataset, oracle = write_dataset(workplace, 10)
    return ["generate", "-d", dataset, "--oracle-files", oracle, "-o", "run", "--yes"]


def test_a_provider_without_credit_is_left_for_the_next(
    swebench: SwebenchCommand, simulator: Simulator, asked: list[object]
) -> None:
    done = swebench(*asked, "-p", "openai", "-m", "sim-402", "--fallback", "ollama/sim-gold,simulator")
    assert done.code == 0
    assert "Asking openai/sim-402 > ollama/sim-gold > simulator/sim-mixed about 10 instances" in done.err
    assert "openai/sim-402 is not asked any more" in done.err
    assert "failed (quota), asking ollama/sim-gold" in done.err
    summary = swebench(*asked, "-p", "openai", "-m", "sim-402", "--json").json
    assert summary["model_name_or_path"] == "ollama/sim-gold"
    assert summary["calls"]["done"] == 10
    assert 1 <= summary["calls"]["failed"] <= 5
    rows = [json.loads(line) for line in Path(summary["predictions"]).read_text().splitlines()]
    assert {row["model_name_or_path"] for row in rows} == {"ollama/sim-gold"}


def test_a_refused_prompt_is_not_routed_around(
    swebench: SwebenchCommand, simulator: Simulator, asked: list[object]
) -> None:
    done = swebench(*asked, "-p", "openai", "-m", "sim-policy", "--fallback", "ollama/sim-gold", "--json")
    assert (done.code, done.json["outcomes"]) == (1, {"refused": 10})
    assert simulator.count(model="sim-gold") == 0


def test_when_everybody_is_out_the_first_failure_is_told(
    swebench: SwebenchCommand, simulator: Simulator, asked: list[object]
) -> None:
    done = swebench(*asked, "-p", "openai", "-m", "sim-401", "--fallback", "anthropic/sim-402", "--json")
    assert done.code == 3
    assert "HTTP 401" in done.complaint
    assert done.json["stopped"] == "providers"


def test_a_fallback_that_cannot_be_used_is_known_before_anything_is_asked(
    swebench: SwebenchCommand, simulator: Simulator, asked: list[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.delenv("ANTHROPIC_BASE_URL")
    done = swebench(*asked, "-p", "openai", "-m", "sim-gold", "--fallback", "anthropic")
    assert done.code == 3
    assert "no API key for 'anthropic'" in done.complaint
    assert simulator.count() == 0
