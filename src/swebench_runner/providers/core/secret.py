"""A string that never prints itself, so that a key cannot reach a log, a trace or a repr by accident."""

from __future__ import annotations

from typing import Final

MASK: Final = "********"


class Secret(str):
    """A key. Compares like the string it holds; shows as a mask everywhere but in `reveal`."""

    __slots__ = ()

    def reveal(self) -> str:
        """The text itself, for the one header that carries it."""
        return str.__str__(self)

    def __repr__(self) -> str:
        return f"Secret('{MASK}')" if self else "Secret('')"

    def __str__(self) -> str:
        return MASK if self else ""

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)
