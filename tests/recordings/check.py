"""Runs one recorded interaction through the product and says what differs from the reference reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recordings.compare import differences, wrong_error
from recordings.cutting import splits
from recordings.kinds import wire
from recordings.product import InconsistentError, classified, read_stream, read_whole
from recordings.reference import expectation
from swebench_runner.providers.core.errors import ProviderError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recordings.expected import Expected
    from recordings.loaders import Interaction


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
    """All ways of cutting must give the recorded answer; the first that does not is told."""
    for name, pieces in splits(data, one.name):
        if found := stream_faults(one, pieces, expected):
            return [f"{name}: {line}" for line in found]
    return []


def stream_faults(one: Interaction, pieces: Iterable[bytes], expected: Expected) -> list[str]:
    """What our splitter and decoder get wrong in a stream that comes in these pieces."""
    try:
        got, text, reasoning = read_stream(one, pieces)
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
