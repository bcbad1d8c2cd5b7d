"""Patch envelopes: "*** Begin Patch", a section a file, hunks without numbers, "*** End Patch"."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from swebench_runner.generation.patches.edits import Draft, EditFormat, FileEdit, Hunk, Line, Tag

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from swebench_runner.generation.patches.blocks import Block

_SECTION = re.compile(r"^\*\*\* (Update|Add|Delete) File: (.+?)\s*$")
_MOVE = re.compile(r"^\*\*\* (?:Move|Rename) to: (.+?)\s*$")
_BEGIN = re.compile(r"^\*\*\* Begin Patch\s*$")
_END = re.compile(r"^\*\*\* End Patch\s*$")
_END_OF_FILE = re.compile(r"^\*\*\* End of File\s*$")
_STOP = re.compile(r"^(?:`{3,}|~{3,})")
_TAGS: dict[str, Tag] = {" ": " ", "-": "-", "+": "+"}


class _Section(NamedTuple):
    kind: str
    path: str
    lines: list[str]


def holds_envelope(block: Block) -> bool:
    """There is a section of an envelope in the block."""
    return any(_SECTION.match(line) for line in block.lines)


def read_envelopes(block: Block) -> list[Draft]:
    """The envelopes of a block; sections without an envelope around them count as one."""
    drafts: list[Draft] = []
    for start, lines, ended in _envelopes(block.lines):
        edits = tuple(edit for section in _sections(lines) if (edit := _as_edit(section)).changes)
        if edits:
            closed = ended or (block.closed and block.kind != "bare")
            position = block.position + start
            drafts.append(Draft(EditFormat.PATCH_ENVELOPE, edits, position, complete=closed, closed=closed))
    return drafts


def _envelopes(lines: Sequence[str]) -> Iterator[tuple[int, list[str], bool]]:
    """First line, lines, and whether the end is marked."""
    start, found = 0, list[str]()
    for index, line in enumerate(lines):
        if _BEGIN.match(line) or _END.match(line) or _STOP.match(line):
            if found:
                yield start, found, bool(_END.match(line))
            found = []
        elif found or _SECTION.match(line):
            start = start if found else index
            found.append(line)
    if found:
        yield start, found, False


def _sections(lines: Sequence[str]) -> list[_Section]:
    sections: list[_Section] = []
    for line in lines:
        opening = _SECTION.match(line)
        if opening:
            sections.append(_Section(opening[1], opening[2].strip("`\"'").removeprefix("./"), []))
        else:
            sections[-1].lines.append(line)
    return sections


def _as_edit(section: _Section) -> FileEdit:
    if section.kind == "Delete":
        return FileEdit(section.path, None)
    if section.kind == "Add":
        return FileEdit(None, section.path, content=_added_text(section.lines))
    moved = next((found[1] for line in section.lines if (found := _MOVE.match(line))), section.path)
    body = [line for line in section.lines if not _MOVE.match(line)]
    return FileEdit(section.path, moved, tuple(hunk for hunk in _hunks(body) if hunk.changes))


def _added_text(lines: Sequence[str]) -> str:
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return "".join(line.removeprefix("+") + "\n" for line in lines)


def _hunks(lines: Sequence[str]) -> Iterator[Hunk]:
    anchors: list[str] = []
    body: list[Line] = []
    for line in lines:
        at_end = bool(_END_OF_FILE.match(line))
        if (at_end or line.startswith("@@")) and body:
            yield _hunk(body, anchors, at_end=at_end)
            anchors, body = [], []
        if line.startswith("@@"):
            anchor = line.strip("@ \r")
            anchors = [*anchors, anchor] if anchor else anchors
        elif not at_end:
            tag = _TAGS.get(line[:1])
            body.append(Line(" ", line, loose=True) if tag is None else Line(tag, line[1:]))
    if body:
        yield _hunk(body, anchors, at_end=False)


def _hunk(body: list[Line], anchors: list[str], *, at_end: bool) -> Hunk:
    while body and body[-1].loose and body[-1].blank:
        body.pop()
    return Hunk(tuple(body), anchors=tuple(anchors), at_end=at_end, keeps_ending=True)
