"""What is asked about an instance, and what an answer is worth: the two ends of a call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from swebench_runner.generation.patches import Outcome, check, extract
from swebench_runner.generation.prompts import build_prompt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from swebench_runner.generation.datasets.instances import Instance
    from swebench_runner.generation.journal.rows import Answer

UNCHECKED: Final = "unchecked"
"""Beside the values of `Outcome`: a well-formed patch, but its files were not at hand to try it on."""

SUCCESSES: Final = frozenset({Outcome.APPLIES.value, UNCHECKED})


@dataclass(frozen=True, slots=True)
class Question:
    """What a model is shown.

    Attributes:
        prompt: The user's message.
        system: Instructions; None without any.
        files: Path and text of the files that the answer will be tried on; None when there are none.
    """

    prompt: str
    system: str | None = None
    files: Mapping[str, str] | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Judgement:
    """What an answer is worth.

    Attributes:
        outcome: A value of `Outcome`, or "unchecked".
        patch: What goes into the predictions; "" for none.
        detail: One line for a person; "" when there is nothing to explain.
    """

    outcome: str
    patch: str = ""
    detail: str = ""


class Task(Protocol):
    """What a batch does for each instance. Both methods may block: they are called in threads."""

    def question(self, instance: Instance) -> Question:
        """What to ask."""
        ...

    def judge(self, instance: Instance, question: Question, answer: Answer) -> Judgement:
        """What the answer is worth."""
        ...


class PatchTask:
    """Asks for a patch, and tries it on the files that were shown.

    Args:
        files_of: The source files of an instance by its id; None when there are none to show.
    """

    def __init__(self, files_of: Callable[[str], Mapping[str, str] | None]) -> None:
        self._files_of = files_of

    def question(self, instance: Instance) -> Question:
        """The problem with its files."""
        files = self._files_of(instance.instance_id)
        prompt = build_prompt(instance, files)
        return Question(prompt.user, prompt.system, files)

    def judge(self, instance: Instance, question: Question, answer: Answer) -> Judgement:  # noqa: ARG002 - other tasks need it
        """The patch in the answer, mended where models usually err, and whether git takes it."""
        files = question.files or {}
        extraction = extract(answer.text, files, cut=answer.finish_reason == "length")
        if not extraction.usable:
            return Judgement(_without_patch(extraction.outcome, answer), detail=extraction.reason)
        result = check(extraction.patch, files)
        if result.applies is None:
            return Judgement(UNCHECKED, extraction.patch, result.reason)
        outcome = Outcome.APPLIES if result.applies else result.outcome or Outcome.DOES_NOT_APPLY
        return Judgement(outcome.value, extraction.patch, result.reason)


def _without_patch(outcome: Outcome | None, answer: Answer) -> str:
    """Why the model ended says more than what its text lacks."""
    if answer.refusal or answer.finish_reason in {"refusal", "content_filter"}:
        return Outcome.REFUSED.value
    if answer.finish_reason == "context_overflow":
        return Outcome.OVER_WINDOW.value
    return (outcome or Outcome.UNPARSABLE).value
