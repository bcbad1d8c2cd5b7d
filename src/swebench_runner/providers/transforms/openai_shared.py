"""What the two OpenAI dialects say in the same way."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from swebench_runner.providers.core.capabilities import ModelInfo
from swebench_runner.providers.core.errors import ResponseFormatError
from swebench_runner.providers.core.request import UnifiedRequest
from swebench_runner.providers.transforms.json_body import count_of, mapping_of, objects_of, optional_text
from swebench_runner.providers.transforms.money import per_million
from swebench_runner.providers.transforms.tool_calls import parse_arguments

if TYPE_CHECKING:
    from collections.abc import Mapping

    from swebench_runner.providers.core.json import JSON
    from swebench_runner.providers.core.messages import ImagePart, ToolCall
    from swebench_runner.providers.core.protocols import Target
    from swebench_runner.providers.core.request import Effort, Thinking

DEFAULT_TEMPERATURE: Final = next(f.default for f in fields(UnifiedRequest) if f.name == "temperature")
_WINDOW_FIELDS: Final = ("context_length", "max_model_len", "context_window", "max_context_length")
_OUTPUT_FIELDS: Final = ("max_completion_tokens", "max_output_tokens", "max_tokens")


class Left:
    """Collects sentences about what was left out of a request or said otherwise."""

    __slots__ = ("sentences", "target")

    def __init__(self, target: Target) -> None:
        self.target = target
        self.sentences: list[str] = []

    def out(self, what: str, why: str = "") -> None:
        """`what` was left out."""
        self.sentences.append(f"{what} was left out: {why or f'{self.target.model} refuses it'}")

    def say(self, sentence: str) -> None:
        """Any other sentence."""
        self.sentences.append(sentence)

    def accepts(self, request: UnifiedRequest, name: str) -> bool:
        """Whether the field is set and the model takes it; a refused one is noted.

        The request's own default temperature is nobody's wish, so it goes without a word.
        """
        value = getattr(request, name)
        if value is None or value == ():
            return False
        if name not in self.target.facts.refuses:
            return True
        if name != "temperature" or value != DEFAULT_TEMPERATURE:
            self.out(name)
        return False


def arguments_text(call: ToolCall) -> str:
    """The arguments of a call as JSON text: as they came where that still says the same."""
    raw = call.raw_arguments
    if raw is not None and call.error is None and raw.lstrip().startswith("{"):
        read = parse_arguments(raw)
        if read.error is None and read.input == call.input:
            return raw
    return msgspec.json.encode(call.input).decode()


def image_url(image: ImagePart) -> str:
    """The address of an image; content becomes a `data:` address."""
    return image.url if image.url is not None else f"data:{image.media_type};base64,{image.data}"


def effort_of(thinking: Thinking, left: Left) -> Effort | None:
    """The level of reasoning to ask for; None leaves it to the model.

    A budget is translated for models that take levels: up to 4,096 tokens low, 16,384 medium, else high.
    """
    facts = left.target.facts
    if facts.thinking == "none" or "thinking" in facts.refuses:
        if thinking.enabled or thinking.effort or thinking.budget_tokens:
            left.out("thinking", f"{facts.model or left.target.model} does not reason")
        return None
    if thinking.enabled is False:
        return "none"
    if thinking.effort is not None:
        return thinking.effort
    if thinking.budget_tokens is not None:
        budget = thinking.budget_tokens
        effort: Literal["low", "medium", "high"] = (
            "low" if budget <= 4096 else "medium" if budget <= 16384 else "high"
        )
        left.say(f"a thinking budget of {budget} tokens was sent as effort {effort!r}")
        return effort
    return "medium" if thinking.enabled else None


def short_id(call_id: str, limit: int) -> str:
    """`call_id`, or a digest of it where the wire takes no id as long; the same one always gives the same."""
    if len(call_id) <= limit:
        return call_id
    import hashlib  # noqa: PLC0415 - rarely needed; keeps start-up short

    return "call_" + hashlib.blake2b(call_id.encode("utf-8", "replace"), digest_size=12).hexdigest()


def tool_schema(parameters: Mapping[str, JSON]) -> Mapping[str, JSON]:
    """The schema of a tool's arguments; a tool without any still needs an object."""
    return parameters or {"type": "object", "properties": {}}


def parse_model_list(body: Mapping[str, object]) -> list[ModelInfo]:
    """The entries of `GET /models`: OpenAI's shape, with what OpenRouter, vLLM and llama.cpp add.

    Raises:
        ResponseFormatError: There is no list.
    """
    entries = body.get("data", body.get("models"))
    if not isinstance(entries, list):
        raise ResponseFormatError("the model list has no 'data'")
    return [_model(entry) for entry in objects_of(entries) if optional_text(entry.get("id"))]


def _model(entry: Mapping[str, JSON]) -> ModelInfo:
    pricing, meta = mapping_of(entry.get("pricing")), mapping_of(entry.get("meta"))
    top = mapping_of(entry.get("top_provider"))
    windows = [count_of(entry.get(name)) for name in _WINDOW_FIELDS]
    windows.append(count_of(meta.get("n_ctx_train")))
    outputs = [count_of(source.get(name)) for source in (top, entry) for name in _OUTPUT_FIELDS]
    return ModelInfo(
        str(entry["id"]),
        next((window for window in windows if window), None),
        next((output for output in outputs if output), None),
        per_million(pricing.get("prompt")),
        per_million(pricing.get("completion")),
        optional_text(entry.get("owned_by")),
        entry,
    )
