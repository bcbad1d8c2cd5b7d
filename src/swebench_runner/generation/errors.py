"""What can go wrong between a dataset's name and a verdict, as one tree that knows its exit codes.

GenerationError                     message, looked_in, hint, exit_code
├─ DatasetError                     3: missing, unreadable or invalid
│  ├─ DatasetNotFoundError          3: no such file, alias, hub set or split
│  ├─ DatasetAuthenticationError    3: the hub wants a token, or another one
│  ├─ DatasetNetworkError           4: the hub cannot be reached and nothing is cached
│  ├─ DatasetStorageError           5: the disk does not take the download
│  ├─ MissingExtraError             3: an optional library is not installed
│  └─ DatasetValidationError        3: the content is not what an instance looks like
│     └─ SelectionError             2: count, percentage, seed, ids or pattern make no sense
│        ├─ RegexValidationError
│        └─ InstanceValidationError
└─ EvaluationError                  3: predictions or harness cannot be used
   └─ HarnessNotInstalledError
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from collections.abc import Sequence


class GenerationError(Exception):
    """Something the user can mend, said so that they can.

    Attributes:
        message: What happened, in one line.
        looked_in: Where a missing thing was looked for.
        hint: What to do next.
        exit_code: What the command line ends with.
    """

    exit_code: ClassVar[int] = 3

    def __init__(self, message: str, *, looked_in: Sequence[str] = (), hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.looked_in = tuple(looked_in)
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.message]
        if self.looked_in:
            lines.append("  Looked in: " + ", ".join(self.looked_in))
        if self.hint:
            lines.append("  Fix: " + self.hint)
        return "\n".join(lines)


class DatasetError(GenerationError):
    """A dataset could not be had."""


class DatasetNotFoundError(DatasetError):
    """No file, alias, hub set or split of this name."""


class DatasetAuthenticationError(DatasetError):
    """The hub does not let us read it with the token we have, or without one."""


class DatasetNetworkError(DatasetError):
    """The hub cannot be reached, and the cache has no copy."""

    exit_code = 4


class DatasetStorageError(DatasetError):
    """The disk does not take what was downloaded."""

    exit_code = 5


class MissingExtraError(DatasetError):
    """A library of an optional extra is not installed."""


class DatasetValidationError(DatasetError):
    """What was read is not a list of instances."""


class SelectionError(DatasetValidationError):
    """The instances asked for cannot be chosen like this."""

    exit_code = 2


class RegexValidationError(SelectionError):
    """A regular expression that is too long, does not compile, or never ends."""


class InstanceValidationError(SelectionError):
    """An instance id that is not in the dataset, or that no dataset could have."""


class EvaluationError(GenerationError):
    """Predictions cannot be evaluated as they are."""


class HarnessNotInstalledError(EvaluationError):
    """The official harness is asked for and is not there."""
