"""Whole files: a name, and under it in a fence or a tag all that the file shall be."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from swebench_runner.generation.patches.edits import Draft, EditFormat, FileEdit, split_lines
from swebench_runner.generation.patches.naming import path_above, path_in_info

if TYPE_CHECKING:
    from collections.abc import Container

    from swebench_runner.generation.patches.blocks import Block

_NOT_A_FILE = frozenset(
    (
        "diff",
        "patch",
        "bash",
        "sh",
        "shell",
        "console",
        "terminal",
        "output",
        "traceback",
        "pytb",
        "pycon",
        "log",
    )
)
_SCRIPTS = (".sh", ".bash", ".diff", ".patch", ".log")
_LEFT_OUT = re.compile(
    r"^\s*(?:#|//|/\*|<!--|--|;|%)?\s*(?:\.\.\.|…)\s*\(?\s*"
    r"(?:the )?(?:rest|existing|unchanged|remaining|other|same|previous|keep)\b",
    re.IGNORECASE,
)
_EXCERPT_MIN_LINES = 60
_EXCERPT_SHARE = 1 / 3


def read_whole_file(block: Block, *, known: Container[str] = ()) -> Draft | None:
    """The file that a block holds; None where the block is not one, or nothing right above it names it."""
    if block.kind == "bare":
        return None
    path = block.path or path_in_info(block.info, known) or path_above(block.before, known, alone=True)
    language = block.info.partition(" ")[0].lower()
    if not path or (language in _NOT_A_FILE and not path.endswith(_SCRIPTS)):
        return None
    lines = list(block.lines)
    if block.kind == "tag":
        lines = lines[not lines[0].strip() :]
        lines = lines[: len(lines) - (bool(lines) and not lines[-1].strip())]
    edit = FileEdit(path, path, content="".join(line + "\n" for line in lines))
    complete = block.closed
    return Draft(EditFormat.WHOLE_FILE, (edit,), block.position, complete=complete, closed=complete)


def rewrite(before: str, content: str) -> str:
    """The content as the file would have it: with its line ends, and with or without its last newline."""
    if not before:
        return content
    lines = split_lines(before)
    if (
        all(line.endswith("\r\n") for line in lines[:-1])
        and lines[0].endswith("\r\n")
        and "\r" not in content
    ):
        content = content.replace("\n", "\r\n")
    if not before.endswith("\n"):
        content = content.removesuffix("\n").removesuffix("\r")
    return content


def leaves_out(before: str, content: str) -> str:
    """Why the content cannot be the whole file; "" when it can."""
    known = set(before.split("\n"))
    for line in content.split("\n"):
        if _LEFT_OUT.match(line) and line not in known:
            return f"the new text leaves out part of the file: {line.strip()[:80]!r}"
    old, new = before.count("\n"), content.count("\n")
    if old >= _EXCERPT_MIN_LINES and new < old * _EXCERPT_SHARE:
        return f"{new} lines cannot stand for a file of {old}: they look like an excerpt"
    return ""
