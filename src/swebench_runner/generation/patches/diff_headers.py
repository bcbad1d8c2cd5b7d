"""The lines above the hunks of one file in a unified diff: names, modes, and what happens to the file."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from swebench_runner.generation.patches import paths
from swebench_runner.generation.patches.edits import FileEdit, Hunk

if TYPE_CHECKING:
    from collections.abc import Sequence

_INDEX_MODE = re.compile(r"^[0-9a-fA-F]+\.\.[0-9a-fA-F]+ (\d{6})\s*$")
_BACKUP = (".orig", ".bak", ".old", "~")


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of a file before its first hunk; names without prefixes.

    Attributes:
        end: Index of the line after the header.
        old: Name before; "" unknown, None for none.
        new: Name after; "" unknown, None for none.
        old_mode: Mode before, if said.
        new_mode: Mode after, if said.
        moves: A rename or a copy is announced.
        copies: It is a copy.
        binary: The change is announced as binary.
    """

    end: int
    old: str | None = ""
    new: str | None = ""
    old_mode: str | None = None
    new_mode: str | None = None
    moves: bool = False
    copies: bool = False
    binary: bool = False

    def as_edit(self, hunks: tuple[Hunk, ...]) -> FileEdit:
        """The edit under this header. Two names without an announced move are two names of one file."""
        old, new = self.old, self.new
        if old and new and old != new and not self.moves:
            old = new = old if new.endswith(_BACKUP) else new
        return FileEdit(
            old,
            new,
            hunks,
            old_mode=self.old_mode,
            new_mode=self.new_mode,
            copies=self.copies,
            binary=self.binary,
        )


def read_header(lines: Sequence[str], index: int) -> Header:
    """The header that starts at a line; without any name when the line is a hunk's."""
    header = Header(index)
    if lines[index].startswith("diff --git "):
        old, new = paths.strip_prefixes(*paths.read_git_header(lines[index][len("diff --git ") :]))
        header = _read_extended(lines, Header(index + 1, old, new))
    return _read_names(lines, header)


def _read_extended(lines: Sequence[str], header: Header) -> Header:
    index = header.end
    while index < len(lines):
        changed = _read_extended_line(header, lines[index].rstrip("\r"))
        if changed is None:
            break
        header, index = changed, index + 1
    return replace(header, end=index)


def _read_extended_line(header: Header, line: str) -> Header | None:
    """The header with what one extended line adds; None when the line is no such line."""
    for start, read in _EXTENDED.items():
        if line.startswith(start):
            return read(header, line[len(start) :].strip())
    return None


def _read_names(lines: Sequence[str], header: Header) -> Header:
    index = header.end
    old, new = header.old, header.new
    if _starts(lines, index, "--- "):
        old = paths.read_header_path(lines[index][4:])
        index += 1
        new = old
        if _starts(lines, index, "+++ "):
            new = paths.read_header_path(lines[index][4:])
            index += 1
    elif _starts(lines, index, "+++ "):
        old = new = paths.read_header_path(lines[index][4:])
        index += 1
    if index == header.end:
        return header
    old, new = paths.strip_prefixes(old, new)
    if header.moves or header.old is None or header.new is None:
        old, new = header.old, header.new
    return replace(header, end=index, old=old, new=new)


def _starts(lines: Sequence[str], index: int, mark: str) -> bool:
    return index < len(lines) and lines[index].startswith(mark)


def _new_file(header: Header, mode: str) -> Header:
    return replace(header, old=None, new_mode=mode)


def _deleted_file(header: Header, mode: str) -> Header:
    return replace(header, new=None, old_mode=mode)


def _old_mode(header: Header, mode: str) -> Header:
    return replace(header, old_mode=mode)


def _new_mode(header: Header, mode: str) -> Header:
    return replace(header, new_mode=mode)


def _moved_from(header: Header, name: str) -> Header:
    return replace(header, old=paths.unquote(name), moves=True)


def _moved_to(header: Header, name: str) -> Header:
    return replace(header, new=paths.unquote(name), moves=True)


def _copied_from(header: Header, name: str) -> Header:
    return replace(header, old=paths.unquote(name), moves=True, copies=True)


def _index(header: Header, text: str) -> Header:
    found = _INDEX_MODE.match(text)
    return replace(header, old_mode=found[1], new_mode=found[1]) if found else header


def _binary(header: Header, _text: str) -> Header:
    return replace(header, binary=True)


def _same(header: Header, _text: str) -> Header:
    return header


_EXTENDED = {
    "old mode ": _old_mode,
    "new mode ": _new_mode,
    "new file mode ": _new_file,
    "deleted file mode ": _deleted_file,
    "rename from ": _moved_from,
    "rename to ": _moved_to,
    "copy from ": _copied_from,
    "copy to ": _moved_to,
    "similarity index": _same,
    "dissimilarity index": _same,
    "index ": _index,
    "GIT binary patch": _binary,
    "Binary files ": _binary,
}
