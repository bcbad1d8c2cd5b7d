"""Templates of prompts as files: plain text with a few `$names`; a line `---` ends the system message."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from string import Template
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.errors import GenerationError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PLACEHOLDERS: Final = (
    "problem_statement",
    "files",
    "instructions",
    "repo",
    "instance_id",
    "base_commit",
)
_DIVIDER: Final = "---"


class TemplateError(GenerationError):
    """A template that cannot be read, or that would ask something else than was meant."""

    exit_code = 2


@dataclass(frozen=True, slots=True)
class PromptTemplate:
    """The words around the parts of a prompt.

    Attributes:
        system: The system message; "" for none.
        user: The user's message.
        name: The file it came from; "" for the usual one.
    """

    system: str
    user: str
    name: str = ""

    @property
    def sha256(self) -> str:
        """Digest of its words."""
        return hashlib.sha256(f"{self.system}\0{self.user}".encode()).hexdigest()

    def render(self, parts: Mapping[str, str]) -> tuple[str, str]:
        """System and user message with the parts in place. A part is never searched for names."""
        return Template(self.system).substitute(parts), Template(self.user).substitute(parts)


def read_template(text: str, *, name: str = "") -> PromptTemplate:
    """A template from its text.

    Raises:
        TemplateError: A `$name` that does not exist, a lone `$`, or no `$problem_statement`.
    """
    lines = text.split("\n")
    at = lines.index(_DIVIDER) if _DIVIDER in lines else -1
    found = PromptTemplate("\n".join(lines[: max(at, 0)]).strip(), "\n".join(lines[at + 1 :]), name)
    whole = Template(f"{found.system}\n{found.user}")
    where = f"template {name!r}: " if name else "template: "
    if not whole.is_valid():
        raise TemplateError(f"{where}a '$' that begins no name", hint="write '$$' for a dollar sign")
    named = whole.get_identifiers()
    unknown = [word for word in named if word not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"${word}" for word in PLACEHOLDERS)
        raise TemplateError(f"{where}nothing is called '${unknown[0]}'", hint=f"there are {known}")
    if "problem_statement" not in Template(found.user).get_identifiers():
        raise TemplateError(
            f"{where}the problem is not in it", hint="put $problem_statement below the line ---"
        )
    return found


def load_template(path: Path) -> PromptTemplate:
    """The template in a file.

    Raises:
        TemplateError: It cannot be read, is not UTF-8, or is faulty.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
    except OSError as exc:
        raise TemplateError(f"cannot read the template {path}: {exc.strerror}") from exc
    except UnicodeDecodeError as exc:
        raise TemplateError(f"the template {path} is not UTF-8: {exc.reason}") from exc
    return read_template(text, name=path.name)


@cache
def default_template() -> PromptTemplate:
    """The usual template."""
    return read_template(default_text())


def default_text() -> str:
    """The usual template as a file to copy and change."""
    return (resources.files(__package__) / "default.txt").read_text(encoding="utf-8")
