"""What every splitter agrees on: how long a piece may be, and when the end of input cut one off."""

from __future__ import annotations

from typing import Final

import msgspec

from swebench_runner.providers.core.errors import ResponseFormatError

DEFAULT_LIMIT_BYTES: Final = 8 * 1024 * 1024
BOM: Final = b"\xef\xbb\xbf"
DONE: Final = b"[DONE]"


def too_long(what: str, limit_bytes: int) -> ResponseFormatError:
    """The error for a line or an event that never ends."""
    return ResponseFormatError(
        f"{what} of the stream is longer than {limit_bytes} bytes",
        hint="this is no stream of small events: check the server's address and logs",
    )


def is_cut_json(data: bytes) -> bool:
    """Whether `data` begins like JSON and stops in the middle.

    What the end of input leaves behind is given out only when it is whole: half an event means that the
    connection was cut, and the missing terminator says so better than a JSON error would.
    """
    if not data.startswith((b"{", b"[")) or data == DONE:
        return False
    try:
        msgspec.json.decode(data, type=msgspec.Raw)
    except msgspec.DecodeError:
        return True
    return False
