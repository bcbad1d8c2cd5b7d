"""Unified diffs as models write them: numbers that lie, lost prefixes, prose glued to the end.

A hunk is first read by its counts, as git does. Only where they do not lead to a place at which a hunk
can end is it read by its lines instead; then everything that can be a line of the hunk is one.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from swebench_runner.generation.patches import diff_headers
from swebench_runner.generation.patches.edits import Draft, EditFormat, FileEdit, Hunk, Line, Tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.generation.patches.blocks import Block

_NUMBERS = re.compile(r"-(\d{1,9})(?:,(\d{1,9}))?\s+\+(\d{1,9})(?:,(\d{1,9}))?")
_FENCE = re.compile(r"^(?:`{3,}|~{3,})")
_VERSION = re.compile(r"^\d+\.\d+")
_BULLET = re.compile(r"^[-+*] \S")
_SENTENCE = re.compile(r"^(?:[A-Z][\w'’]*|\*\*.+|#{1,6}|\d+\.|[-*>])(?: \S+){2,}$")  # noqa: RUF001 - models write it
_CODE_END = ("(", "[", "{", ",", ";", "=", "\\")
_TAGS: dict[str, Tag] = {" ": " ", "-": "-", "+": "+"}


class _Body(NamedTuple):
    """Lines of a hunk, and the index after them."""

    lines: list[Line]
    end: int


class _Section(NamedTuple):
    """What stands under one file header, the index after it, and whether its last hunk falls short."""

    edit: FileEdit
    end: int
    short: bool


def read_unified(block: Block) -> list[Draft]:
    """The diffs in a block. A fence holds one; in prose, text between two of them parts them."""
    reader = _Reader(block.lines, prose=block.kind != "fence")
    drafts: list[Draft] = []
    edits: list[FileEdit] = []
    start = index = 0
    short = False

    def close(short: bool) -> None:  # noqa: FBT001 - a local name for what follows
        changed = tuple(edit for edit in merge_same_file(edits) if edit.changes)
        if changed:
            cut = not block.closed and short
            closed = None if block.kind == "bare" else block.closed
            drafts.append(Draft(EditFormat.UNIFIED_DIFF, changed, block.position + start, not cut, closed))
        edits.clear()

    while index < len(block.lines):
        if not reader.starts_file(index) and not reader.starts_lone_hunk(index):
            if reader.prose and block.lines[index].strip() and edits:
                close(short=False)
            index += 1
            continue
        start = start if edits else index
        section = reader.read_section(index)
        edits.append(section.edit)
        index, short = section.end, section.short
    close(short)
    return drafts


def merge_same_file(edits: Sequence[FileEdit]) -> list[FileEdit]:
    """One edit a file: a header that is repeated before each hunk adds hunks to the first."""
    merged: dict[tuple[str | None, str | None], FileEdit] = {}
    for edit in edits:
        key = (edit.old_path, edit.new_path)
        known = merged.get(key)
        merged[key] = replace(known, hunks=tuple(dict.fromkeys(known.hunks + edit.hunks))) if known else edit
    return list(merged.values())


class _Reader:
    def __init__(self, lines: Sequence[str], *, prose: bool) -> None:
        self._lines = lines
        self.prose = prose

    def starts_file(self, index: int) -> bool:
        """A header of a file begins here, seen from outside of a hunk."""
        line, following = self._line(index), self._line(index + 1)
        if line.startswith("diff --git "):
            return True
        if line.startswith("--- "):
            return following.startswith(("+++ ", "@@"))
        return line.startswith("+++ ") and following.startswith("@@")

    def starts_lone_hunk(self, index: int) -> bool:
        """A hunk without a header begins here."""
        return self._line(index).startswith("@@") and self._line(index + 1)[:1] in ("+", "-", " ")

    def read_section(self, index: int) -> _Section:
        """One file: its header and every hunk under it."""
        header = diff_headers.read_header(self._lines, index)
        index = header.end
        hunks: list[Hunk] = []
        short = False
        while index < len(self._lines):
            at = self._skip_blank(index)
            if self._line(at).startswith("@@"):
                hunk, index = self._read_hunk(at)
            elif not hunks and self._is_headless_body(at):
                hunk, index = self._read_body(at, Hunk(()), headless=True)
            else:
                break
            hunks.append(hunk)
            short = _falls_short(hunk)
        return _Section(header.as_edit(tuple(hunk for hunk in hunks if hunk.lines)), index, short)

    def _read_hunk(self, index: int) -> tuple[Hunk, int]:
        line = self._lines[index]
        heading = line.rpartition("@@")[2].strip() if line.count("@@") > 1 else ""
        found = _NUMBERS.search(line)
        if found is None:
            anchor = line.strip("@ \r.")
            return self._read_body(index + 1, Hunk((), anchors=(anchor,) if anchor else ()))
        old, new = (int(found[group]) if found[group] else 1 for group in (2, 4))
        empty = Hunk((), int(found[1]), (old, new), (heading,) if heading else ())
        return self._read_body(index + 1, empty)

    def _read_body(self, index: int, hunk: Hunk, *, headless: bool = False) -> tuple[Hunk, int]:
        limit = self._hunk_limit(index, headless=headless)
        last_change = self._last_change(index, limit)
        body = self._by_counts(index, hunk.declared, last_change) if hunk.declared else None
        if body is None or body.end > limit:
            body = self._by_lines(index, limit, last_change, hunk.declared)
        lines = _without_stray_blanks(body.lines, hunk.declared)
        return replace(hunk, lines=tuple(lines)), body.end

    def _by_counts(self, index: int, declared: tuple[int, int], last_change: int) -> _Body | None:
        """The body if the counts are true: they end it at a place where a hunk may end."""
        old_left, new_left = declared
        lines: list[Line] = []
        while old_left > 0 or new_left > 0 or self._line(index).startswith("\\"):
            line = self._line(index, "")
            if index >= len(self._lines) or line[:1] not in ("", " ", "-", "+", "\\"):
                return None
            if not _mark_bare(lines, line):
                lines.append(_read_line(line))
                old_left -= lines[-1].tag != "+"
                new_left -= lines[-1].tag != "-"
            index += 1
        goes_on = index <= last_change or self._line(index).startswith(" ")
        return None if old_left or new_left or goes_on else _Body(lines, index)

    def _by_lines(self, index: int, limit: int, last_change: int, declared: tuple[int, int] | None) -> _Body:
        """The body by what its lines look like, up to the next header or to where prose begins."""
        lines: list[Line] = []
        while index < limit:
            line = self._lines[index]
            if index > last_change and self._is_prose(index, lines, declared):
                break
            if not _mark_bare(lines, line):
                lines.append(_read_line(line))
            index += 1
        return _Body(lines, index)

    def _is_prose(self, index: int, lines: Sequence[Line], declared: tuple[int, int] | None) -> bool:
        """Whether the text after the last change of a hunk is no context any more."""
        line = self._lines[index]
        after_blank = index > 0 and not self._lines[index - 1].strip()
        if self.prose and after_blank and _BULLET.match(line):
            return True
        if line[:1] in ("", " ", "-", "+", "\\", "\t"):
            return False
        satisfied = declared is not None and _reach(lines, declared)
        sentence = bool(_SENTENCE.match(line)) and not line.rstrip().endswith(_CODE_END)
        if self.prose:
            return after_blank or sentence or satisfied
        return sentence and satisfied

    def _hunk_limit(self, index: int, *, headless: bool) -> int:
        """The first line from here on that cannot belong to a hunk, whatever its counts.

        Where hunks have no "@@", names of files end one even if no "@@" follows them.
        """
        while index < len(self._lines) and not self._is_boundary(index):
            if headless and self.starts_file(index):
                break
            index += 1
        return index

    def _is_boundary(self, index: int) -> bool:
        line = self._lines[index]
        if line.startswith(("@@", "diff --git ", "Index: ", "*** End Patch")) or _FENCE.match(line):
            return True
        if line.startswith("--- "):
            return self._line(index + 1).startswith("+++ ") and self._line(index + 2).startswith("@@")
        return line.rstrip() == "--" and bool(_VERSION.match(self._line(index + 1)))

    def _last_change(self, index: int, limit: int) -> int:
        """The last added or removed line before the limit; in prose a list may follow, which is none."""
        last = index - 1
        in_list = False
        for at in range(index, limit):
            line = self._lines[at]
            after_diff = self._line(at - 1)[:1] in ("+", "-", " ", "@") and not in_list
            in_list = self.prose and bool(_BULLET.match(line)) and not after_diff
            if line[:1] in ("+", "-") and not in_list:
                last = at
        return last

    def _is_headless_body(self, index: int) -> bool:
        """Lines of a hunk right after the file header, with no "@@" between."""
        if self._line(index)[:1] not in ("+", "-", " ") or self.starts_file(index):
            return False
        return self._last_change(index, self._hunk_limit(index, headless=True)) >= index

    def _skip_blank(self, index: int) -> int:
        while index < len(self._lines) and not self._lines[index].strip():
            index += 1
        return index

    def _line(self, index: int, default: str = "") -> str:
        return self._lines[index] if 0 <= index < len(self._lines) else default


def _read_line(line: str) -> Line:
    tag = _TAGS.get(line[:1])
    return Line(" ", line, loose=True) if tag is None else Line(tag, line[1:])


def _mark_bare(lines: list[Line], line: str) -> bool:
    r"""Whether this is the remark that the line before it has no newline; it is noted there."""
    if not line.startswith("\\ ") or not lines:
        return False
    lines[-1] = lines[-1]._replace(bare=True)
    return True


def _without_stray_blanks(lines: list[Line], declared: tuple[int, int] | None) -> list[Line]:
    """The hunk without blank context at its end that is there by formatting: neither counted nor prefixed."""
    end = len(lines)
    while end and lines[end - 1].tag == " " and lines[end - 1].blank and not lines[end - 1].bare:
        counts = _count(lines[:end])
        if counts == declared:
            break
        surplus = declared is not None and counts[0] > declared[0] and counts[1] > declared[1]
        if not surplus and not lines[end - 1].loose:
            break
        end -= 1
    return lines[:end]


def _count(lines: Sequence[Line]) -> tuple[int, int]:
    return sum(line.tag != "+" for line in lines), sum(line.tag != "-" for line in lines)


def _reach(lines: Sequence[Line], declared: tuple[int, int]) -> bool:
    old, new = _count(lines)
    return old >= declared[0] and new >= declared[1]


def _falls_short(hunk: Hunk) -> bool:
    return hunk.declared is not None and not _reach(hunk.lines, hunk.declared)
