"""The question about an instance: the problem, the files, and how to answer. Nothing of how it was solved."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from swebench_runner.generation.patches import EditFormat
from swebench_runner.generation.prompts.formats import instructions_for
from swebench_runner.generation.prompts.template import default_template

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.generation.datasets.instances import Instance
    from swebench_runner.generation.prompts.template import PromptTemplate

_NO_FILES: Final = "The source files are not shown. Rely on what you know of this repository."
_WHOLE: Final[Mapping[str, str]] = MappingProxyType({})


class Prompt(NamedTuple):
    """The two texts of a request."""

    system: str
    user: str


def build_prompt(
    instance: Instance,
    files: Mapping[str, str] | None = None,
    *,
    style: EditFormat = EditFormat.UNIFIED_DIFF,
    template: PromptTemplate | None = None,
    notes: Mapping[str, str] = _WHOLE,
) -> Prompt:
    """The question about an instance.

    Args:
        instance: Its problem statement is used, or its `text` where there are no files and no template;
            never its patches, tests or hints.
        files: Path and content of the source files to show, in this order. Contents are shown as they
            are, without line numbers: those cost a tenth of the prompt and end up in answers.
        style: How the answer is to be written.
        template: Where each part stands; None for the usual one.
        notes: By path, what to say of a file that is not shown whole.

    Raises:
        ValueError: There is no instruction for this style.
    """
    instructions = instructions_for(style)
    if not files and instance.text is not None and template is None:
        return _ready_prompt(instance.text)
    shown = [_file(path, text, notes.get(path, "")) for path, text in files.items()] if files else [_NO_FILES]
    parts = {
        "instance_id": instance.instance_id,
        "repo": instance.repo,
        "base_commit": instance.base_commit,
        "problem_statement": instance.problem_statement.strip(),
        "files": "\n\n".join(shown),
        "instructions": instructions,
    }
    return Prompt(*(template or default_template()).render(parts))


def _ready_prompt(text: str) -> Prompt:
    """The first line of a finished prompt is its system message.

    Source: swebench.inference.run_api, swebench 5.0.2 (2026-08).
    """
    system, _, user = text.partition("\n")
    return Prompt(system, user) if user.strip() else Prompt(default_template().system, text)


def _file(path: str, text: str, note: str) -> str:
    end = "" if text.endswith("\n") or not text else "\n"
    closing = ", no newline at the end of the file" if end and not note else ""
    return f"[start of {path}{f', {note}' if note else ''}]\n{text}{end}[end of {path}{closing}]"
