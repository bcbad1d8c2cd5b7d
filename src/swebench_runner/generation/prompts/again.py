"""The second question: what was wrong with the first answer, with the lines that are really there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.patches import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from swebench_runner.generation.patches import Mismatch

_MAX_MISMATCHES: Final = 5
_MAX_QUOTED_CHARS: Final = 2_000
_WHOLE: Final = "Answer again with the whole edit, in the form that was asked for."
_UNPARSABLE: Final = (
    f"No edit could be read from your answer. {_WHOLE} Give the path of each file alone on the line above "
    "its code block."
)
_NOTHING: Final = f"Your edit changes nothing: the files are the same afterwards. {_WHOLE}"
_EMPTY: Final = "The last answer to this was empty. Answer in full now, with the edit in the form asked for."
_CUT: Final = (
    "The last answer to this was cut off before its end. Explain in one sentence at most, and then give the "
    "edit in the form asked for, as short as it can be."
)


@dataclass(frozen=True, slots=True)
class Again:
    """A second question about the same instance.

    Attributes:
        text: What the user says next.
        quotes_answer: The first answer stands before it; otherwise the first question is asked again with
            these words below it.
        longer: The answer may be longer than the first was allowed to be.
    """

    text: str
    quotes_answer: bool = True
    longer: bool = False


def ask_again(
    outcome: Outcome | None, answer: str, *, mismatches: Sequence[Mismatch] = (), reason: str = ""
) -> Again | None:
    """How to ask once more after an answer without a usable patch; None where that would not help.

    Args:
        outcome: What became of the first answer.
        answer: Its text.
        mismatches: What is not where the answer takes it to be.
        reason: Why it does not apply, in one line; used where there is no mismatch to show.
    """
    if outcome is Outcome.TRUNCATED:
        return Again(_CUT, quotes_answer=False, longer=True)
    if not answer.strip():
        return Again(_EMPTY, quotes_answer=False, longer=True) if outcome is Outcome.EMPTY else None
    if outcome is Outcome.EMPTY:
        return Again(_NOTHING)
    if outcome is Outcome.UNPARSABLE:
        return Again(_UNPARSABLE)
    if outcome is Outcome.DOES_NOT_APPLY:
        return Again(_about(mismatches, reason))
    return None


def _about(mismatches: Sequence[Mismatch], reason: str) -> str:
    parts = ["Your edit does not apply to the files as they are."]
    parts += [_quoted(mismatch) for mismatch in mismatches[:_MAX_MISMATCHES]]
    if not mismatches:
        parts.append(f"Git says: {reason[:_MAX_QUOTED_CHARS]}")
    if len(mismatches) > _MAX_MISMATCHES:
        parts.append(f"There are {len(mismatches) - _MAX_MISMATCHES} more places like these.")
    parts.append(f"{_WHOLE} Copy the lines that are there character by character.")
    return "\n\n".join(parts)


def _quoted(mismatch: Mismatch) -> str:
    lines = [f"{mismatch.path or 'An edit'}: {mismatch.reason}"]
    if mismatch.expected.strip():
        lines += ["Your answer takes these lines to be there:", _fenced(mismatch.expected)]
    if mismatch.found.strip():
        where = "" if mismatch.found_line is None else f", from line {mismatch.found_line} on"
        lines += [f"What the file has{where}:", _fenced(mismatch.found)]
    return "\n".join(lines)


def _fenced(text: str) -> str:
    ticks = "````" if "```" in text else "```"
    cut = text[:_MAX_QUOTED_CHARS]
    return f"{ticks}\n{cut}{'' if cut.endswith(chr(10)) else chr(10)}{ticks}"
