"""Reading TOML of the user and of the project, and changing single values in it with the comments kept."""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, cast

from swebench_runner.providers.core.errors import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

EMPTY: Final[Mapping[str, Any]] = MappingProxyType({})


def read_text(path: Path) -> str | None:
    """What is in a file; None when there is none.

    Raises:
        ConfigurationError: It is there and cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise ConfigurationError(f"{path} cannot be read: {reason}", original_error=error) from error


def read_toml(path: Path) -> Mapping[str, Any]:
    """The tables of a file; empty when there is none. A file that has not changed is parsed once.

    Raises:
        ConfigurationError: It cannot be read or is not TOML; the message names the line.
    """
    try:
        state = path.stat()
    except OSError:
        return EMPTY
    return _parsed(path, state.st_mtime_ns, state.st_size, state.st_ino)


@lru_cache(maxsize=32)
def _parsed(path: Path, *_state: int) -> Mapping[str, Any]:
    import tomllib  # noqa: PLC0415 - only where there is a file

    text = read_text(path)
    try:
        return tomllib.loads(text or "")
    except tomllib.TOMLDecodeError as error:
        raise ConfigurationError(f"{path} is not TOML: {error}", original_error=error) from error


def set_value(path: Path, keys: Sequence[str], value: object) -> None:
    """Set one value, `("providers", "openai", "model")`; None takes it away. The rest stays as it is.

    Raises:
        ConfigurationError: The file is not TOML, is a symbolic link, or has a value where a table belongs.
        OSError: It cannot be written.
    """
    import tomlkit  # noqa: PLC0415 - only to write
    from tomlkit.exceptions import TOMLKitError  # noqa: PLC0415 - as above

    from swebench_runner.providers.settings.files import locked, write_private  # noqa: PLC0415 - as above

    with locked(path):
        try:
            document = tomlkit.parse(read_text(path) or "")
        except TOMLKitError as error:
            raise ConfigurationError(f"{path} is not TOML: {error}", original_error=error) from error
        table = cast("dict[str, Any]", document)
        for depth, key in enumerate(keys[:-1]):
            if key not in table:
                if value is None:
                    return
                table[key] = tomlkit.table(is_super_table=depth == 0)
            table = table[key]
            if not isinstance(table, dict):
                raise ConfigurationError(f"{path}: {'.'.join(keys[: depth + 1])} is not a table")
        if value is None:
            table.pop(keys[-1], None)
        else:
            table[keys[-1]] = value
        write_private(path, tomlkit.dumps(document))
