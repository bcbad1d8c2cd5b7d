"""Files made to fit into a model's window, by an order that is always the same and written down.

1. Files are taken in their order, best first, and shown whole while they fit.
2. When they do not: beginning with the last file, whole files become excerpts around names in the problem.
3. When that is not enough: beginning with the last file, files are left out.

The problem and the instructions are never cut.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from swebench_runner.providers.core.json import JSON

LEFT_OUT: Final = "[lines left out]\n"
_AROUND: Final = 25
_HEAD_LINES: Final = 30
_MAX_SHARE: Final = 0.75
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{3,}")
_DEFINES: Final = re.compile(r"^\s*(?:async\s+def|def|class|func|function|fn|interface|struct|type)\s+(\w+)")


@dataclass(frozen=True, slots=True)
class Fitted:
    """What is shown of the files.

    Attributes:
        files: Path and text, best first.
        excerpts: By path, how many of how many lines are shown.
        dropped: Files that are not shown at all.
        tokens: Of what is shown, about.
    """

    files: Mapping[str, str]
    excerpts: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()
    tokens: int = 0

    @property
    def notes(self) -> dict[str, str]:
        """What a prompt says of files that are not whole."""
        return {path: f"{shown} of {total} lines" for path, (shown, total) in self.excerpts.items()}

    def to_json(self) -> dict[str, JSON]:
        """For the record of an instance."""
        return {
            "files": list(self.files),
            "excerpts": {path: list(counts) for path, counts in self.excerpts.items()},
            "dropped": list(self.dropped),
            "tokens": self.tokens,
        }


def fit(
    files: Mapping[str, str], *, problem: str, room_tokens: int | None, count: Callable[[str], int]
) -> Fitted:
    """As much of the files as there is room for.

    Args:
        files: Path and text, best first.
        problem: Names in it decide which part of a long file is shown.
        room_tokens: What the files may take; None when nobody knows the window: then all are shown.
        count: Tokens of a text.
    """
    sizes = {path: count(text) for path, text in files.items()}
    total = sum(sizes.values())
    if room_tokens is None or total <= room_tokens:
        return Fitted(dict(files), tokens=total)
    shown = dict(files)
    excerpts: dict[str, tuple[int, int]] = {}
    for path in reversed(list(files)):
        if total <= room_tokens:
            break
        text, lines = excerpt(files[path], problem)
        if not lines:
            continue
        shown[path], excerpts[path] = text, (lines, files[path].count("\n") + 1)
        total += count(text) - sizes[path]
        sizes[path] = count(text)
    dropped: list[str] = []
    for path in reversed(list(files)):
        if total <= room_tokens:
            break
        total -= sizes[path]
        dropped.append(path)
    kept = {path: text for path, text in shown.items() if path not in dropped}
    cut = {path: lines for path, lines in excerpts.items() if path in kept}
    return Fitted(kept, cut, tuple(reversed(dropped)), total)


def excerpt(text: str, problem: str) -> tuple[str, int]:
    """The parts of a text that have to do with a problem, and how many lines they are.

    The head of the file, and the surroundings of lines that define or use what the problem names. 0 lines
    when that would be most of the file, so that nothing is gained.
    """
    lines = text.splitlines(keepends=True)
    names = set(_NAME.findall(problem))
    wanted = set(range(min(_HEAD_LINES, len(lines))))
    hits = _hits(lines, names)
    limit = int(len(lines) * _MAX_SHARE)
    for number in hits:
        around = set(range(max(0, number - _AROUND), min(len(lines), number + _AROUND + 1)))
        if len(wanted | around) > limit:
            break
        wanted |= around
    if not wanted or len(wanted) > limit:
        return text, 0
    parts: list[str] = []
    for number, line in enumerate(lines):
        if number in wanted:
            parts.append(line)
        elif not parts or parts[-1] != LEFT_OUT:
            parts.append(LEFT_OUT)
    return "".join(parts), len(wanted)


def _hits(lines: Sequence[str], names: set[str]) -> list[int]:
    """Lines that matter, definitions first."""
    defining: list[int] = []
    using: list[int] = []
    for number, line in enumerate(lines):
        found = _DEFINES.match(line)
        if found and found[1] in names:
            defining.append(number)
        elif not names.isdisjoint(_NAME.findall(line)):
            using.append(number)
    return [*defining, *using]
