"""What can be wrong with repositories and the files taken from them."""

from __future__ import annotations

from swebench_runner.generation.errors import GenerationError


class ContextError(GenerationError):
    """The source files of an instance cannot be had."""


class MirrorError(ContextError):
    """A repository or a commit is not there, and cannot be fetched."""

    exit_code = 4
