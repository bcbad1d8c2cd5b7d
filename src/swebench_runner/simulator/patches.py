"""Gold patches made worse: damaged the way models damage them, or whole and wrong."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_HUNK = re.compile(r"^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@(.*)$")
_WORDS_FIRST = re.compile(r"^ (?=[A-Za-z_])")
_COMMENTS = {
    "c": "//",
    "js": "//",
    "ts": "//",
    "go": "//",
    "java": "//",
    "rs": "//",
    "cpp": "//",
    "css": "//",
}


def fenced(patch: str) -> str:
    """A patch in a fence that it cannot close by accident."""
    ticks = "````" if "```" in patch else "```"
    return f"{ticks}diff\n{_ended(patch)}{ticks}\n"


def wrong_patch(patch: str) -> str:
    """A patch that applies where `patch` does and repairs nothing: a comment in place of every change.

    Files that are created stay created, with one comment; deletions and renames are left out, unless
    nothing else is there, and then the patch is returned as it is.
    """
    sections = [
        _wrong_section(section) for section in re.split(r"(?m)^(?=diff --git )", patch) if section.strip()
    ]
    return "".join(section for section in sections if section) or patch


def damaged_answer(patch: str, how: str) -> str:
    """A whole answer with `patch` damaged in one of the ways of `DAMAGES`.

    Raises:
        KeyError: There is no such way.
    """
    return DAMAGES[how](_ended(patch))


def _wrong_section(section: str) -> str:
    head, *body = re.split(r"(?m)^(?=@@ )", section)
    if not body or "\n+++ /dev/null" in head or "\nrename from" in head:
        return ""
    name = re.search(r"^\+\+\+ (?:b/)?(\S+)", head, re.MULTILINE)
    suffix = name[1].rsplit(".", 1)[-1] if name else ""
    comment = f"{_COMMENTS.get(suffix, '#')} reviewed"
    hunks, shift = [], 0
    for hunk in body:
        text, added = _wrong_hunk(hunk, comment, shift)
        hunks.append(text)
        shift += added
    return head + "".join(hunks)


def _wrong_hunk(hunk: str, comment: str, shift: int) -> tuple[str, int]:
    header, *lines = hunk.splitlines()
    match = _HUNK.match(header)
    if match is None:
        return hunk, 0
    kept: list[str] = []
    where = None
    for line in lines:
        if line.startswith("+"):
            where = len(kept) if where is None else where
        elif line.startswith("-"):
            where = len(kept) if where is None else where
            kept.append(" " + line[1:])
        elif line.startswith("\\"):
            # Of "no newline" marks only the old side's matters, and its line is context now.
            if kept and not kept[-1].startswith("\\"):
                kept.append(line)
        else:
            kept.append(line or " ")
    old = sum(not line.startswith("\\") for line in kept)
    kept.insert(_before_end(kept, where or 0), f"+{comment}")
    start = int(match[1])
    new_start = 1 if not old else start + shift
    new = f"@@ -{start},{old} +{new_start},{old + 1} @@{match[5]}"
    return "\n".join([new, *kept]) + "\n", 1


def _before_end(lines: list[str], where: int) -> int:
    # A comment after a last line without a newline would be glued to it.
    marked = next((at for at, line in enumerate(lines) if line.startswith("\\")), None)
    return where if marked is None else min(where, marked - 1)


def _wrong_counts(patch: str) -> str:
    def recount(match: re.Match[str]) -> str:
        old, new = int(match[2] or 1), int(match[4] or 1)
        return f"@@ -{match[1]},{old + 2} +{match[3]},{max(1, new - 1)} @@{match[5]}"

    return "Here is the patch:\n\n" + fenced(re.sub(_HUNK.pattern, recount, patch, flags=re.MULTILINE))


def _lost_spaces(patch: str) -> str:
    lines = ["" if line == " " else _WORDS_FIRST.sub("", line) for line in patch.split("\n")]
    return "I fixed it:\n\n" + fenced("\n".join(lines))


def _trailing_prose(patch: str) -> str:
    return (
        f"{fenced(patch)}\nThis keeps the old behaviour for every other caller.\n- No test had to change.\n"
    )


def _no_fence(patch: str) -> str:
    return f"{patch}\nWith this change the reported example works."


def _double_fence(patch: str) -> str:
    return f"The fix:\n\n```\n{fenced(patch)}```\n"


def _several_drafts(patch: str) -> str:
    first = fenced(wrong_patch(patch))
    return (
        f"First attempt:\n\n{first}\nThat does not change anything yet. The final patch:\n\n{fenced(patch)}"
    )


def _crlf(patch: str) -> str:
    return f"Here is the patch:\n\n{fenced(patch)}".replace("\n", "\r\n")


def _no_final_newline(patch: str) -> str:
    return patch.rstrip("\n")


def _tags(patch: str) -> str:
    return f"<patch>\n{patch}</patch>\n"


def _ended(patch: str) -> str:
    return patch if patch.endswith("\n") else patch + "\n"


DAMAGES: Mapping[str, Callable[[str], str]] = {
    "counts": _wrong_counts,
    "spaces": _lost_spaces,
    "prose": _trailing_prose,
    "nofence": _no_fence,
    "doublefence": _double_fence,
    "drafts": _several_drafts,
    "crlf": _crlf,
    "nonewline": _no_final_newline,
    "tags": _tags,
}
