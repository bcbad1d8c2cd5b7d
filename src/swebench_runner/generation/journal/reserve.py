"""Space put aside, so that answers which are already paid for still fit on a disk that has just filled up."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from swebench_runner.generation.journal.errors import StorageError

if TYPE_CHECKING:
    from pathlib import Path

RESERVE_BYTES: Final = 16 * 1024 * 1024
_BLOCK: Final = 1024 * 1024


class DiskReserve:
    """A file of known size that is given up when space is needed."""

    __slots__ = ("path", "size_bytes")

    def __init__(self, path: Path, size_bytes: int = RESERVE_BYTES) -> None:
        self.path = path
        self.size_bytes = size_bytes

    def hold(self) -> None:
        """Take the space.

        Raises:
            StorageError: There is not that much of it.
        """
        try:
            fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                _allocate(fd, self.size_bytes)
            finally:
                os.close(fd)
        except OSError as exc:
            self.release()
            raise StorageError(
                f"no room for a run in {self.path.parent}: {exc.strerror}",
                hint=f"free {self.size_bytes // 1_000_000} MB, or choose another folder with --output",
            ) from exc

    def release(self) -> bool:
        """Give the space back; whether there was any."""
        try:
            self.path.unlink()
        except OSError:
            return False
        return True


def _allocate(fd: int, size_bytes: int) -> None:
    if hasattr(os, "posix_fallocate"):
        os.posix_fallocate(fd, 0, size_bytes)
        return
    for offset in range(0, size_bytes, _BLOCK):  # macOS has no such call
        os.pwrite(fd, b"\0" * min(_BLOCK, size_bytes - offset), offset)
