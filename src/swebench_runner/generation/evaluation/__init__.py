"""Which predictions solve their instance: here for the sample, by the official harness for the rest."""

from __future__ import annotations

from swebench_runner.generation.evaluation.harness import harness_command, installed_harness
from swebench_runner.generation.evaluation.local import EvaluationReport, evaluate_local

__all__ = ["EvaluationReport", "evaluate_local", "harness_command", "installed_harness"]
