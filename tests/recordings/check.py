"""Runs one recorded interaction through the product and says what differs from the reference reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recordings.compare import differences, wrong_error
from recordings.cutting import splits
from recordings.kinds import wire
from recordings.product import InconsistentError, classified, frames_of, read_frames, read_whole, transform_of
from recordings.reference import expectation
from swebench_runner.providers.core.errors import ProviderError

if TYPE_CHECKING:
    from recordings.expected import Expected
    from recordings.loaders import Interaction
    from swebench_runner.providers.core.stream import Frame


def wrong(one: Interaction) -> list[str]:
    """Everything that our reading gets wrong in one interaction, as sentences; empty when it is right."""
    framing, data = wire(one)
    expected = expectation(one)
    if one.status >= 400:
        return wrong_error(expected, classified(one, data))
    if framing != "whole":
        return _stream(one, data, expected)
    try:
        got = read_whole(one, data)
    except ProviderError as error:
        return wrong_error(expected, error)
    return differences(expected, got)


def _stream(one: Interaction, data: bytes, expected: Expected) -> list[str]:
    """All ways of cutting must give the frames of the first, and those the recorded answer."""
    first: list[Frame] | None = None
    found: list[str] = []
    for name, pieces in splits(data, one.name):
        frames = frames_of(transform_of(one).splitter(), pieces)
        if first is None:
            first = frames
        elif frames != first:
            found.append(f"{name}: other frames than in one piece")
            continue
        found.extend(f"{name}: {line}" for line in stream_faults(one, frames, expected))
        if found:
            break
    return found


def stream_faults(one: Interaction, frames: list[Frame], expected: Expected) -> list[str]:
    """What our decoder gets wrong in the frames of a stream."""
    try:
        got, text, reasoning = read_frames(one, frames)
    except ProviderError as error:
        return wrong_error(expected, error)
    except InconsistentError as error:
        return [str(error)]
    found = differences(expected, got)
    if text != got.content:
        found.append(f"the chunks' text {text[:120]!r} is not the content {got.content[:120]!r}")
    if reasoning != got.reasoning:
        found.append(f"the chunks' reasoning {reasoning[:120]!r} is not the answer's {got.reasoning[:120]!r}")
    return found
