"""Where in a file a hunk belongs, found by what its lines say and never guessed.

First the whole hunk is looked for, exactly, then with other white space. Then context is given up from
its outer ends, as long as what is left says where it is. Two places that are equally good are none.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, NamedTuple

from swebench_runner.generation.patches.edits import Hunk, Line
from swebench_runner.generation.patches.outcomes import Repair
from swebench_runner.generation.patches.reindent import reindenter
from swebench_runner.generation.patches.source import Level, Source, key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

_WORDS = re.compile(r"\w+")
_MIN_ANCHOR_CHARS = 3
_MAX_CANDIDATES = 100
_CLEARLY_NEARER = 2
"""Where context was given up, the second nearest place is at least so many times as far as the nearest."""
_KEPT_CONTEXT = 3
"""Context is given up down to this many lines in one step, then line by line."""


class Splice(NamedTuple):
    """Lines [start, end) of a file, by index, give way to new ones, which have their line ends."""

    start: int
    end: int
    new: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Placement:
    """A hunk that was found.

    Attributes:
        start: Index of its first old line.
        splices: What it does to the file.
        repairs: What had to be overlooked to find it.
    """

    start: int
    splices: tuple[Splice, ...]
    repairs: frozenset[Repair] = frozenset()

    @property
    def line(self) -> int:
        """Number of the first line that changes, from 1."""
        return (self.splices[0].start if self.splices else self.start) + 1

    @property
    def end(self) -> int:
        """The index after the last line it changes."""
        return max((splice.end for splice in self.splices), default=self.start)


@dataclass(frozen=True, slots=True)
class Unplaced:
    """A hunk that was not found, or in too many places.

    Attributes:
        reason: In words for the user and for the model.
        rivals: Placements of other hunks that hold the place it would have taken.
    """

    reason: str
    rivals: tuple[Placement, ...] = ()


class _Trim(NamedTuple):
    lead: int
    trail: int


def place(
    hunk: Hunk, source: Source, taken: Sequence[Placement] = (), *, drift: int = 0
) -> Placement | Unplaced:
    """The one place where a hunk belongs.

    Args:
        hunk: What to find.
        source: The file.
        taken: Hunks that already have their place; the last one comes before this one in an ordered format.
        drift: How far the hunk before was from the line its header named.
    """
    if not hunk.old and (hunk.at_end or not source.lines):
        return Placement(
            len(source.lines), _splices(hunk.lines, source, len(source.lines), Level.EXACT) or ()
        )
    for trims in _trims(hunk):
        for level in Level:
            candidates = [found for trim in trims for found in _candidates(hunk, source, trim, level)]
            free = [found for found in candidates if not _rivals(found, taken)]
            if free:
                margin = 1 if trims[0] == (0, 0) else _CLEARLY_NEARER
                return _choose(free, hunk, source, taken, drift=drift, margin=margin)
            if candidates:
                rivals = tuple(rival for found in candidates for rival in _rivals(found, taken))
                return Unplaced("it changes lines that another part of the answer changes too", rivals)
    return Unplaced("not found" if hunk.old else "nothing says where in the file it belongs")


def _trims(hunk: Hunk) -> Iterator[list[_Trim]]:
    """Ways to give up context, those that give up as much together, least first."""
    every = [_Trim(lead, trail) for lead, trail in product(_steps(hunk.lead), _steps(hunk.trail))]
    for total in sorted({sum(trim) for trim in every}):
        yield [trim for trim in every if sum(trim) == total]


def _steps(context: int) -> list[int]:
    if context <= _KEPT_CONTEXT:
        return list(range(context + 1))
    return [0, *range(context - _KEPT_CONTEXT, context + 1)]


def _candidates(hunk: Hunk, source: Source, trim: _Trim, level: Level) -> Iterator[Placement]:
    lines = hunk.lines[trim.lead : len(hunk.lines) - trim.trail]
    old = [line for line in lines if line.tag != "+"]
    if trim != (0, 0) and not _says_where(old):
        return
    for start in _few(source.find(old, level), hunk):
        if hunk.at_end and not trim.trail and start + len(old) != len(source.lines):
            continue
        splices = _splices(lines, source, start, level)
        if splices is not None:
            yield Placement(start - trim.lead, splices, _repairs(hunk, trim, level))


def _few(starts: list[int], hunk: Hunk) -> list[int]:
    """The starts, or where there are too many to weigh, those nearest to the line that the header names."""
    target = (hunk.old_start or 1) - 1
    return sorted(starts, key=lambda start: abs(start - target))[:_MAX_CANDIDATES]


def _says_where(old: Sequence[Line]) -> bool:
    """There is a word in what is left of a hunk; braces and blank lines are everywhere."""
    return any(len(word) >= _MIN_ANCHOR_CHARS for line in old for word in _WORDS.findall(line.text))


def _repairs(hunk: Hunk, trim: _Trim, level: Level) -> frozenset[Repair]:
    found = set()
    given_up = (*hunk.lines[: trim.lead], *hunk.lines[len(hunk.lines) - trim.trail :])
    if given_up:
        found.add(Repair.BLANK_CONTEXT if all(line.blank for line in given_up) else Repair.CONTEXT)
    if level is not Level.EXACT:
        found.add(Repair.WHITE_SPACE if level is Level.TRAILING else Repair.INDENTATION)
    return frozenset(found)


def _rivals(found: Placement, taken: Sequence[Placement]) -> list[Placement]:
    return [other for other in taken if any(_clash(a, b) for a in found.splices for b in other.splices)]


def _clash(one: Splice, other: Splice) -> bool:
    """They change the same line, or one inserts in the middle of what the other takes away."""
    return max(one.start, other.start) < min(one.end, other.end) or (
        one.start < other.start == other.end < one.end or other.start < one.start == one.end < other.end
    )


def _choose(
    free: list[Placement], hunk: Hunk, source: Source, taken: Sequence[Placement], drift: int, *, margin: int
) -> Placement | Unplaced:
    """The only candidate, or the only one that its number, its anchor or its order leaves."""
    distinct = list({found.splices: found for found in reversed(free)}.values())
    if len(distinct) == 1:
        return distinct[0]
    if hunk.old_start is not None:
        return _nearest(distinct, hunk.old_start - 1, drift=drift, margin=margin)
    for narrowed in (_after_anchors(distinct, hunk, source), _after_taken(distinct, hunk, taken)):
        if len(narrowed) == 1:
            return narrowed[0]
    places = ", ".join(map(str, sorted(found.line for found in distinct)[:5]))
    return Unplaced(f"it could be at any of several lines: {places}")


def _nearest(candidates: list[Placement], target: int, *, drift: int, margin: int) -> Placement | Unplaced:
    """The candidate next to the line that the header names, if every other is `margin` times as far away."""
    for goal in (target, target + drift):
        at_goal = [found for found in candidates if found.start == goal]
        if len(at_goal) == 1:
            return at_goal[0]
    distances = sorted((abs(found.start - target - drift), number) for number, found in enumerate(candidates))
    if distances[0][0] == distances[1][0] or distances[0][0] * margin > distances[1][0]:
        places = " or ".join(map(str, sorted(candidates[number].line for _, number in distances[:2])))
        return Unplaced(f"it could be at line {places}, and line {target + 1} does not say which")
    return candidates[distances[0][1]]


def _after_anchors(candidates: list[Placement], hunk: Hunk, source: Source) -> list[Placement]:
    """The first candidate below the anchor lines, each of which must be there once below the one before."""
    below = -1
    for anchor in hunk.anchors:
        wanted = key(anchor, Level.ANY)
        hits = [index for index in source.find([Line("-", wanted)], Level.ANY) if index > below]
        if len(hits) != 1:
            return []
        below = hits[0]
    later = sorted((found for found in candidates if found.start > below), key=lambda found: found.start)
    return later[:1] if hunk.anchors else []


def _after_taken(candidates: list[Placement], hunk: Hunk, taken: Sequence[Placement]) -> list[Placement]:
    if not hunk.ordered or not taken:
        return []
    return [found for found in candidates if found.start >= taken[-1].end]


def _splices(lines: Sequence[Line], source: Source, start: int, level: Level) -> tuple[Splice, ...] | None:
    """What the lines of a hunk do at a place; None when indentation cannot be carried over."""
    indent = reindenter(lines, source.lines, start) if level is Level.ANY else str
    if indent is None:
        return None
    groups: list[tuple[int, int, list[Line]]] = []
    at = start
    for line in lines:
        if line.tag == " ":
            at += 1
            continue
        if not groups or groups[-1][1] != at:
            groups.append((at, at, []))
        first, _, new = groups[-1]
        at += line.tag == "-"
        groups[-1] = (first, at, new)
        if line.tag == "+":
            new.append(line)
    return tuple(
        Splice(
            first,
            end,
            tuple(_new_line(line, indent, level, _end_of_line(source, first, end)) for line in new),
        )
        for first, end, new in groups
    )


def _new_line(line: Line, indent: Callable[[str], str], level: Level, end_of_line: str) -> str:
    if level is Level.EXACT:
        return line.text if line.bare else line.text + "\n"
    text = indent(line.text).rstrip("\r")
    return text if line.bare else text + end_of_line


def _end_of_line(source: Source, first: int, end: int) -> str:
    """The line end of what is replaced, or else of the line above."""
    return source.end_of_line(first if end > first or first == 0 else first - 1)
