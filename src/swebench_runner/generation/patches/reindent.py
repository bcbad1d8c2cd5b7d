"""Indentation carried over: an answer that is indented otherwise than the file says how, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from swebench_runner.generation.patches.edits import Line

    Indents = dict[str, str]
    Rule = Callable[[str], str | None]


def reindenter(lines: Sequence[Line], file_lines: Sequence[str], start: int) -> Callable[[str], str] | None:
    """How to write an added line of a hunk in the file's own indentation.

    What counts are the removed lines; context only where nothing is removed, because its first column may
    have got lost, or doubled.

    Args:
        lines: The hunk; its old lines match the file but for white space.
        file_lines: The file.
        start: Index of the line in the file that matches the first old line.

    Returns:
        A function from text to text; None when the answer's indentation does not tell the file's.
    """
    old = [line for line in lines if line.tag != "+"]
    pairs = list(zip(old, file_lines[start : start + len(old)], strict=True))
    known = _read_indents((line.text, text) for line, text in pairs if line.tag == "-")
    if not known:
        known = _read_indents((line.text, text) for line, text in pairs)
        if known and all(abs(len(before) - len(after)) <= 1 for before, after in known):
            return str
    rule = _rule(known)
    added = [line.text for line in lines if line.tag == "+" and line.text.strip()]
    if rule is None or any(rule(_indent(text)) is None for text in added):
        return None

    def reindent(text: str) -> str:
        before = _indent(text)
        return (rule(before) or "") + text[len(before) :] if text.strip() else text

    return reindent


def _read_indents(pairs: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """Which indentation of the answer stands for which of the file."""
    return {(_indent(text), _indent(file_text)) for text, file_text in pairs if text.strip()}


def _rule(known: set[tuple[str, str]]) -> Rule | None:
    """The one change of indentation that explains all pairs; none at all when some are as in the file."""
    indented = known - {("", "")}
    if not indented:
        return str
    for rule in (_shift_rule(indented), _tab_rule(indented)):
        if rule is not None and all(rule(before) == after for before, after in known):
            return rule
    return str if any(before == after for before, after in known) else None


def _shift_rule(known: set[tuple[str, str]]) -> Rule | None:
    """As much more, or as much less, at the left of every line."""
    shifts = {_shift(before, after) for before, after in known}
    shift = shifts.pop() if len(shifts) == 1 else None
    if shift is None:
        return None
    longer, gone = shift
    return lambda indent: longer + indent.removeprefix(gone) if indent.startswith(gone) else None


def _shift(before: str, after: str) -> tuple[str, str] | None:
    """What the file has more at the left, and what it has less; None when it is neither."""
    if after.endswith(before):
        return after.removesuffix(before), ""
    return ("", before.removesuffix(after)) if before.endswith(after) else None


def _tab_rule(known: set[tuple[str, str]]) -> Rule | None:
    """Spaces for tabs or tabs for spaces, so many for one in every pair."""
    spaces_to_tabs = all(not before.strip(" ") and not after.strip("\t") for before, after in known)
    tabs_to_spaces = all(not before.strip("\t") and not after.strip(" ") for before, after in known)
    widths = {_width(before, after) for before, after in known}
    width = widths.pop() if len(widths) == 1 else 0
    if not width:
        return None
    if tabs_to_spaces:
        return lambda indent: indent.replace("\t", " " * width)
    return (lambda indent: indent.replace(" " * width, "\t")) if spaces_to_tabs else None


def _width(before: str, after: str) -> int:
    """Spaces a tab; 0 when they do not come out even."""
    wide, narrow = max(len(before), len(after)), min(len(before), len(after))
    return wide // narrow if narrow and wide % narrow == 0 else 0


def _indent(text: str) -> str:
    return text[: len(text) - len(text.lstrip(" \t"))]
