"""SEARCH/REPLACE blocks: what is there, what shall be there, and above them the file it is in."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from swebench_runner.generation.patches.blocks import REPLACE_MARK, SEARCH_MARK
from swebench_runner.generation.patches.edits import Draft, EditFormat, FileEdit, Hunk, Line
from swebench_runner.generation.patches.naming import path_above, path_in_info

if TYPE_CHECKING:
    from collections.abc import Container, Sequence

    from swebench_runner.generation.patches.blocks import Block

_DIVIDER = re.compile(r"^={5,}\s*$")


def read_search_replace(block: Block, *, known: Container[str] = (), inherited: str = "") -> list[Draft]:
    """Every SEARCH/REPLACE block, one draft each.

    Args:
        block: Where they are.
        known: Names of files that exist.
        inherited: The file of the last block above; blocks without a name of their own are in it.

    Returns:
        Drafts in order. One that has no end is not complete and has no edit.
    """
    drafts: list[Draft] = []
    path = block.path or path_in_info(block.info, known) or path_above(block.before, known) or inherited
    index = after_last = 0
    while index < len(block.lines):
        opening = SEARCH_MARK.match(block.lines[index].rstrip("\r"))
        if not opening:
            index += 1
            continue
        path = path_above(block.lines[after_last:index], known) or path
        end = _end(block.lines, index, len(opening[1]))
        if end is None:
            drafts.append(
                Draft(EditFormat.SEARCH_REPLACE, (), block.position + index, complete=False, closed=False)
            )
            break
        hunk = _read(block.lines[index + 1 : end], len(opening[1]))
        if hunk is not None and hunk.changes:
            edit = FileEdit(path, path, (hunk,))
            drafts.append(
                Draft(EditFormat.SEARCH_REPLACE, (edit,), block.position + index, closed=block.closed)
            )
        index = after_last = end + 1
    return drafts


def _end(lines: Sequence[str], start: int, width: int) -> int | None:
    """The line that ends the block, by preference one with a mark as long as the opening one."""
    fallback: int | None = None
    for index in range(start + 1, len(lines)):
        line = lines[index].rstrip("\r")
        closing = REPLACE_MARK.match(line)
        if closing and len(closing[1]) == width:
            return index
        another = SEARCH_MARK.match(line)
        if another and len(another[1]) == width:
            break
        if closing and fallback is None:
            fallback = index
    return fallback


def _read(lines: Sequence[str], width: int) -> Hunk | None:
    """The block as a hunk; where several lines could be the divider, each is a reading of its own."""
    dividers = [index for index, line in enumerate(lines) if line.rstrip() == "=" * width]
    dividers = dividers or [index for index, line in enumerate(lines) if _DIVIDER.match(line)]
    readings = [_as_hunk(lines[:index], lines[index + 1 :]) for index in dividers]
    if not readings:
        return None
    first, *others = readings
    return Hunk(first.lines, ordered=False, keeps_ending=True, other_readings=tuple(others))


def _as_hunk(search: Sequence[str], replacement: Sequence[str]) -> Hunk:
    """What is the same at both ends is context."""
    lead = _common(search, replacement)
    trail = _common(search[lead:][::-1], replacement[lead:][::-1])
    lines = (
        *(Line(" ", text) for text in search[:lead]),
        *(Line("-", text) for text in search[lead : len(search) - trail]),
        *(Line("+", text) for text in replacement[lead : len(replacement) - trail]),
        *(Line(" ", text) for text in search[len(search) - trail :]),
    )
    return Hunk(lines, ordered=False, keeps_ending=True)


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = zip(one, other, strict=False)
    return next((index for index, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))
