"""Reading JSON that others wrote: what has the expected type, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from swebench_runner.providers.core.errors import ResponseFormatError

if TYPE_CHECKING:
    from swebench_runner.providers.core.json import JSON

_decode = msgspec.json.Decoder().decode
_NOTHING: Mapping[str, JSON] = {}


def decode_object(data: bytes, provider: str, what: str = "an event of the stream") -> dict[str, JSON]:
    """The JSON object in `data`.

    Raises:
        ResponseFormatError: `data` is not JSON, or not an object; the message shows how it begins.
    """
    try:
        value = _decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as exc:
        raise ResponseFormatError(
            f"{what} is not JSON: {_shown(data)}", provider, original_error=exc
        ) from exc
    if not isinstance(value, dict):
        raise ResponseFormatError(f"{what} is not a JSON object: {_shown(data)}", provider)
    return value


def mapping_of(value: object) -> Mapping[str, JSON]:
    """`value` where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else _NOTHING


def items_of(value: object) -> Sequence[JSON]:
    """`value` where it is a list, else an empty one."""
    return value if isinstance(value, list | tuple) else ()


def objects_of(value: object) -> list[Mapping[str, JSON]]:
    """The objects in `value` where it is a list; anything else in it is left out."""
    return [item for item in items_of(value) if isinstance(item, Mapping)]


def text_of(value: object) -> str:
    """`value` where it is text, else ""."""
    return value if isinstance(value, str) else ""


def optional_text(value: object) -> str | None:
    """`value` where it is text that is not empty, else None."""
    return value if isinstance(value, str) and value else None


def count_of(value: object) -> int | None:
    """`value` where it is a whole number that is not negative, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if value >= 0 and value == value // 1 else None


def _shown(data: bytes) -> str:
    text = data[:120].decode("utf-8", "replace")
    return repr(text) + ("…" if len(data) > 120 else "")
