"""What can go wrong with a run's folder: the third branch of the application's error tree.

GenerationError
├─ StorageError                     5: full, read-only, damaged, or not a journal
│  └─ RunLockedError                5: another process is writing to the same run
└─ RunConflictError                 2: the folder holds something other than what is asked for
   ├─ SettingsChangedError
   └─ RequestChangedError
"""

from __future__ import annotations

from swebench_runner.generation.errors import GenerationError


class StorageError(GenerationError):
    """The run's folder cannot be written to or read; everything committed before stays readable."""

    exit_code = 5


class RunLockedError(StorageError):
    """Another process is writing to this run."""


class RunConflictError(GenerationError):
    """The folder holds a run that is not the one asked for."""

    exit_code = 2


class SettingsChangedError(RunConflictError):
    """The run was begun with other settings, so its answers would not be comparable."""


class RequestChangedError(RunConflictError):
    """An instance was asked something else earlier in this run: its data or the prompt has changed."""
