"""The examples run as they are, with the simulator as the far end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from swebench_runner.generation import sample
from swebench_runner.simulator import Simulator

if TYPE_CHECKING:
    from collections.abc import Iterator

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
SAYS = {
    "basic_usage.py": ["tokens, cost"],
    "batch_processing.py": ["applies"],
    "cost_before_asking.py": ["ollama/llama3.2", "at most $0.00000"],
    "own_provider.py": ["CAN YOU HEAR ME?"],
    "streaming.py": ["tokens of output"],
    "tools_across_providers.py": ["wants get_weather", "says: "],
}


def run(path: Path, env: dict[str, str], cwd: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, str(path), *arguments],
        env=env,
        cwd=cwd,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture
def simulator() -> Iterator[Simulator]:
    """A simulator that knows the answers to the sample."""
    gold = {one.problem_statement: one.patch for one in sample.load()}
    with Simulator(gold=gold).start_in_thread() as server:
        yield server


@pytest.mark.parametrize("name", SAYS)
def test_an_example_runs_offline(name: str, simulator: Simulator, tmp_path: Path) -> None:  # A161, A178, A179
    out = run(EXAMPLES / name, {**os.environ, **simulator.env()}, tmp_path)
    for words in SAYS[name]:
        assert words in out


@pytest.mark.parametrize("provider", ["openai", "anthropic", "ollama", "openrouter"])
def test_the_first_example_runs_with_every_provider(
    provider: str, simulator: Simulator, tmp_path: Path
) -> None:
    out = run(EXAMPLES / "basic_usage.py", {**os.environ, **simulator.env()}, tmp_path, provider)
    assert f"{provider}/" in out


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {*SAYS, "demo.py"}
