"""Writing a file so that a crash leaves the old one, and two writers do not lose each other's change."""

from __future__ import annotations

import os
import tempfile
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from swebench_runner.providers.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Be the only writer of a file, among threads and processes, while the block runs.

    The folder is made if need be. What is to be changed must be read inside the block.

    Raises:
        ConfigurationError: There is a symbolic link in place of the file.
        OSError: The folder cannot be written to.
    """
    if not path.parent.is_dir():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        path.parent.chmod(0o700)
    refuse_link(path)
    lock = path.with_name(path.name + ".lock")
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        _for_the_owner(descriptor)
        _wait_for(descriptor)
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Replace a file in one step; only its owner can read it, whatever the umask. Call it inside `locked`.

    Raises:
        ConfigurationError: There is a symbolic link in place of the file.
        OSError: It cannot be written; the old file is as it was.
    """
    refuse_link(path)
    # mkstemp: a name that nobody can have prepared.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        _for_the_owner(descriptor)
        with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(name, path)  # noqa: PTH105 - the temporary name is a string
    except BaseException:
        with suppress(OSError):
            os.unlink(name)  # noqa: PTH108 - as above
        raise
    _sync_folder(path.parent)


def refuse_link(path: Path) -> None:
    """Nothing, where the path is a file or free.

    Raises:
        ConfigurationError: It is a symbolic link: writing would change a file elsewhere, or cut the link.
    """
    if path.is_symlink():
        raise ConfigurationError(
            f"{path} is a symbolic link and is not written to",
            hint=f"put a file in its place, or set SWEBENCH_CONFIG_DIR to the folder of {path.readlink()}",
        )


def _for_the_owner(descriptor: int) -> None:
    """Mode 0600, also under a umask that takes the owner's own rights."""
    if hasattr(os, "fchmod"):
        os.fchmod(descriptor, 0o600)


def _wait_for(descriptor: int) -> None:
    try:
        import fcntl  # noqa: PLC0415 - not on every platform
    except ImportError:
        return
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def _sync_folder(folder: Path) -> None:
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
