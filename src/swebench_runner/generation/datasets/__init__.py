"""Instances from a hub, from files and from the built-in sample."""

from __future__ import annotations

from swebench_runner.generation.datasets.instances import Instance
from swebench_runner.generation.datasets.loading import iter_dataset, load_dataset, load_swe_bench_instances
from swebench_runner.generation.datasets.manager import DatasetManager
from swebench_runner.generation.datasets.selection import select

__all__ = ["DatasetManager", "Instance", "iter_dataset", "load_dataset", "load_swe_bench_instances", "select"]
