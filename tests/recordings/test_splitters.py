"""A stream gives the same frames however the network cut it, and whatever its line ends are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from recordings import reference_frames
from recordings.cutting import splits, with_cr, with_crlf
from recordings.kinds import left_out, wire
from recordings.loaders import load_files
from recordings.product import frames_of
from swebench_runner.providers.streaming.json_lines import JSONLinesSplitter
from swebench_runner.providers.streaming.sse import SSESplitter

if TYPE_CHECKING:
    from collections.abc import Callable

SPLITTERS = {"sse": SSESplitter, "json_lines": JSONLinesSplitter}


def frames_of_reference(framing: str, data: bytes) -> list[tuple[str, bytes]]:
    if framing == "sse":
        return [(name, payload.encode()) for name, payload in reference_frames.sse_events(data)]
    return [("", line.strip()) for line in data.splitlines() if line.strip()]


def test_every_cut_of_a_recorded_stream_gives_the_same_frames(streamed_files: list[str]) -> None:
    for one in load_files(streamed_files):
        framing, data = wire(one)
        if left_out(one) or framing == "whole" or one.status >= 400:
            continue
        expected = frames_of_reference(framing, data)
        for name, pieces in splits(data, one.name):
            got = [tuple(frame) for frame in frames_of(SPLITTERS[framing](), pieces)]
            assert got == expected, f"{one.name}: {name}"


@pytest.mark.parametrize("lines_end", [with_crlf, with_cr])
def test_line_ends_make_no_difference(streamed_files: list[str], lines_end: Callable[[bytes], bytes]) -> None:
    for one in load_files(streamed_files):
        framing, data = wire(one)
        if left_out(one) or framing == "whole" or one.status >= 400:
            continue
        if framing == "json_lines" and lines_end is with_cr:
            continue  # JSON lines end in LF; only the SSE standard knows a lone CR
        expected = frames_of_reference(framing, data)
        for name, pieces in splits(lines_end(data), one.name, 5):
            got = [tuple(frame) for frame in frames_of(SPLITTERS[framing](), pieces)]
            assert got == expected, f"{one.name}: {name}"
