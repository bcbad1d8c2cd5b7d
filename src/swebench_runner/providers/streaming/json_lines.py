"""JSON lines: bytes to frames, one a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from swebench_runner.providers.core.stream import Frame
from swebench_runner.providers.streaming.bounds import BOM, DEFAULT_LIMIT_BYTES, is_cut_json, too_long

if TYPE_CHECKING:
    from collections.abc import Sequence


class JSONLinesSplitter:
    """Frames from lines of JSON; blank lines are dropped. One object a stream.

    Args:
        limit_bytes: How long a line may be.
    """

    __slots__ = ("_limit", "_tail", "_tail_bytes")

    def __init__(self, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._tail: list[bytes] = []
        self._tail_bytes = 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The lines that are complete now.

        Raises:
            ResponseFormatError: A line is longer than allowed.
        """
        if b"\n" not in data:
            self._keep(data)
            return ()
        if self._tail:
            self._tail.append(data)
            data = b"".join(self._tail)
            self._tail.clear()
            self._tail_bytes = 0
        *lines, rest = data.split(b"\n")
        limit = self._limit
        if len(data) > limit and any(len(line) > limit for line in lines):
            raise too_long("a line", limit)
        self._keep(rest)
        return [Frame("", value) for line in lines if (value := line.removeprefix(BOM).strip())]

    def flush(self) -> Sequence[Frame]:
        """The last line where no line end follows it; half a line of JSON is dropped, it was cut."""
        line = b"".join(self._tail).removeprefix(BOM).strip()
        self._tail.clear()
        self._tail_bytes = 0
        return () if not line or is_cut_json(line) else (Frame("", line),)

    def _keep(self, data: bytes) -> None:
        if data:
            self._tail.append(data)
            self._tail_bytes += len(data)
            if self._tail_bytes > self._limit:
                raise too_long("a line", self._limit)
