"""What came of an answer, in words that are the same in the journal, the report and the exit code."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from swebench_runner.generation.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.generation.patches.edits import EditFormat, FileEdit


class Outcome(StrEnum):
    """The class of an answer. Only `INFRASTRUCTURE` is worth asking again as it is."""

    APPLIES = "applies"
    DOES_NOT_APPLY = "does_not_apply"
    UNPARSABLE = "unparsable"
    EMPTY = "empty"
    TRUNCATED = "truncated"
    REFUSED = "refused"
    OVER_WINDOW = "over_window"
    INFRASTRUCTURE = "infrastructure"


class Repair(StrEnum):
    """What had to be mended on the way from the answer to the patch."""

    LINE_ENDINGS = "line_endings"
    COUNTS = "counts"
    PREFIXES = "prefixes"
    BLANK_CONTEXT = "blank_context"
    OFFSET = "offset"
    WHITE_SPACE = "white_space"
    INDENTATION = "indentation"
    CONTEXT = "context"
    SPLIT = "split"
    PATH = "path"
    EARLIER_DRAFT = "earlier_draft"
    SEVERAL_BLOCKS = "several_blocks"
    UNCLOSED = "unclosed"


class HostilePatchError(GenerationError):
    """The patch asks for something that no fix of a bug needs: refused before the disk is touched.

    Attributes:
        reason: What it asks for, in one line.
    """

    def __init__(self, reason: str) -> None:
        super().__init__(f"hostile patch: {reason}")
        self.reason = reason


class GitError(GenerationError):
    """Git is missing, hangs, or fails where it cannot."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How large an edit may be.

    Attributes:
        max_patch_bytes: Bytes of a patch, and of all files that an edit leaves behind together.
        max_files: Files that one edit may touch.
        max_answer_chars: Characters of an answer that is read at all.
    """

    max_patch_bytes: int = 5_000_000
    max_files: int = 500
    max_answer_chars: int = 20_000_000


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A piece of an edit that is not in the file, with what is there: enough to ask the model again.

    Attributes:
        path: The file.
        expected: The lines that the answer takes to be there.
        reason: "not found", or the places where it could be.
        found: The lines of the file that come nearest; "" when nothing does.
        found_line: Number of the first of them, from 1.
    """

    path: str
    expected: str
    reason: str
    found: str = ""
    found_line: int | None = None


@dataclass(frozen=True, slots=True)
class Extraction:
    """The edit in an answer, and the patch that it amounts to.

    Attributes:
        outcome: Why there is no patch; `APPLIES` when every file it touches was given and the patch was
            computed from them; None when the patch is well formed but could not be compared with (all)
            the files.
        patch: Text for `git apply`, ending in one newline; "" when there is none.
        format: How the edit was written down.
        edits: What the answer asks for, file by file, names as resolved.
        reason: One line for the user; "" when there is nothing to explain.
        after: Text of every touched file after the edit, None for a deleted one. Only of files given.
        unverified: Files that the edit changes but that were not given.
        mismatches: What is not where the answer takes it to be.
        repairs: What had to be mended.
    """

    outcome: Outcome | None
    patch: str = ""
    format: EditFormat | None = None
    edits: tuple[FileEdit, ...] = ()
    reason: str = ""
    after: Mapping[str, str | None] = field(default_factory=dict)
    unverified: tuple[str, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    repairs: frozenset[Repair] = frozenset()

    @property
    def usable(self) -> bool:
        """There is a patch."""
        return bool(self.patch)

    @property
    def paths(self) -> tuple[str, ...]:
        """Every file that the edit touches, in order."""
        return tuple(dict.fromkeys(path for edit in self.edits for path in edit.paths))


@dataclass(frozen=True, slots=True)
class CheckResult:
    """Whether git would take a patch.

    Attributes:
        applies: True or False as `git apply --check` says; None when it touches files that were not given
            and nothing speaks against the rest.
        reason: Git's own words, or why the patch was not shown to git; "" when it applies.
        unverified: Files that the patch changes but that were not given.
        outcome: The same as an outcome; None where `applies` is.
    """

    applies: bool | None
    reason: str = ""
    unverified: tuple[str, ...] = ()
    outcome: Outcome | None = None
