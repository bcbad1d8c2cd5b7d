"""One process per run folder: a lock that the kernel frees however its owner ends."""

from __future__ import annotations

import contextlib
import fcntl
import os
from typing import TYPE_CHECKING

from swebench_runner.generation.journal.errors import RunLockedError, StorageError

if TYPE_CHECKING:
    from pathlib import Path


class RunLock:
    """An exclusive `flock` on a file that names its owner.

    The file stays behind; only the kernel's lock means anything, so a `kill -9` leaves nothing to clean up.
    """

    __slots__ = ("_fd", "path")

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            RunLockedError: Another process has it; the message names its process id.
            StorageError: The file cannot be made here.
        """
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as exc:
            raise StorageError(
                f"cannot write to the run folder {self.path.parent}: {exc.strerror}",
                hint="choose another folder with --output",
            ) from exc
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            owner = _owner(fd)
            os.close(fd)
            raise RunLockedError(
                f"{self.path.parent} is being written by another run{owner}",
                hint="wait for it to end, or choose another folder with --output",
            ) from exc
        except OSError as exc:
            os.close(fd)
            raise StorageError(
                f"{self.path.parent} does not support file locks: {exc.strerror}",
                hint="put the run on a local disk with --output",
            ) from exc
        # The name is for people only, so a full disk must not stop us here.
        with contextlib.suppress(OSError):
            os.ftruncate(fd, 0)
            os.pwrite(fd, f"{os.getpid()}\n".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        """Give the lock back; does nothing without it."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None


def _owner(fd: int) -> str:
    text = os.pread(fd, 32, 0).decode("ascii", "replace").strip()
    return f" (process {text})" if text.isdigit() else ""
