"""Small datasets with their files, so that patches can be tried out."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FILE = "pkg/mod.py"
BEFORE = "def f():\n    return 1\n"


def row(number: int, **given: object) -> dict[str, object]:
    """One instance in the official columns, with a gold patch that applies to its file."""
    patch = (
        f"--- a/{FILE}\n+++ b/{FILE}\n@@ -1,2 +1,2 @@\n def f():\n-    return 1\n+    return {number + 2}\n"
    )
    return {
        "instance_id": f"acme__tool-{number:04}",
        "repo": "acme/tool",
        "base_commit": "0" * 40,
        "problem_statement": f"The function f returns the wrong number, case {number:04} of many.",
        "patch": f"diff --git a/{FILE} b/{FILE}\n{patch}",
        **given,
    }


def write_dataset(folder: Path, count: int, **given: object) -> tuple[Path, Path]:
    """A dataset and its oracle files: two paths."""
    dataset, oracle = folder / "tasks.jsonl", folder / "files.jsonl"
    rows = [row(number, **given) for number in range(count)]
    dataset.write_text("".join(json.dumps(one) + "\n" for one in rows))
    oracle.write_text(
        "".join(
            json.dumps({"instance_id": one["instance_id"], "oracle_files": {FILE: BEFORE}}) + "\n"
            for one in rows
        )
    )
    return dataset, oracle


def gold(count: int) -> dict[str, str]:
    """Problem statement to patch, for a simulator."""
    return {str(one["problem_statement"]): str(one["patch"]) for one in map(row, range(count))}
