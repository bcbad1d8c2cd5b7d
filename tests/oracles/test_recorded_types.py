"""Recorded answers: what we read is what the official SDKs' types hold, wherever they accept the recording."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from oracles import reading
from recordings.kinds import body_of, dialect_of, left_out, wire
from recordings.loaders import load_files
from recordings.product import read_stream, read_whole
from recordings.reference import expectation
from recordings.reference_frames import events_of, json_lines
from recordings.shards import shards
from swebench_runner.providers.core.errors import ProviderError

if TYPE_CHECKING:
    from recordings.loaders import Interaction

# Servers whose dialect is theirs: fields that the vendor's types do not have are compared elsewhere.
# A chunk behind the usage (a verdict of the moderation) makes the SDK's own stream state forget it.
LOSES_USAGE = "test_openai__test_openai_moderation_stream.yaml#0"
VENDORS = {"openai", "anthropic", "ollama"}


def constructed(dialect: str, payload: Any, *, event: bool) -> Any:
    """A payload as the SDK makes an object of it: without checks, as it does for real answers."""
    if dialect == "openai_chat":
        from openai._models import construct_type
        from openai.types.chat import ChatCompletion, ChatCompletionChunk

        return construct_type(type_=ChatCompletionChunk if event else ChatCompletion, value=payload)
    if dialect == "openai_responses":
        from openai._models import construct_type
        from openai.types.responses import Response, ResponseStreamEvent

        return construct_type(type_=ResponseStreamEvent if event else Response, value=payload)
    if dialect == "anthropic_messages":
        from anthropic._models import construct_type as construct_message
        from anthropic.types import Message, RawMessageStreamEvent

        return construct_message(type_=RawMessageStreamEvent if event else Message, value=payload)
    import ollama

    kind = ollama.ChatResponse if "message" in payload else ollama.GenerateResponse
    return kind.model_validate(payload)


def theirs(one: Interaction) -> dict[str, Any]:
    """What the SDK's types hold."""
    dialect = str(dialect_of(one))
    framing, data = wire(one)
    if framing == "whole":
        return reading.READERS[dialect](constructed(dialect, body_of(data), event=False))
    payloads = json_lines(data) if framing == "json_lines" else events_of(data)
    if dialect == "anthropic_messages":  # some fixtures hold several turns; the first is the answer
        kinds = [payload["type"] for payload in payloads]
        payloads = payloads[: kinds.index("message_stop") + 1]
    return reading.READERS[dialect]([constructed(dialect, payload, event=True) for payload in payloads])


def usable_here(one: Interaction) -> bool:
    if left_out(one) or one.provider not in VENDORS or expectation(one).errors:
        return False
    return one.api != "openai.chat" or one.provider == "openai"


@pytest.mark.parametrize("recorded_files", shards(providers=VENDORS))
def test_recorded_answers_read_as_the_sdks_types_hold_them(recorded_files: list[str]) -> None:
    found = []
    for one in load_files(recorded_files):
        if not usable_here(one):
            continue
        expected = theirs(one)
        if one.name.endswith(LOSES_USAGE):
            expected["usage"] = (13, 11, 0, 0)
        framing, data = wire(one)
        try:
            if framing == "whole":
                got = read_whole(one, data)
            else:
                got, _, _ = read_stream(one, [data])
        except ProviderError as error:
            found.append(f"{one.name}: the SDK reads an answer, we say {error}")
            continue
        found += [f"{one.name}: {line}" for line in reading.differing(reading.of_ours(got), expected)]
    assert not found, "\n".join(found)
