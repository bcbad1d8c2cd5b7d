"""Server-sent events: bytes to frames, whatever the network does to their boundaries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from swebench_runner.providers.core.stream import Frame
from swebench_runner.providers.streaming.bounds import BOM, DEFAULT_LIMIT_BYTES, is_cut_json, too_long

if TYPE_CHECKING:
    from collections.abc import Sequence

KEPT_BYTES: Final = 4096
"""Finished lines of an unfinished event are kept as bytes up to here, so that the fast path stays open."""

_new_frame = tuple.__new__  # a named tuple's own constructor costs half as much again


class SSESplitter:
    """Frames from an event stream. One object a stream.

    Lines end in LF, CR or CRLF, mixed and split anywhere; several `data` lines are joined by LF; comments,
    `id` and `retry` are dropped, and so are events without data. A body that is no event stream at all
    (it begins with `{`, `[` or `<`: an error, an answer that was not streamed, a web page) becomes one
    frame at its end.

    Args:
        limit_bytes: How long a line, and the data of one event, may be.

    Source: https://html.spec.whatwg.org/multipage/server-sent-events.html (2026-11); the end of input
    also ends the last event, as servers omit its blank line.
    """

    __slots__ = (
        "_data",
        "_data_bytes",
        "_event",
        "_limit",
        "_names",
        "_plain",
        "_skip_lf",
        "_started",
        "_tail",
        "_tail_bytes",
    )

    def __init__(self, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self._limit = limit_bytes
        self._tail: list[bytes] = []
        self._tail_bytes = 0
        self._data: list[bytes] = []
        self._data_bytes = 0
        self._event = ""
        self._names: dict[bytes, str] = {}
        self._skip_lf = False
        self._started = False
        self._plain = False

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames that are complete now.

        Raises:
            ResponseFormatError: A line or the data of an event is longer than allowed.
        """
        if not self._started:
            data = self._begin(data)
        if self._plain or (b"\n" not in data and b"\r" not in data):
            self._keep(data)
            return ()
        if self._tail:
            self._tail.append(data)
            data = b"".join(self._tail)
            self._tail.clear()
            self._tail_bytes = 0
        frames: list[Frame] = []
        if b"\r" not in data and not self._skip_lf:
            data = self._feed_events(data, frames)
        if data:
            self._feed_lines(data, frames)
        return frames

    def flush(self) -> Sequence[Frame]:
        """What the end of input completes. Half an event of JSON is dropped: it was cut, not ended."""
        rest = b"".join(self._tail)
        self._tail.clear()
        self._tail_bytes = 0
        if self._plain:
            return () if is_cut_json(rest) else (Frame("", rest),)
        frames: list[Frame] = []
        if rest:
            self._feed_lines(rest if rest.endswith(b"\n") else rest + b"\n", frames)
        if self._data and not is_cut_json(b"\n".join(self._data)):
            self._end_event(frames)
        return frames

    def _begin(self, data: bytes) -> bytes:
        """Drop a byte order mark and leading blanks, and find out whether this is an event stream."""
        data = b"".join((*self._tail, data))
        self._tail.clear()
        self._tail_bytes = 0
        if len(data) < len(BOM) and BOM.startswith(data):
            return data
        start = data.removeprefix(BOM).lstrip()
        if not start:  # a blank stands for all of them, so that no mark is looked for behind it
            return BOM if data.startswith(BOM) else b" "[: len(data)]
        self._started = True
        self._plain = start.startswith((b"{", b"[", b"<"))
        return start

    def _keep(self, data: bytes) -> None:
        if data:
            self._tail.append(data)
            self._tail_bytes += len(data)
            if self._tail_bytes > self._limit:
                raise too_long("a body" if self._plain else "a line", self._limit)

    def _feed_events(self, data: bytes, frames: list[Frame]) -> bytes:
        """Read the usual shapes at once: a `data` line, or an `event` line and a `data` line.

        Returns:
            What is left to be read line by line.
        """
        if self._event or self._data or len(data) > self._limit:
            return data
        end = data.rfind(b"\n\n") + 2
        if end == 1:
            return self._leave(data)
        lines = data.count(b"\n", 0, end)
        if data.startswith(b"data: "):
            values = data[6 : end - 2].split(b"\n\ndata: ")
            if lines == 2 * len(values):
                frames.extend([_new_frame(Frame, ("", value)) for value in values if value])
                return self._leave(data[end:])
        elif data.startswith(b"event: "):
            blocks = data[7 : end - 2].split(b"\n\nevent: ")
            pairs = [block.partition(b"\ndata: ") for block in blocks]
            if lines == 3 * len(pairs) and all([sep for _, sep, _ in pairs]):  # noqa: C419 - a list is quicker than a generator
                name = self._name
                frames.extend([_new_frame(Frame, (name(event), value)) for event, _, value in pairs if value])
                return self._leave(data[end:])
        return data

    def _leave(self, rest: bytes) -> bytes:
        """Keep a short remainder for the next piece; a long one is to be read line by line."""
        line_at = rest.rfind(b"\n") + 1
        if line_at and len(rest) > KEPT_BYTES:
            return rest
        if rest:
            self._tail.append(rest)
            self._tail_bytes = len(rest) - line_at
        return b""

    def _name(self, event: bytes) -> str:
        name = self._names.get(event)
        if name is None:
            name = event.decode("utf-8", "replace")
            if len(self._names) < 256:
                self._names[event] = name
        return name

    def _feed_lines(self, data: bytes, frames: list[Frame]) -> None:
        if self._skip_lf:
            data = data.removeprefix(b"\n")
            self._skip_lf = False
        if b"\r" in data:
            self._skip_lf = data.endswith(b"\r")
            data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        *lines, rest = data.split(b"\n")
        limit = self._limit
        for line in lines:
            if len(line) > limit:
                raise too_long("a line", limit)
            if line:
                self._read_line(line)
            else:
                self._end_event(frames)
        self._keep(rest)

    def _read_line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        if name in {b"data", b"error"}:
            if name == b"error":  # not in the standard: llama.cpp's older server and llama-box
                self._event = "error"
            value = value.removeprefix(b" ")
            self._data.append(value)
            self._data_bytes += len(value) + 1
            if self._data_bytes > self._limit + 1:
                raise too_long("an event", self._limit)
        elif name == b"event":
            self._event = self._name(value.removeprefix(b" "))

    def _end_event(self, frames: list[Frame]) -> None:
        value = b"\n".join(self._data)
        if value.strip(b"\n"):
            frames.append(Frame(self._event, value))
        self._event = ""
        if self._data:
            self._data = []
            self._data_bytes = 0
