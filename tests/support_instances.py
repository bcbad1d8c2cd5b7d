"""Files for instances whose repositories are not at hand: what their gold patches show of them.

A gold patch shows some lines of the files that it changes, and says where they are. Those lines at those
places, with filler between them, are enough to check whether a patch of the same shape applies.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_OCTAL = re.compile(rb"\\([0-7]{3})")


class ShownHunk(NamedTuple):
    """The old lines of one hunk, with their line ends, and the number of the first."""

    start: int
    old: list[str]


def filler(number: int) -> str:
    """The line with this number, of which the patch shows nothing; no two are the same."""
    return f"# filler for line {number}\n"


def pre_image(gold_patch: str) -> dict[str, str]:
    """The files that a patch changes, as far as it shows them. New files are not among them."""
    return {path: _rebuild(hunks) for path, hunks in _shown(gold_patch).items()}


def write_oracle_files(instances: list[dict[str, Any]], path: Path | str) -> None:
    """One JSON object a line: {"instance_id", "oracle_files": {path: text}}, from the gold patches."""
    with Path(path).open("w", encoding="utf-8") as lines:
        for instance in instances:
            files = pre_image(instance["patch"])
            row = {"instance_id": instance["instance_id"], "oracle_files": files}
            lines.write(json.dumps(row) + "\n")


def read_instances(path: Path | str) -> list[dict[str, Any]]:
    """The rows of a .jsonl file."""
    return [json.loads(line) for line in Path(path).read_text("utf-8").split("\n") if line]


def _rebuild(hunks: list[ShownHunk]) -> str:
    lines: list[str] = []
    for start, old in hunks:
        lines += [filler(number) for number in range(len(lines) + 1, start)]
        lines += old
    return "".join(lines)


def _shown(patch: str) -> dict[str, list[ShownHunk]]:
    files: dict[str, list[ShownHunk]] = {}
    path: str | None = None
    lines = patch.split("\n")
    index = 0
    while index < len(lines):
        line = lines[index]
        if line.startswith(("--- ", "rename from ")):
            path = _old_path(line)
            if path is not None:
                files.setdefault(path, [])
        head = _HUNK.match(line)
        index += 1
        if head:
            hunk, index = _read_hunk(lines, index, head)
            if path is not None:
                files[path].append(hunk)
    return files


def _old_path(line: str) -> str | None:
    name = line.removeprefix("rename from ").removeprefix("--- ").split("\t")[0]
    if name.startswith('"'):
        data = name.strip('"').encode("latin-1")
        name = _OCTAL.sub(lambda found: bytes([int(found[1], 8)]), data).decode("utf-8")
    if name == "/dev/null":
        return None
    return name if line.startswith("rename") else name.removeprefix("a/")


def _read_hunk(lines: list[str], index: int, head: re.Match[str]) -> tuple[ShownHunk, int]:
    old_left, new_left = int(head[2] or 1), int(head[4] or 1)
    old: list[str] = []
    kept_tag = ""
    while old_left or new_left or lines[index : index + 1] == ["\\ No newline at end of file"]:
        line = lines[index]
        index += 1
        if line.startswith("\\"):
            if kept_tag != "+":
                old[-1] = old[-1].removesuffix("\n")
            continue
        kept_tag = line[:1] or " "
        old_left -= kept_tag != "+"
        new_left -= kept_tag != "-"
        if kept_tag != "+":
            old.append(line[1:] + "\n")
    return ShownHunk(int(head[1]), old), index
