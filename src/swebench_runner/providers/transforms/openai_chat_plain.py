"""The most common whole answer, text and a plain count, read straight from its bytes.

Anything else in the body (an unknown field, a tool call, an error) makes it None, and the general reader
takes over; a test holds the two equal on every recorded answer.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Final

import msgspec

from swebench_runner.providers.core.messages import TextPart
from swebench_runner.providers.core.response import FinishReason, UnifiedResponse
from swebench_runner.providers.transforms.openai_usage import read_usage

if TYPE_CHECKING:
    from swebench_runner.providers.core.protocols import Target

_REASONS: Final = {"stop": FinishReason.STOP, "length": FinishReason.LENGTH}


class _Message(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    content: str
    role: str | None = None
    refusal: None = None
    annotations: list[Any] | None = None
    audio: None = None
    tool_calls: None = None
    function_call: None = None
    reasoning_content: None = None
    reasoning: None = None


class _Choice(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    message: _Message
    finish_reason: str
    index: int = 0
    logprobs: Any = None


class _Answer(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    id: str
    model: str
    choices: list[_Choice]
    usage: dict[str, Any]
    object: Any = None
    created: int | None = None
    service_tier: str | None = None
    system_fingerprint: str | None = None


_decode: Final = msgspec.json.Decoder(_Answer).decode
_decode_all: Final = msgspec.json.Decoder().decode


def read_plain(body: bytes, target: Target, *, cost_in_usage: bool) -> UnifiedResponse | None:
    """The answer in a body, if it is plain text that ended in the usual way; else None."""
    try:
        answer = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if len(answer.choices) != 1 or not answer.id or not answer.model:
        return None
    choice = answer.choices[0]
    message = choice.message
    reason = _REASONS.get(choice.finish_reason)
    usage = read_usage(answer.usage, cost_in_usage=cost_in_usage)
    if reason is None or usage is None or message.annotations or not message.content or choice.index:
        return None
    metadata: dict[str, Any] = {}
    if answer.created is not None:
        metadata["created"] = answer.created
    if answer.service_tier is not None:
        metadata["service_tier"] = answer.service_tier
    if answer.system_fingerprint is not None:
        metadata["system_fingerprint"] = answer.system_fingerprint
    return UnifiedResponse(
        message.content,
        answer.model,
        usage,
        finish_reason=choice.finish_reason,
        provider=target.provider,
        raw_response=partial(_decode_all, body),  # type: ignore[arg-type]  # decoded when it is read
        parts=(TextPart(message.content),),
        normalized_finish_reason=reason,
        response_id=answer.id,
        metadata=metadata,
    )
