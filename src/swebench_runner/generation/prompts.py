"""What a model is asked: the problem, the files, and how to answer. Nothing of how it was solved."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple

from swebench_runner.generation.patches import EditFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.generation.datasets.instances import Instance

__all__ = ["EditFormat", "Prompt", "build_prompt"]

_SYSTEM: Final = (
    "You are an experienced software engineer. You are given a problem in a repository and you fix it "
    "with the smallest change that is right."
)
_NO_FILES: Final = "The source files are not shown. Rely on what you know of this repository."
_UNIFIED_DIFF: Final = """\
Fix the problem. First say in a few sentences what is wrong. Then answer with exactly one unified diff in \
one code block marked `diff`, which `git apply` can apply from the top of the repository:

```diff
--- a/path/to/file.py
+++ b/path/to/file.py
@@ -10,7 +10,7 @@
 unchanged line
-line to remove
+line to add
 unchanged line
```

- Give three unchanged lines before and after each change, copied character by character.
- Begin each line of the diff with one space, `-` or `+`, blank lines too.
- Put all files into the one block. A new file has `--- /dev/null`, a deleted one `+++ /dev/null`.
- Leave the tests alone, and leave nothing out with "..."."""

# One instruction for each way of answering that can be asked for; the parser reads more than these.
_INSTRUCTIONS: Final[Mapping[EditFormat, str]] = MappingProxyType({EditFormat.UNIFIED_DIFF: _UNIFIED_DIFF})


class Prompt(NamedTuple):
    """The two texts of a request."""

    system: str
    user: str


def build_prompt(
    instance: Instance, files: Mapping[str, str] | None = None, *, style: EditFormat = EditFormat.UNIFIED_DIFF
) -> Prompt:
    """The question about an instance.

    Args:
        instance: Its problem statement is used, or its `text` where there are no files; never its
            patches, tests or hints.
        files: Path and content of the source files to show, in this order. Contents are shown as they
            are, without line numbers: those cost a tenth of the prompt and end up in answers.
        style: How the answer is to be written.

    Raises:
        ValueError: There is no instruction for this style.
    """
    if style not in _INSTRUCTIONS:
        known = ", ".join(_INSTRUCTIONS)
        raise ValueError(f"no instruction asks for {style.value!r} answers; there is one for: {known}")
    if not files and instance.text is not None:
        return _ready_prompt(instance.text)
    problem = _block("issue", instance.problem_statement)
    shown = "\n\n".join(_file(path, text) for path, text in files.items()) if files else _NO_FILES
    user = f"Repository: {instance.repo}\n\n{problem}\n\n{shown}\n\n{_INSTRUCTIONS[style]}\n"
    return Prompt(_SYSTEM, user)


def _ready_prompt(text: str) -> Prompt:
    """The first line of a finished prompt is its system message.

    Source: swebench.inference.run_api, swebench 5.0.2 (2026-08).
    """
    system, _, user = text.partition("\n")
    return Prompt(system, user) if user.strip() else Prompt(_SYSTEM, text)


def _block(tag: str, text: str) -> str:
    return f"<{tag}>\n{text.strip()}\n</{tag}>"


def _file(path: str, text: str) -> str:
    end = "" if text.endswith("\n") or not text else "\n"
    note = ", no newline at the end of the file" if end else ""
    return f"[start of {path}]\n{text}{end}[end of {path}{note}]"
