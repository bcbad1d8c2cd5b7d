"""What a command did."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias


@dataclass(frozen=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as one JSON document."""
        return json.loads(self.out)

    @property
    def complaint(self) -> str:
        """The line that says what went wrong."""
        (line,) = [line for line in self.err.splitlines() if line.startswith("Error: ")]
        return line


SwebenchCommand: TypeAlias = Callable[..., Done]
