"""Indentation carried over: an answer that is indented otherwise than the file says how, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from swebench_runner.generation.patches.edits import Line

Indents = dict[str, str]


def reindenter(lines: Sequence[Line], file_lines: Sequence[str], start: int) -> Callable[[str], str] | None:
    """How to write an added line of a hunk in the file's own indentation.

    What matters are the removed lines; context only where nothing is removed, because its first column may
    have got lost.

    Args:
        lines: The hunk; its old lines match the file but for white space.
        file_lines: The file.
        start: Index of the line in the file that matches the first old line.

    Returns:
        A function from text to text; None when the answer's indentation does not tell the file's.
    """
    old = [line for line in lines if line.tag != "+"]
    pairs = list(zip(old, file_lines[start : start + len(old)], strict=True))
    removed = _read_indents((line.text, text) for line, text in pairs if line.tag == "-")
    if removed == {}:
        removed = _read_indents((line.text, text) for line, text in pairs)
        removed = (
            _read_indents((" " + line.text, text) for line, text in pairs) if removed is None else removed
        )
    added = [line.text for line in lines if line.tag == "+" and not line.blank]
    if removed is None or any(_carry(_indent(text), removed) is None for text in added):
        return None
    known = removed

    def reindent(text: str) -> str:
        before = _indent(text)
        return (_carry(before, known) or "") + text[len(before) :] if text.strip() else text

    return reindent


def _read_indents(pairs: Iterable[tuple[str, str]]) -> Indents | None:
    """Which indentation of the answer stands for which of the file; None when one stands for two."""
    known: Indents = {}
    for text, file_text in pairs:
        if text.strip() and known.setdefault(_indent(text), _indent(file_text)) != _indent(file_text):
            return None
    return known


def _carry(indent: str, known: Indents) -> str | None:
    """The file's indentation for one of the answer's: seen before, or seen and then some, or some less."""
    if indent in known or not known:
        return known.get(indent, indent)
    inner = [before for before in known if indent.startswith(before)]
    if inner:
        base = max(inner, key=len)
        return known[base] + _in_tabs(indent[len(base) :], known)
    shifts = {_shift(before, after) for before, after in known.items()}
    if len(shifts) != 1:
        return None
    shift = shifts.pop()
    if shift is None:
        return None
    longer, gone = shift
    return longer + indent.removeprefix(gone) if indent.startswith(gone) else None


def _shift(before: str, after: str) -> tuple[str, str] | None:
    """What the file has more at the left, and what it has less; None when it is neither."""
    if after.endswith(before):
        return after.removesuffix(before), ""
    return ("", before.removesuffix(after)) if before.endswith(after) else None


def _in_tabs(spaces: str, known: Indents) -> str:
    """Further indentation in tabs, where the pairs say how many spaces a tab stands for."""
    for before, after in known.items():
        if before.strip(" ") or not after or after.strip("\t"):
            continue
        width, rest = divmod(len(before), len(after))
        if width and not rest and not spaces.strip(" ") and len(spaces) % width == 0:
            return "\t" * (len(spaces) // width)
    return spaces


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]
