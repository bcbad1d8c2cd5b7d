"""Which source files a model is shown, where they come from, and how they are made to fit into its window."""

from __future__ import annotations

from swebench_runner.generation.context.oracle import OracleFiles, load_oracle_files

__all__ = ["OracleFiles", "load_oracle_files"]
