"""The one door to the reference readers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recordings import (
    reference_anthropic,
    reference_chat,
    reference_errors,
    reference_ollama,
    reference_responses,
)
from recordings.expected import Expected, failure
from recordings.kinds import body_of, dialect_of, wire

if TYPE_CHECKING:
    from recordings.loaders import Interaction

READERS = {
    "openai_chat": reference_chat,
    "openai_responses": reference_responses,
    "anthropic_messages": reference_anthropic,
    "ollama": reference_ollama,
}


def expectation(one: Interaction) -> Expected:
    """What a recorded interaction says.

    Raises:
        KeyError: It belongs to no dialect.
    """
    framing, data = wire(one)
    if one.status >= 400:
        text = data.decode("utf-8", "replace")
        return failure(reference_errors.expected_class(one.status, body_of(data), text))
    reader = READERS[str(dialect_of(one))]
    if framing != "whole":
        return reader.streamed(data)
    body = body_of(data)
    return failure("ResponseFormatError") if body is None else reader.whole(body)
