"""The code under test, driven the way the pipeline drives it."""

from __future__ import annotations

import dataclasses
import functools
import importlib
import json
from typing import TYPE_CHECKING, Any

from recordings.kinds import dialect_of
from swebench_runner.providers.core.errors import IncompleteStreamError, ResponseFormatError
from swebench_runner.providers.core.protocols import Target

if TYPE_CHECKING:
    from collections.abc import Iterable

    from recordings.loaders import Interaction
    from swebench_runner.providers.core.errors import ProviderError
    from swebench_runner.providers.core.protocols import FrameSplitter, StreamDecoder, Transform
    from swebench_runner.providers.core.response import UnifiedResponse
    from swebench_runner.providers.core.stream import Frame, ProviderChunk


# The provider of ours that speaks to each kind of server; Ollama's /v1 is a compatible server like others.
SPECS = {"openai": "openai", "anthropic": "anthropic", "openrouter": "openrouter", "ollama": "ollama"}
APIS = {
    "openai_chat": "chat",
    "openai_responses": "responses",
    "anthropic_messages": "messages",
    "ollama": "ollama",
}


class InconsistentError(Exception):
    """Two answers of our code to one question differ."""


@functools.cache
def transform(provider: str, dialect: str) -> Transform:
    """The transform that the product uses for a dialect of a provider."""
    name = SPECS.get(provider, "openai_compatible")
    if provider == "ollama" and dialect != "ollama":
        name = "openai_compatible"
    spec = importlib.import_module(f"swebench_runner.providers.builtin.{name}").SPEC
    if APIS[dialect] not in spec.transforms:
        spec = importlib.import_module("swebench_runner.providers.builtin.openai_compatible").SPEC
    chosen: Transform = spec.transforms[APIS[dialect]]
    if (
        provider == "openrouter" and spec.name != "openrouter"
    ):  # its Responses API tells prices as its chat does
        chosen = dataclasses.replace(chosen, cost_in_usage=True)
    return chosen


def transform_of(one: Interaction) -> Transform:
    """The transform that reads an interaction."""
    return transform(one.provider, str(dialect_of(one)))


def target_of(one: Interaction, *, stream: bool) -> Target:
    """Whom the interaction was with."""
    return Target(one.provider, one.model or "", stream=stream)


def read_whole(one: Interaction, data: bytes) -> UnifiedResponse:
    """The answer of a whole body.

    Raises:
        ProviderError: The body is an error, or no answer.
    """
    try:
        body: Any = json.loads(data)
    except ValueError as error:
        raise ResponseFormatError("the body is not JSON") from error
    return transform_of(one).parse(body, target_of(one, stream=False))


def read_stream(one: Interaction, pieces: Iterable[bytes]) -> tuple[UnifiedResponse, str, str]:
    """The answer of a stream, with the text and the reasoning that a caller would have seen on the way.

    Raises:
        ProviderError: The stream carries an error, or ends early.
        InconsistentError: `complete` and `finish` disagree.
    """
    tested = transform_of(one)
    splitter, decoder = tested.splitter(), tested.decoder(target_of(one, stream=True))
    chunks: list[ProviderChunk | None] = []
    for piece in pieces:
        for frame in splitter.feed(piece):
            chunks.append(decoder.feed(frame))
            if decoder.finished:
                break
        if decoder.finished:
            break
    else:
        chunks.extend(map(decoder.feed, splitter.flush()))
    said = [chunk for chunk in chunks if chunk is not None]
    return _finished(decoder), "".join(c.text for c in said), "".join(c.reasoning for c in said)


def _finished(decoder: StreamDecoder) -> UnifiedResponse:
    complete = decoder.complete
    try:
        answer = decoder.finish()
    except IncompleteStreamError:
        if complete:
            raise InconsistentError("the decoder says that it is complete, and is not") from None
        raise
    if not complete:
        raise InconsistentError("the decoder says that it is not complete, and is")
    return answer


def frames_of(splitter: FrameSplitter, pieces: Iterable[bytes]) -> list[Frame]:
    """Everything that a splitter makes of these pieces."""
    frames: list[Frame] = []
    feed = splitter.feed
    for piece in pieces:
        got = feed(piece)
        if got:
            frames.extend(got)
    frames.extend(splitter.flush())
    return frames


def classified(one: Interaction, data: bytes) -> ProviderError:
    """The error that an HTTP failure means."""
    from swebench_runner.providers.transforms.errors import classify_error

    return classify_error(one.status, one.headers, data, target_of(one, stream=False))
