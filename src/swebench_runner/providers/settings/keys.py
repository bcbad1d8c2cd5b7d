"""Keys at rest: the keyring of the machine where there is one, else a file that only its owner can read."""

from __future__ import annotations

from functools import lru_cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from swebench_runner.providers.core.errors import ConfigurationError
from swebench_runner.providers.core.secret import Secret
from swebench_runner.providers.settings.documents import read_text
from swebench_runner.providers.settings.files import locked, refuse_link, write_private
from swebench_runner.providers.settings.paths import shown

if TYPE_CHECKING:
    from pathlib import Path

SERVICE: Final = "swebench-runner"
COMMAND_TIMEOUT_S: Final = 60.0


class StoredKey(NamedTuple):
    """A key and the place that it was found in."""

    key: Secret
    origin: str


def find_key(provider: str, file: Path) -> StoredKey | None:
    """The stored key of a provider; None when there is none.

    Args:
        provider: Its name.
        file: Where keys are, for machines without a keyring.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    found = _from_keyring(provider)
    if found:
        return StoredKey(Secret(found), f"keyring {SERVICE!r}")
    key = _read(file).get(provider)
    return StoredKey(Secret(key), f"key file {shown(file)}") if key else None


def save_key(provider: str, key: str, file: Path) -> str:
    """Keep a key; where it is now, for a person to read.

    Raises:
        ConfigurationError: The file of keys is a symbolic link or cannot be read.
        OSError: It cannot be written.
    """
    if _to_keyring(provider, key):
        remove_from_file(provider, file)
        return f"the keyring of this machine, service {SERVICE!r}"
    with locked(file):
        _write(file, {**_read(file), provider: key})
    return f"{file} (no keyring here; in clear, readable by you alone)"


def remove_key(provider: str, file: Path) -> bool:
    """Forget the stored key; whether there was one."""
    in_keyring = _from_keyring(provider) is not None and _forget_in_keyring(provider)
    return remove_from_file(provider, file) or in_keyring


def remove_from_file(provider: str, file: Path) -> bool:
    """Take a key out of the file of keys; whether it was there."""
    if provider not in _read(file):
        return False
    with locked(file):
        _write(file, {name: key for name, key in _read(file).items() if name != provider})
    return True


@lru_cache(maxsize=32)
def key_from_command(command: str, provider: str) -> Secret:
    """What a vault's command prints. Asked once in the life of the process.

    Raises:
        ConfigurationError: It cannot be run, fails, or prints nothing.
    """
    import shlex  # noqa: PLC0415 - only where such a command is set
    import subprocess  # noqa: PLC0415 - as above

    try:
        done = subprocess.run(  # noqa: S603 - from the user's own file, without a shell
            shlex.split(command), capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, check=False
        )
    except (OSError, ValueError, subprocess.TimeoutExpired) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigurationError(f"key_command of {provider!r} cannot be run: {reason}", provider) from error
    key = done.stdout.strip()
    if done.returncode or not key:
        said = done.stderr.strip().splitlines()
        reason = f"ended with {done.returncode}" + (f": {said[0]}" if said else "")
        raise ConfigurationError(
            f"key_command of {provider!r} gave no key; it {reason}",
            provider,
            hint=f"try it by hand: {command}",
        )
    return Secret(key)


# -- the keyring ------------------------------------------------------------------------------


def has_keyring() -> bool:
    """Whether keys can be kept in a keyring on this machine."""
    return _backend() is not None


def _backend() -> Any:  # noqa: ANN401 - a backend of the keyring library, which is optional
    if find_spec("keyring") is None:
        return None
    import keyring  # noqa: PLC0415 - takes a tenth of a second

    backend = keyring.get_keyring()
    try:
        usable = backend.priority > 0
    except RuntimeError:
        return None
    return backend if usable else None


def _troubles() -> tuple[type[Exception], ...]:
    from keyring.errors import KeyringError  # noqa: PLC0415 - as above

    return (KeyringError, OSError, RuntimeError)


def _from_keyring(provider: str) -> str | None:
    backend = _backend()
    if backend is None:
        return None
    try:
        found: str | None = backend.get_password(SERVICE, provider)
    except _troubles():
        # Locked, or its service is away: the file may have the key.
        return None
    return found or None


def _to_keyring(provider: str, key: str) -> bool:
    backend = _backend()
    if backend is None:
        return False
    try:
        backend.set_password(SERVICE, provider, key)
    except _troubles():
        return False
    return bool(_from_keyring(provider) == key)


def _forget_in_keyring(provider: str) -> bool:
    try:
        _backend().delete_password(SERVICE, provider)
    except _troubles():
        return False
    return True


# -- the file ---------------------------------------------------------------------------------


def _read(file: Path) -> dict[str, str]:
    text = read_text(file)
    if text is None:
        return {}
    import json  # noqa: PLC0415 - only where there is such a file

    refuse_link(file)
    try:
        keys = json.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"{file} is not JSON", hint="delete it and set the keys again") from error
    if not isinstance(keys, dict) or not all(isinstance(key, str) for key in keys.values()):
        raise ConfigurationError(f"{file} is not a table of keys", hint="delete it and set the keys again")
    return keys


def _write(file: Path, keys: dict[str, str]) -> None:
    import json  # noqa: PLC0415 - as above

    write_private(file, json.dumps(keys, indent=2) + "\n")
