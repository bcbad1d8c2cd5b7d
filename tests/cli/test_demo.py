"""What `make demo` runs, from an empty folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parents[2] / "examples" / "demo.py"


def test_the_demo_answers_evaluates_and_sums_up(workplace: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(DEMO)],
        capture_output=True,
        text=True,
        check=False,
        cwd=workplace,
        env=os.environ,
    )
    assert done.returncode == 0, done.stderr
    assert "12 patches apply" in done.stdout
    assert "SIMULATED" in done.stdout
    rows = [json.loads(line) for line in (workplace / "runs/demo/predictions.jsonl").read_text().splitlines()]
    assert len(rows) == 12
    report = json.loads((workplace / "runs/demo/evaluation.json").read_text())
    assert 8 <= report["resolved_instances"] < 12  # some answers are wrong on purpose
    assert "| applies | 12 |" in (workplace / "runs/demo/summary.md").read_text()
